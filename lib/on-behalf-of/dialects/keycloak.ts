import { decodeJwt } from 'jose';
import { CallerActionError } from '../../errors/downstream-error.js';
import { computeActorFingerprint, buildActorParameters, type ActorToken } from './actor-token.js';
import type { ExchangeDialect, ExchangeRequest } from './dialect.js';
import { toExchangedToken } from './exchanged-token.js';
import { TokenEndpointError } from '../../errors/token-endpoint-error.js';
import { ACCESS_TOKEN, TOKEN_EXCHANGE } from './token-types.js';
import { buildExchangeForm } from './rfc8693.js';

/** What may differ between realms. */
export interface KeycloakDialectOptions {
  /** Who acts for the user, if the realm has delegation (experimental in Keycloak 26). */
  actor?: ActorToken;
}

/**
 * Keycloak's standard token exchange (since 26.2). `audience` is the client id of the API. The scopes of the downstream
 * are optional client scopes of this server's own client. Ask for no more than is needed: an exchange may widen the
 * scopes.
 *
 * @param options - `actor`: who acts for the user
 */
export function keycloak({ actor }: KeycloakDialectOptions = {}): ExchangeDialect {
  return {
    name: 'keycloak',
    subject: 'caller',
    grantTypes: [TOKEN_EXCHANGE],
    hasActor: actor !== undefined,
    fingerprint: () => computeActorFingerprint(actor),
    refusesBoundTokens: true,
    findProblems: ({ audience }) =>
      audience === undefined
        ? [
            'has no `audience`. Set it to the client id of the API in Keycloak, so that the token is valid for this API only',
          ]
        : [],
    async exchange(request) {
      const { target, dpop, tokenEndpoint } = request;
      refuseWhatWouldBeLost(request, actor);
      const form = { ...buildExchangeForm(request), ...(await buildActorParameters(actor, request)) };
      try {
        const answer = await tokenEndpoint.request(TOKEN_EXCHANGE, form, { dpop });
        const token = toExchangedToken(answer, { issuedTokenType: ACCESS_TOKEN, scopes: target.scopes });
        if (actor) checkActor(token.value);
        return token;
      } catch (error) {
        throw error instanceof TokenEndpointError ? toKnownError(error) : error;
      }
    },
  };
}

/**
 * Without an actor Keycloak drops `act` and `may_act` from the token (keycloak#52691). It also does not exchange a
 * token that is bound to the key of another client. The caller chooses the token, so neither is the operator's fault.
 */
function refuseWhatWouldBeLost({ caller, target: { name } }: ExchangeRequest, actor: ActorToken | undefined): void {
  const { cnf, act, may_act } = caller?.claims ?? {};
  if (cnf !== undefined) {
    throw new CallerActionError(
      'caller_access_denied',
      `No token for ${name}: Keycloak does not exchange tokens that are bound to a key of the client (cnf)`,
      { downstream: name, advice: `The ${name} API cannot be called with a token that is bound to a key.` },
    );
  }
  if (!actor && (act !== undefined || may_act !== undefined)) {
    throw new CallerActionError(
      'caller_access_denied',
      `No token for ${name}: the caller's token is for delegation (act, may_act), which Keycloak would drop without an actor`,
      { downstream: name, advice: `The ${name} API cannot be called with a delegated token.` },
    );
  }
}

/** A server without delegation ignores `actor_token`: its token would be the user's own. */
function checkActor(token: string): void {
  if (decodeJwt(token).act !== undefined) return;
  throw new TokenEndpointError('the token has no act: the server has no delegation', { status: 200, unusable: true });
}

/**
 * Keycloak answers 401 for a client that it refuses, and 400 with a text of its own if the assertion of the client is not
 * good. It answers 400 for a public client, which may exchange nothing, and for an `audience` that is no client, or a
 * disabled one. It answers `access_denied` if this server's client is not in `aud` of the caller's token, whoever the user is.
 */
function toKnownError(error: TokenEndpointError): TokenEndpointError {
  const { status, error: name } = error.failure;
  const toError = (known: string) => new TokenEndpointError(error.message, { ...error.failure, error: known });
  const isOfAssertion = /Client authentication with |client_assertion/.test(error.message);
  if (status === 400 && name === 'invalid_client' && !isOfAssertion)
    return toError(error.message.includes('"Public client ') ? 'unauthorized_client' : 'invalid_target');
  return name === 'access_denied' ? toError('client_misconfigured') : error;
}
