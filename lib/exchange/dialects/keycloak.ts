import { CallerActionError, OperatorActionError } from '../../downstream/downstream-error.js';
import { actorFingerprint, actorParameters, type ActorToken } from '../actor-token.js';
import type { ExchangeDialect, ExchangeRequest } from '../dialect.js';
import { exchangedToken } from '../exchanged-token.js';
import { ACCESS_TOKEN, TOKEN_EXCHANGE } from '../token-types.js';
import { exchangeForm } from './rfc8693.js';

/** What may differ between realms. */
export interface KeycloakDialectOptions {
  /** Who acts for the user, where the realm has delegation (experimental in Keycloak 26). */
  actor?: ActorToken;
}

/**
 * Keycloak's standard token exchange (since 26.2). `audience` is the client id of the API. The scopes of the downstream
 * are optional client scopes of this server's own client; ask for exactly what is needed, because an exchange may widen.
 */
export function keycloak({ actor }: KeycloakDialectOptions = {}): ExchangeDialect {
  return {
    name: 'keycloak',
    subject: 'caller',
    grantTypes: [TOKEN_EXCHANGE],
    fingerprint: [actorFingerprint(actor)],
    refusesBoundTokens: true,
    problemsOf: ({ audience }) =>
      audience === undefined
        ? ['has no `audience`. Set it to the client id of the API in Keycloak, so that the token is good for it alone']
        : [],
    async exchange(request) {
      const { target, tokenEndpoint } = request;
      refuseWhatWouldBeLost(request, actor);
      const answer = await tokenEndpoint.request(TOKEN_EXCHANGE, {
        ...exchangeForm(request),
        ...(await actorParameters(actor, request)),
      });
      return exchangedToken(answer, { issuedTokenType: ACCESS_TOKEN, scopes: target.scopes });
    },
  };
}

/**
 * Without an actor Keycloak answers with a token that has lost `act` and `may_act` (keycloak#52691), and it exchanges no
 * token that is bound to the key of another client.
 */
function refuseWhatWouldBeLost({ caller, target: { name } }: ExchangeRequest, actor: ActorToken | undefined): void {
  const { cnf, act, may_act } = caller?.claims ?? {};
  if (cnf !== undefined) {
    throw new OperatorActionError(
      'exchange_misconfigured',
      `No token for ${name}: Keycloak does not exchange tokens that are bound to a key of the client's`,
      {
        downstream: name,
        advice: `The ${name} API cannot be called for clients with bound tokens. Tell whoever runs this server.`,
      },
    );
  }
  if (!actor && (act !== undefined || may_act !== undefined)) {
    throw new CallerActionError(
      'caller_access_denied',
      `No token for ${name}: the caller's token is for delegation (act, may_act), which Keycloak would drop without an actor`,
      { downstream: name, advice: `The ${name} API cannot be called by way of others.` },
    );
  }
}
