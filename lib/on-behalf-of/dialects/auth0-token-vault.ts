import type { Caller } from '../../resource-server/access/caller.js';
import type { ExchangeDialect } from './dialect.js';
import { toExchangedToken } from './exchanged-token.js';
import { ACCESS_TOKEN } from './token-types.js';

const FEDERATED_GRANT = 'urn:auth0:params:oauth:grant-type:token-exchange:federated-connection-access-token';
const FEDERATED_TOKEN = 'http://auth0.com/oauth/token-type/federated-connection-access-token';

/** Selects one of the user's connected accounts. */
export interface Auth0TokenVaultOptions {
  /** Name of the connection: `google-oauth2`. */
  connection: string;
  /**
   * The user's id at the third party, for users who have connected several accounts; `undefined` if it is not known. It
   * must depend on the user alone.
   *
   * @param caller - who calls
   */
  loginHint?: (caller: Caller) => string | undefined;
}

/**
 * Auth0 Token Vault: the user's own token at a third party. The user has connected the account at Auth0.
 *
 * @param options - which of the user's connected accounts to use
 */
export function auth0TokenVault({ connection, loginHint }: Auth0TokenVaultOptions): ExchangeDialect {
  return {
    name: 'auth0TokenVault',
    subject: 'caller',
    grantTypes: [FEDERATED_GRANT],
    foreign: { grantTypes: [] },
    // Otherwise Auth0's own token would be sent to the third party.
    ownAuthority: false,
    fingerprint: [connection],
    findProblems: ({ audience, resource, scopes }) => [
      ...(connection
        ? []
        : ['has a dialect without `connection`. Set it to the name of the connection in Auth0, like "google-oauth2"']),
      ...(audience !== undefined || resource !== undefined || scopes.length > 0
        ? [
            'has `audience`, `resource` or `scopes`. The Token Vault does not take them: the connection has them. Remove them',
          ]
        : []),
    ],
    async exchange({ target, caller, subjectToken, tokenEndpoint }) {
      const answer = await tokenEndpoint.request(FEDERATED_GRANT, {
        ...target.parameters,
        subject_token: subjectToken,
        subject_token_type: ACCESS_TOKEN,
        requested_token_type: FEDERATED_TOKEN,
        connection,
        login_hint: caller && loginHint?.(caller),
      });
      return toExchangedToken(answer, { issuedTokenType: FEDERATED_TOKEN });
    },
  };
}
