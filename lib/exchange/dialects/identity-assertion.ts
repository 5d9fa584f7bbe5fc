import type { ExchangeDialect, ForeignAuthorizationServer } from '../dialect.js';
import { exchangedToken } from '../exchanged-token.js';
import { issuedAssertion } from '../issued-assertion.js';
import { ACCESS_TOKEN, ID_JAG, JWT_BEARER, TOKEN_EXCHANGE } from '../token-types.js';
import { spaced } from './rfc8693.js';

/** The enterprise's provider, and an API with an authorization server of its own. */
export interface IdentityAssertionOptions {
  /** The API's own authorization server, and who this server is there. */
  authorizationServer: ForeignAuthorizationServer;
  /** `subject_token_type` of the token that came in, as the provider takes it. Defaults to an access token. */
  subjectTokenType?: string;
}

/**
 * Identity assertion authorization grant (draft-ietf-oauth-identity-assertion-authz-grant): the caller's provider asserts
 * who the user is, in a JWT for the API's authorization server, which issues the access token. The provider has to take an
 * access token for it: an ID token is never seen here.
 */
export function identityAssertion({
  authorizationServer,
  subjectTokenType = ACCESS_TOKEN,
}: IdentityAssertionOptions): ExchangeDialect {
  return {
    name: 'identityAssertion',
    subject: 'caller',
    grantTypes: [TOKEN_EXCHANGE],
    fingerprint: [authorizationServer.issuer, authorizationServer.client.id, subjectTokenType],
    problemsOf: ({ audience }) =>
      audience === undefined || audience === authorizationServer.issuer
        ? []
        : [
            "has an `audience`, which is always the issuer of the API's authorization server. Remove it, and name the API by `resource`",
          ],
    async exchange({ target, subjectToken, tokenEndpoint }) {
      const { resource, scopes, parameters } = target;
      const grant = await tokenEndpoint.request(TOKEN_EXCHANGE, {
        ...parameters,
        subject_token: subjectToken,
        subject_token_type: subjectTokenType,
        requested_token_type: ID_JAG,
        audience: authorizationServer.issuer,
        resource,
        scope: spaced(scopes),
      });
      const assertion = issuedAssertion(grant, {
        issuedTokenType: ID_JAG,
        type: 'oauth-id-jag+jwt',
        audience: authorizationServer.issuer,
      });
      // The resource is in the assertion.
      const form = { assertion, scope: spaced(scopes) };
      return exchangedToken(await tokenEndpoint.request(JWT_BEARER, form, { authorizationServer }), { scopes });
    },
  };
}
