import type { ExchangeDialect } from '../dialect.js';
import { exchangedToken } from '../exchanged-token.js';
import { CLIENT_CREDENTIALS } from '../token-types.js';
import { spaced } from './rfc8693.js';

/** The server's own authority (RFC 6749 section 4.4), whoever calls: the API does not learn who that is. */
export function clientCredentials(): ExchangeDialect {
  return {
    name: 'clientCredentials',
    subject: 'client',
    grantTypes: [CLIENT_CREDENTIALS],
    async exchange({ target, tokenEndpoint }) {
      const { parameters, audience, resource, scopes } = target;
      const form = { ...parameters, audience, resource, scope: spaced(scopes) };
      return exchangedToken(await tokenEndpoint.request(CLIENT_CREDENTIALS, form), { scopes });
    },
  };
}
