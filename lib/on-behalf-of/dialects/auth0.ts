import type { ExchangeDialect } from './dialect.js';
import { toExchangedToken } from './exchanged-token.js';
import { ACCESS_TOKEN, TOKEN_EXCHANGE } from './token-types.js';
import { buildExchangeForm, findListProblems, findTargetProblems } from './rfc8693.js';

/**
 * Auth0, On-Behalf-Of Token Exchange. `audience` is the identifier of the API (or `resource`, with the resource
 * parameter compatibility profile). The client is a Custom API client that is linked to this server's own API. Auth0
 * keeps at most five actors in `act`.
 */
export function auth0(): ExchangeDialect {
  return {
    name: 'auth0',
    subject: 'caller',
    grantTypes: [TOKEN_EXCHANGE],
    findProblems: (target) => [...findTargetProblems(target), ...findListProblems(target.audience)],
    async exchange(request) {
      const answer = await request.tokenEndpoint.request(TOKEN_EXCHANGE, buildExchangeForm(request), {
        dpop: request.dpop,
      });
      return toExchangedToken(answer, { issuedTokenType: ACCESS_TOKEN, scopes: request.target.scopes });
    },
  };
}
