import { findAnswerProblems, listRelaxations, resolveAnswerOptions, type AnswerOptions } from './answer-options.js';
import { computeActorFingerprint, buildActorParameters, type ActorToken } from './actor-token.js';
import type { ExchangeDialect, ExchangeRequest, ExchangeTarget, FormParameters } from './dialect.js';
import { toExchangedToken } from './exchanged-token.js';
import { RESERVED_PARAMETERS } from './reserved-parameters.js';
import { ACCESS_TOKEN, TOKEN_EXCHANGE } from './token-types.js';

/** How servers that speak RFC 8693 may differ. */
export interface Rfc8693Options extends AnswerOptions {
  /** `requested_token_type`; `false` leaves it out, for servers that refuse it. Defaults to an access token. */
  requestedTokenType?: string | false;
  /** `subject_token_type`. Defaults to an access token, the type of the caller's token. */
  subjectTokenType?: string;
  /** Who acts for the user: delegation instead of impersonation (RFC 8693 section 1.1). */
  actor?: ActorToken;
  /** The server's own names for these parameters, if it has any. */
  parameterNames?: { audience?: string; resource?: string; scope?: string };
}

/**
 * The exchange as RFC 8693 defines it: `audience` and/or `resource`, the scopes and the parameters of the downstream.
 *
 * @param options - how the server differs from the RFC
 */
export function rfc8693({
  requestedTokenType = ACCESS_TOKEN,
  subjectTokenType = ACCESS_TOKEN,
  actor,
  parameterNames = {},
  ...answers
}: Rfc8693Options = {}): ExchangeDialect {
  const expected = resolveAnswerOptions(answers, requestedTokenType);
  const { audience = 'audience', resource = 'resource', scope = 'scope' } = parameterNames;
  return {
    name: 'rfc8693',
    subject: 'caller',
    grantTypes: [TOKEN_EXCHANGE],
    hasActor: actor !== undefined,
    relaxations: listRelaxations(expected),
    fingerprint: async () => [
      String(requestedTokenType),
      subjectTokenType,
      ...[audience, resource, scope],
      ...(await computeActorFingerprint(actor)),
    ],
    findProblems: (target) => [
      ...findTargetProblems(target),
      ...findNameProblems({ audience, resource, scope }),
      ...findAnswerProblems(expected),
    ],
    async exchange(request) {
      const { target, dpop, tokenEndpoint } = request;
      const answer = await tokenEndpoint.request(
        TOKEN_EXCHANGE,
        {
          ...buildExchangeForm(request, { audience, resource, scope }),
          subject_token_type: subjectTokenType,
          requested_token_type: requestedTokenType === false ? undefined : requestedTokenType,
          ...(await buildActorParameters(actor, request)),
        },
        { dpop, acceptMissingTokenType: expected.acceptMissingTokenType },
      );
      return toExchangedToken(answer, { ...expected, scopes: target.scopes });
    },
  };
}

type Names = Readonly<Record<'audience' | 'resource' | 'scope', string>>;

const STANDARD_NAMES: Names = { audience: 'audience', resource: 'resource', scope: 'scope' };

/** What all forms of RFC 8693 share. */
export function buildExchangeForm({ target, subjectToken }: ExchangeRequest, names = STANDARD_NAMES): FormParameters {
  const { parameters, audience, resource, scopes } = target;
  return {
    ...parameters,
    [names.audience]: audience,
    [names.resource]: resource,
    [names.scope]: joinScopes(scopes),
    subject_token: subjectToken,
    subject_token_type: ACCESS_TOKEN,
    requested_token_type: ACCESS_TOKEN,
  };
}

/** RFC 6749 section 3.3. Left out without scopes. */
export function joinScopes(scopes: readonly string[]): string | undefined {
  return scopes.length > 0 ? scopes.join(' ') : undefined;
}

/** The target has to name the API that the token is for. */
export function findTargetProblems({ audience, resource }: ExchangeTarget): readonly string[] {
  if (audience !== undefined || resource !== undefined) return [];
  return [
    'names no target. Set `audience` or `resource` to the name that the authorization server has for this API, so that the exchanged token is valid for this API only',
  ];
}

/** For providers whose tokens are for one API. */
export function findListProblems(audience: ExchangeTarget['audience']): readonly string[] {
  return Array.isArray(audience)
    ? ['has a list as `audience`, but the provider takes one only. Declare a downstream for each']
    : [];
}

function findNameProblems(names: Names): readonly string[] {
  const values = Object.values(names);
  const taken = Object.entries(names).filter(
    ([parameter, name]) => name === '' || (name !== parameter && RESERVED_PARAMETERS.has(name)),
  );
  return [
    ...taken.map(
      ([parameter, name]) =>
        `has a dialect whose \`parameterNames.${parameter}\` is "${name}", which has another meaning. Choose the name that the authorization server has for it`,
    ),
    ...(new Set(values).size < values.length
      ? ['has a dialect whose `parameterNames` has one name for two parameters. Give each its own']
      : []),
  ];
}
