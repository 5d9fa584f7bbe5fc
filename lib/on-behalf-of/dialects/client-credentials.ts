import { computeForeignFingerprint, findForeignServerProblems } from './foreign-authorization-server.js';
import type { ExchangeDialect, ForeignAuthorizationServer } from './dialect.js';
import { toExchangedToken } from './exchanged-token.js';
import { CLIENT_CREDENTIALS } from './token-types.js';
import { joinScopes } from './rfc8693.js';

/** Where the server gets its own token. */
export interface ClientCredentialsOptions {
  /** The API's own authorization server, and the server's client there. Defaults to the issuer of the caller. */
  authorizationServer?: ForeignAuthorizationServer;
}

/**
 * The server's own authority (RFC 6749 section 4.4). The API does not learn who the caller is.
 *
 * @param options - `authorizationServer`: set it if the caller's issuer does not issue the API's tokens
 */
export function clientCredentials({ authorizationServer }: ClientCredentialsOptions = {}): ExchangeDialect {
  return {
    name: 'clientCredentials',
    subject: 'client',
    grantTypes: authorizationServer ? [] : [CLIENT_CREDENTIALS],
    ...(authorizationServer && { foreign: { authorizationServer, grantTypes: [CLIENT_CREDENTIALS] } }),
    fingerprint: () => computeForeignFingerprint(authorizationServer),
    findProblems: ({ audience, resource, scopes }) => [
      ...(audience === undefined && resource === undefined && scopes.length === 0
        ? [
            'names no target. Set `audience`, `resource` or `scopes` to the name that the authorization server has for this API, so that the token of the server is valid for this API only',
          ]
        : []),
      ...findForeignServerProblems(authorizationServer),
    ],
    async exchange({ target, dpop, tokenEndpoint }) {
      const { parameters, audience, resource, scopes } = target;
      const form = { ...parameters, audience, resource, scope: joinScopes(scopes) };
      const answer = await tokenEndpoint.request(
        CLIENT_CREDENTIALS,
        form,
        authorizationServer ? { authorizationServer, dpop } : { dpop },
      );
      return toExchangedToken(answer, { scopes });
    },
  };
}
