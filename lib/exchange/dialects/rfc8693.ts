import type { ExchangeDialect, ExchangeTarget } from '../dialect.js';
import { exchangedToken } from '../exchanged-token.js';
import { ACCESS_TOKEN, TOKEN_EXCHANGE } from '../token-types.js';

/** The exchange as RFC 8693 has it: `audience` and/or `resource`, and the scopes of the downstream. */
export function rfc8693(): ExchangeDialect {
  return {
    name: 'rfc8693',
    subject: 'caller',
    grantTypes: [TOKEN_EXCHANGE],
    problemsOf: ({ audience, resource }: ExchangeTarget) =>
      audience === undefined && resource === undefined
        ? [
            'names no target. Set `audience` or `resource` to what the authorization server calls this API, so that the exchanged token is good for it alone',
          ]
        : [],
    async exchange({ target, subjectToken, tokenEndpoint }) {
      const answer = await tokenEndpoint.request(TOKEN_EXCHANGE, {
        ...target.parameters,
        subject_token: subjectToken,
        subject_token_type: ACCESS_TOKEN,
        requested_token_type: ACCESS_TOKEN,
        audience: target.audience,
        resource: target.resource,
        scope: target.scopes.length > 0 ? target.scopes.join(' ') : undefined,
      });
      return exchangedToken(answer, { issuedTokenType: ACCESS_TOKEN, scopes: target.scopes });
    },
  };
}
