import {
  CallerActionError,
  DownstreamError,
  OperatorActionError,
  TemporaryFailureError,
  type CallerRemedy,
  type DownstreamErrorOptions,
} from '../../errors/downstream-error.js';
import type { CallerActionCode } from '../../errors/error-codes.js';
import type { Failure, FailureCode } from './failure.js';
import { findFix } from './failure-fixes.js';
import type { ResolvedDownstream } from '../options/resolved-downstream.js';

/** The facts that an error was made from. They hold no tokens. */
const facts = new WeakMap<DownstreamError, Failure>();

/** The facts that a failure was classified by, for who looks for its cause; `undefined` if it was not classified. */
export function recallFailure(error: DownstreamError): Failure | undefined {
  return facts.get(error);
}

/** Makes the error for a code. The party that has to act is told what to do; the others learn nothing more. */
export function createDownstreamError(
  code: FailureCode,
  message: string,
  failure: Failure,
  target: ResolvedDownstream,
): DownstreamError {
  const error = createError(code, message, failure, target);
  facts.set(error, failure);
  return error;
}

function createError(
  code: FailureCode,
  message: string,
  failure: Failure,
  target: ResolvedDownstream,
): DownstreamError {
  const { name } = target;
  const fix = findFix(code, failure, target);
  const options: DownstreamErrorOptions = {
    downstream: name,
    ...(failure.status !== undefined && { status: failure.status }),
    ...(fix !== undefined && { fix }),
  };
  switch (code) {
    case 'client_rejected':
    case 'target_unknown':
    case 'exchange_misconfigured':
    case 'exchange_answer_unusable':
      return new OperatorActionError(code, message, {
        ...options,
        advice: `This server is not set up to call the ${name} API for you. Tell its operator.`,
      });
    case 'issuer_unavailable':
    case 'issuer_rate_limited':
    case 'downstream_unreachable':
    case 'downstream_timeout':
    case 'downstream_failed':
    case 'downstream_rate_limited':
    case 'downstream_overloaded':
      return new TemporaryFailureError(code, message, {
        ...options,
        retryAfterMs: failure.retryAfterMs,
        advice: `The ${name} API cannot be reached for you right now. Try again${formatDelay(failure.retryAfterMs)}.`,
      });
    case 'downstream_status':
      return new DownstreamError(code, message, { ...options, advice: adviseOnStatus(name, failure) });
    default:
      return createCallerActionError(code, message, failure, target, options);
  }
}

function createCallerActionError(
  wanted: CallerActionCode,
  message: string,
  failure: Failure,
  target: ResolvedDownstream,
  options: DownstreamErrorOptions,
): DownstreamError {
  const { claims = '', acrValues = [], maxAgeMs, scopes = [] } = failure;
  const { name, scopeMap, consentUrl } = target;
  const own = [...new Set(scopes.flatMap((scope) => scopeMap.get(scope) ?? []))];
  const page: CallerRemedy | undefined =
    consentUrl === undefined
      ? undefined
      : { page: () => consentUrl, message: `Give your consent to calling the ${name} API.` };
  const remedies: Partial<Record<CallerActionCode, CallerRemedy>> = {
    caller_token_rejected: { challenge: 'invalid_token' },
    caller_claims_required: { challenge: 'insufficient_claims', claims },
    caller_authentication_insufficient: { challenge: 'insufficient_user_authentication', acrValues, maxAgeMs },
    ...(own.length > 0 && { caller_scope_insufficient: { challenge: 'insufficient_scope', scopes: own } }),
    ...(page && { caller_consent_required: page }),
  };
  // Consent and scope replace each other if only one of them is obtainable. If neither is, somebody else has to grant
  // the access: the operator, if the provider refuses the scopes that the operator has declared.
  const obtainable: readonly CallerActionCode[] = ['caller_scope_insufficient', 'caller_consent_required'];
  const found = obtainable.includes(wanted) ? [wanted, ...obtainable].find((candidate) => remedies[candidate]) : wanted;
  if (!found && failure.error === 'invalid_scope')
    return createDownstreamError('exchange_misconfigured', message, failure, target);
  const code = found ?? 'caller_access_denied';
  const remedy = remedies[code];
  const fix = findFix(code, failure, target);
  return new CallerActionError(code, message, {
    ...options,
    ...(remedy && { remedy }),
    ...(fix !== undefined && { fix }),
    advice: ADVICE[code](name),
  });
}

const ADVICE: Readonly<Record<CallerActionCode, (name: string) => string>> = {
  caller_token_rejected: (name) => `Your sign-in no longer allows calling the ${name} API. Sign in again.`,
  caller_claims_required: (name) => `The ${name} API wants you to sign in again, as your organisation demands.`,
  caller_authentication_insufficient: (name) => `The ${name} API wants you to sign in again, in a stronger way.`,
  caller_scope_insufficient: (name) => `Your sign-in does not cover what this needs of the ${name} API.`,
  caller_consent_required: (name) => `You have not consented to calling the ${name} API yet.`,
  caller_account_not_linked: (name) => `Your account at the ${name} API is not linked yet.`,
  caller_access_denied: (name) =>
    `You have not been given the access to the ${name} API that this tool needs. Ask its operator for access.`,
  caller_without_user: (name) => `The ${name} API is called on behalf of a user, and your token has no user.`,
};

function adviseOnStatus(name: string, { status = 0, error, isRenewed }: Failure): string {
  // The next call has another token. This one could not be sent again.
  if (status === 401 && error === 'invalid_token' && isRenewed === false)
    return `The ${name} API did not take the token of this call. Try again.`;
  switch (status) {
    case 401:
    case 403:
      return `The ${name} API does not allow this for you. Ask its operator for access.`;
    case 404:
    case 410:
      return `The ${name} API has nothing there. Check the identifiers in the arguments.`;
    case 409:
    case 423:
      return `The ${name} API cannot do this in the present state (${status}).`;
    case 408:
    case 425:
      return `The ${name} API did not get the request in time (${status}). Try again.`;
    case 405:
    case 407:
    case 411:
    case 421:
    case 426:
    case 431:
      return `The ${name} API does not take requests as this tool sends them (${status}). Other arguments would not help. Tell the operator of this server.`;
    default:
      return `The ${name} API refused the request (${status}). Check the arguments.`;
  }
}

function formatDelay(retryAfterMs: number | undefined): string {
  return retryAfterMs === undefined ? ' later' : ` in ${Math.ceil(retryAfterMs / 1000)} seconds`;
}
