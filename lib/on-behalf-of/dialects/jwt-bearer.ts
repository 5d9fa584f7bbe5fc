import { findAnswerProblems, listRelaxations, resolveAnswerOptions, type AnswerOptions } from './answer-options.js';
import { exchangeInChain, type Chain } from './chained-exchange.js';
import type { ExchangeDialect, ForeignAuthorizationServer } from './dialect.js';
import { computeForeignFingerprint, findForeignServerProblems } from './foreign-authorization-server.js';
import { ACCESS_TOKEN, JWT, JWT_BEARER, TOKEN_EXCHANGE } from './token-types.js';
import { clientCredentials } from './client-credentials.js';

/** Two authorization servers. The second trusts the first. */
export interface JwtBearerOptions extends Pick<AnswerOptions, 'issuedTokenType' | 'acceptMissingIssuedTokenType'> {
  /** The API's own authorization server, and the server's client there. */
  authorizationServer: ForeignAuthorizationServer;
  /** `requested_token_type` of the first leg. Defaults to a JWT. */
  requestedTokenType?: string;
}

/**
 * Chaining across two authorization servers (draft-ietf-oauth-identity-chaining). The first exchanges (RFC 8693) the
 * caller's token for a JWT whose audience is the second. The second takes the JWT as an authorization grant (RFC 7523
 * section 2.1). `audience` is the issuer of the second, or the name that the first has for it.
 *
 * @param options - the API's own authorization server, and the token type of the first leg
 */
export function jwtBearer({
  authorizationServer,
  requestedTokenType = JWT,
  ...issued
}: JwtBearerOptions): ExchangeDialect {
  const chain: Chain = {
    authorizationServer,
    subjectTokenType: ACCESS_TOKEN,
    assertionType: requestedTokenType,
    issued,
  };
  const expected = resolveAnswerOptions(issued, requestedTokenType);
  return {
    name: 'jwtBearer',
    subject: 'caller',
    grantTypes: [TOKEN_EXCHANGE],
    foreign: { authorizationServer, grantTypes: [JWT_BEARER] },
    ownAuthority: clientCredentials({ authorizationServer }),
    fingerprint: async () => [...(await computeForeignFingerprint(authorizationServer)), requestedTokenType],
    relaxations: listRelaxations(expected),
    findProblems: () => [...findForeignServerProblems(authorizationServer), ...findAnswerProblems(expected)],
    exchange: (request) => exchangeInChain(request, chain),
  };
}
