import type { ExchangeDialect, ExchangeRequest, ExchangeTarget, FormParameters } from '../dialect.js';
import { actorFingerprint, actorParameters, type ActorToken } from '../actor-token.js';
import { exchangedToken } from '../exchanged-token.js';
import { ACCESS_TOKEN, TOKEN_EXCHANGE } from '../token-types.js';

/** What may differ between servers that speak RFC 8693. */
export interface Rfc8693Options {
  /** `requested_token_type`; `false` leaves it out, for servers that refuse it. Defaults to an access token. */
  requestedTokenType?: string | false;
  /** `subject_token_type`. Defaults to an access token, which is what comes in. */
  subjectTokenType?: string;
  /** Who acts for the user: delegation instead of impersonation (RFC 8693 section 1.1). */
  actor?: ActorToken;
}

/** The exchange as RFC 8693 has it: `audience` and/or `resource`, the scopes of the downstream, and its parameters. */
export function rfc8693({
  requestedTokenType = ACCESS_TOKEN,
  subjectTokenType = ACCESS_TOKEN,
  actor,
}: Rfc8693Options = {}): ExchangeDialect {
  return {
    name: 'rfc8693',
    subject: 'caller',
    grantTypes: [TOKEN_EXCHANGE],
    fingerprint: [String(requestedTokenType), subjectTokenType, actorFingerprint(actor)],
    problemsOf: problemsOfTarget,
    async exchange(request) {
      const { target, tokenEndpoint } = request;
      const answer = await tokenEndpoint.request(TOKEN_EXCHANGE, {
        ...exchangeForm(request),
        subject_token_type: subjectTokenType,
        requested_token_type: requestedTokenType === false ? undefined : requestedTokenType,
        ...(await actorParameters(actor, request)),
      });
      return exchangedToken(answer, {
        issuedTokenType: requestedTokenType === false ? ACCESS_TOKEN : requestedTokenType,
        scopes: target.scopes,
      });
    },
  };
}

/** What all forms of RFC 8693 have in common. */
export function exchangeForm({ target, subjectToken }: ExchangeRequest): FormParameters {
  const { parameters, audience, resource, scopes } = target;
  return {
    ...parameters,
    subject_token: subjectToken,
    subject_token_type: ACCESS_TOKEN,
    requested_token_type: ACCESS_TOKEN,
    audience,
    resource,
    scope: spaced(scopes),
  };
}

/** RFC 6749 section 3.3; left out where there are none. */
export function spaced(scopes: readonly string[]): string | undefined {
  return scopes.length > 0 ? scopes.join(' ') : undefined;
}

/** A token that is good for one API has to say for which. */
export function problemsOfTarget({ audience, resource }: ExchangeTarget): readonly string[] {
  if (audience !== undefined || resource !== undefined) return [];
  return [
    'names no target. Set `audience` or `resource` to what the authorization server calls this API, so that the exchanged token is good for it alone',
  ];
}
