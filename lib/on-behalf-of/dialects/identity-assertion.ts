import { exchangeInChain, type Chain } from './chained-exchange.js';
import type { ExchangeDialect, ForeignAuthorizationServer } from './dialect.js';
import { computeForeignFingerprint, findForeignServerProblems } from './foreign-authorization-server.js';
import { ACCESS_TOKEN, ID_JAG, JWT_BEARER, TOKEN_EXCHANGE } from './token-types.js';
import { clientCredentials } from './client-credentials.js';

/** The enterprise's identity provider, and an API with its own authorization server. */
export interface IdentityAssertionOptions {
  /** The API's own authorization server, and the server's client there. */
  authorizationServer: ForeignAuthorizationServer;
  /** `subject_token_type` that the provider expects for the caller's token. Defaults to an access token. */
  subjectTokenType?: string;
}

/**
 * Identity assertion authorization grant (draft-ietf-oauth-identity-assertion-authz-grant). The caller's provider
 * asserts who the user is, in a JWT for the API's authorization server. That server issues the access token. The
 * provider has to accept an access token as the subject token, because the server never gets an ID token.
 *
 * @param options - the API's own authorization server, and the type of the caller's token
 */
export function identityAssertion({
  authorizationServer,
  subjectTokenType = ACCESS_TOKEN,
}: IdentityAssertionOptions): ExchangeDialect {
  const chain: Chain = { authorizationServer, subjectTokenType, assertionType: ID_JAG, isIdJag: true };
  return {
    name: 'identityAssertion',
    subject: 'caller',
    grantTypes: [TOKEN_EXCHANGE],
    foreign: { authorizationServer, grantTypes: [JWT_BEARER] },
    ownAuthority: clientCredentials({ authorizationServer }),
    fingerprint: async () => [...(await computeForeignFingerprint(authorizationServer)), subjectTokenType],
    findProblems: ({ audience }) => [
      ...findForeignServerProblems(authorizationServer),
      ...(audience === undefined || audience === authorizationServer.issuer
        ? []
        : [
            "has an `audience`. It is always the issuer of the API's authorization server. Remove it, and name the API by `resource`",
          ]),
    ],
    exchange: (request) => exchangeInChain(request, chain),
  };
}
