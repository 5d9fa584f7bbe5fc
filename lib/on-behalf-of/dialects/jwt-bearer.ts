import { exchangeInChain, type Chain } from './chained-exchange.js';
import type { ExchangeDialect, ForeignAuthorizationServer } from './dialect.js';
import { computeForeignFingerprint, findForeignServerProblems } from './foreign-authorization-server.js';
import { ACCESS_TOKEN, JWT, JWT_BEARER, TOKEN_EXCHANGE } from './token-types.js';
import { clientCredentials } from './client-credentials.js';

/** Two authorization servers, of which the second trusts the first. */
export interface JwtBearerOptions {
  /** The API's own authorization server, and who this server is there. */
  authorizationServer: ForeignAuthorizationServer;
  /** `requested_token_type` of the first leg. Defaults to a JWT. */
  requestedTokenType?: string;
}

/**
 * Chaining across two authorization servers (draft-ietf-oauth-identity-chaining): an exchange (RFC 8693) for a JWT whose
 * audience is the second server, and there the JWT as an authorization grant (RFC 7523 section 2.1). `audience` is the
 * issuer of the second, or what the first one calls it, where that is something else.
 *
 * @param options - the API's own authorization server, and what the first leg asks for
 */
export function jwtBearer({ authorizationServer, requestedTokenType = JWT }: JwtBearerOptions): ExchangeDialect {
  const chain: Chain = { authorizationServer, subjectTokenType: ACCESS_TOKEN, assertionType: requestedTokenType };
  return {
    name: 'jwtBearer',
    subject: 'caller',
    grantTypes: [TOKEN_EXCHANGE],
    foreign: { authorizationServer, grantTypes: [JWT_BEARER] },
    ownAuthority: clientCredentials({ authorizationServer }),
    fingerprint: async () => [...(await computeForeignFingerprint(authorizationServer)), requestedTokenType],
    findProblems: () => findForeignServerProblems(authorizationServer),
    exchange: (request) => exchangeInChain(request, chain),
  };
}
