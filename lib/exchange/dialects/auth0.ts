import type { ExchangeDialect } from '../dialect.js';
import { exchangedToken } from '../exchanged-token.js';
import { ACCESS_TOKEN, TOKEN_EXCHANGE } from '../token-types.js';
import { exchangeForm, problemsOfTarget } from './rfc8693.js';

const FEDERATED_GRANT = 'urn:auth0:params:oauth:grant-type:token-exchange:federated-connection-access-token';
const FEDERATED_TOKEN = 'http://auth0.com/oauth/token-type/federated-connection-access-token';

/**
 * Auth0, On-Behalf-Of Token Exchange. `audience` is the identifier of the API (or `resource`, with the resource parameter
 * compatibility profile). The client is a Custom API client that is linked to this server's own API. Auth0 keeps at most
 * five actors in `act`.
 */
export function auth0(): ExchangeDialect {
  return {
    name: 'auth0',
    subject: 'caller',
    grantTypes: [TOKEN_EXCHANGE],
    problemsOf: problemsOfTarget,
    async exchange(request) {
      const answer = await request.tokenEndpoint.request(TOKEN_EXCHANGE, exchangeForm(request));
      return exchangedToken(answer, { issuedTokenType: ACCESS_TOKEN, scopes: request.target.scopes });
    },
  };
}

/** Which of the user's connected accounts. */
export interface Auth0TokenVaultOptions {
  /** Name of the connection: `google-oauth2`. */
  connection: string;
}

/** Auth0 Token Vault: the user's own token at a third party, whose account the user has connected at Auth0. */
export function auth0TokenVault({ connection }: Auth0TokenVaultOptions): ExchangeDialect {
  return {
    name: 'auth0TokenVault',
    subject: 'caller',
    grantTypes: [FEDERATED_GRANT],
    fingerprint: [connection],
    problemsOf: ({ audience, resource, scopes }) =>
      audience !== undefined || resource !== undefined || scopes.length > 0
        ? [
            'has `audience`, `resource` or `scopes`, which the Token Vault does not take: the connection has them. Remove them',
          ]
        : [],
    async exchange({ target, subjectToken, tokenEndpoint }) {
      const answer = await tokenEndpoint.request(FEDERATED_GRANT, {
        ...target.parameters,
        subject_token: subjectToken,
        subject_token_type: ACCESS_TOKEN,
        requested_token_type: FEDERATED_TOKEN,
        connection,
      });
      return exchangedToken(answer, { issuedTokenType: FEDERATED_TOKEN });
    },
  };
}
