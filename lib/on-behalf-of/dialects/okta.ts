import type { ExchangeDialect } from './dialect.js';
import { toExchangedToken } from './exchanged-token.js';
import { ACCESS_TOKEN, TOKEN_EXCHANGE } from './token-types.js';
import { buildExchangeForm, findListProblems } from './rfc8693.js';

/**
 * Okta, on-behalf-of token exchange at a custom authorization server. `audience` is the audience of the API's
 * authorization server. If that is a different server, it has to trust this one. The access policy has to allow the
 * Token Exchange grant.
 */
export function okta(): ExchangeDialect {
  return {
    name: 'okta',
    subject: 'caller',
    grantTypes: [TOKEN_EXCHANGE],
    findProblems: ({ audience, scopes }) => [
      ...(audience === undefined
        ? ["has no `audience`. Set it to the audience of the API's authorization server in Okta"]
        : findListProblems(audience)),
      ...(scopes.length === 0
        ? ['has no `scopes`. Okta exchanges nothing without them. Set those that are needed']
        : []),
    ],
    async exchange(request) {
      const { target, dpop, tokenEndpoint } = request;
      const form = { ...buildExchangeForm(request), requested_token_type: undefined };
      const answer = await tokenEndpoint.request(TOKEN_EXCHANGE, form, { dpop });
      return toExchangedToken(answer, { issuedTokenType: ACCESS_TOKEN, scopes: target.scopes });
    },
  };
}
