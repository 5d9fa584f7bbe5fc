import type { ExchangeDialect, ForeignAuthorizationServer } from '../dialect.js';
import { exchangedToken } from '../exchanged-token.js';
import { issuedAssertion } from '../issued-assertion.js';
import { ACCESS_TOKEN, JWT, JWT_BEARER, TOKEN_EXCHANGE } from '../token-types.js';
import { spaced } from './rfc8693.js';

/** Two authorization servers, of which the second trusts the first. */
export interface JwtBearerOptions {
  /** The API's own authorization server, and who this server is there. */
  authorizationServer: ForeignAuthorizationServer;
  /** `requested_token_type` of the first leg. Defaults to a JWT. */
  requestedTokenType?: string;
}

/**
 * Chaining across two authorization servers (draft-ietf-oauth-identity-chaining): an exchange (RFC 8693) for a JWT whose
 * audience is the second server, and there the JWT as an authorization grant (RFC 7523 section 2.1).
 */
export function jwtBearer({ authorizationServer, requestedTokenType = JWT }: JwtBearerOptions): ExchangeDialect {
  return {
    name: 'jwtBearer',
    subject: 'caller',
    grantTypes: [TOKEN_EXCHANGE],
    fingerprint: [authorizationServer.issuer, authorizationServer.client.id, requestedTokenType],
    async exchange({ target, subjectToken, tokenEndpoint }) {
      const { audience = authorizationServer.issuer, resource, scopes, parameters } = target;
      const grant = await tokenEndpoint.request(TOKEN_EXCHANGE, {
        ...parameters,
        subject_token: subjectToken,
        subject_token_type: ACCESS_TOKEN,
        requested_token_type: requestedTokenType,
        audience,
        resource,
        scope: spaced(scopes),
      });
      const assertion = issuedAssertion(grant, { issuedTokenType: requestedTokenType });
      const form = { assertion, scope: spaced(scopes) };
      return exchangedToken(await tokenEndpoint.request(JWT_BEARER, form, { authorizationServer }), { scopes });
    },
  };
}
