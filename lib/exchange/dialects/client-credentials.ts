import type { ExchangeDialect } from '../dialect.js';
import { exchangedToken } from '../exchanged-token.js';

/** The server's own authority (RFC 6749 section 4.4). */
export function clientCredentials(): ExchangeDialect {
  return {
    name: 'clientCredentials',
    subject: 'client',
    grantTypes: ['client_credentials'],
    async exchange({ target, tokenEndpoint }) {
      const { parameters, audience, resource, scopes } = target;
      const answer = await tokenEndpoint.request('client_credentials', {
        ...parameters,
        audience,
        resource,
        scope: scopes.length > 0 ? scopes.join(' ') : undefined,
      });
      return exchangedToken(answer, { scopes });
    },
  };
}
