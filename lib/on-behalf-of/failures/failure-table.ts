import type { WWWAuthenticateChallenge } from 'oauth4webapi';
import { readMessage, toReadable } from '../../errors/reason.js';
import { CallerActionError, DownstreamError, OperatorActionError } from '../../errors/downstream-error.js';
import { IssuerUnusableError } from '../../errors/issuer-unusable-error.js';
import type { ResolvedDownstream } from '../options/resolved-downstream.js';
import type { ExchangeDialect } from '../dialects/dialect.js';
import type { Failure, FailureCode } from './failure.js';
import { createDownstreamError } from './failure-error.js';
import { findDocumentedCause, type DocumentedCause } from './documented-refusals.js';
import { splitWords, readClaimsRequest } from './answer-fields.js';
import { describeApiAnswer, findUnasked, type SentToken } from './refused-by-api.js';
import { TokenEndpointError } from '../../errors/token-endpoint-error.js';
import { TOKEN_EXCHANGE } from '../dialects/token-types.js';

type Condition = (failure: Failure) => boolean;
type Row = readonly [code: FailureCode, applies: Condition];

const hasError =
  (...names: readonly string[]): Condition =>
  (failure) =>
    failure.error !== undefined && names.includes(failure.error);

const hasSuberror =
  (...names: readonly string[]): Condition =>
  (failure) =>
    failure.suberror !== undefined && names.includes(failure.suberror);

const hasStatus =
  (from: number, to = from): Condition =>
  (failure) =>
    failure.status !== undefined && failure.status >= from && failure.status <= to;

const all =
  (...conditions: readonly Condition[]): Condition =>
  (failure) =>
    conditions.every((applies) => applies(failure));

const any =
  (...conditions: readonly Condition[]): Condition =>
  (failure) =>
    conditions.some((applies) => applies(failure));

const lacks =
  (...causes: readonly DocumentedCause[]): Condition =>
  ({ cause }) =>
    cause !== undefined && causes.includes(cause);

/** The server asked for its own token. */
const isOwn: Condition = (failure) => failure.isOwn === true;

/**
 * The request went to, or came from, a party that the caller's issuer does not know. A refusal does not concern the
 * caller's token.
 */
const isForeign: Condition = (failure) => failure.foreign === true;

const hasClaims: Condition = (failure) => failure.claims !== undefined;

/** Sources: Entra ID (`suberror`), OpenID Connect Core section 3.1.2.6, RFC 9470, Auth0. */
const wantsSignIn = any(
  hasSuberror('basic_action', 'additional_action', 'message_only', 'user_password_expired'),
  hasError(
    'interaction_required',
    'login_required',
    'account_selection_required',
    'mfa_required',
    'insufficient_user_authentication',
    'unmet_authentication_requirements',
  ),
);

const wantsConsent = any(
  hasSuberror('consent_required'),
  hasError(
    'consent_required',
    // Auth0's Token Vault: the user has to connect the account, or connect it again.
    'federated_connection_refresh_token_not_found',
    'federated_connection_refresh_token_flow_failed',
  ),
);

/**
 * RFC 8693 section 2.2.2 uses `invalid_request` for an unacceptable subject token. Keycloak uses it for an ended
 * session.
 */
const rejectsToken = any(
  hasSuberror('bad_token', 'token_expired'),
  hasError('invalid_grant', 'invalid_token'),
  all((failure) => failure.isTokenExchange === true, hasError('invalid_request')),
);

/** Codes for answers of a token endpoint. The first row that applies counts. */
const PROVIDER: readonly Row[] = [
  ['exchange_misconfigured', hasError('client_not_registered', 'client_misconfigured', 'no_token_endpoint')],
  ['issuer_unavailable', ({ status, timedOut }) => timedOut === true || status === undefined],
  ['issuer_rate_limited', hasStatus(429)],
  ['issuer_unavailable', any(hasStatus(500, 599), hasStatus(408))],
  ['exchange_answer_unusable', ({ unusable }) => unusable === true],
  ['issuer_unavailable', hasError('temporarily_unavailable', 'server_error')],
  ['issuer_rate_limited', hasError('slow_down', 'too_many_requests')],
  ['client_rejected', hasError('invalid_client', 'unauthorized_client')],
  ['target_unknown', lacks('target')],
  ['exchange_misconfigured', lacks('policy', 'scope')],
  // RFC 6749 section 5.2 reserves 401 for the client. Auth0 answers this for a wrong secret.
  ['client_rejected', all(hasStatus(401), hasError('access_denied'))],
  ['target_unknown', hasError('invalid_target', 'invalid_resource')],
  // The caller cannot do anything about these, and must not be asked to.
  ['exchange_misconfigured', isOwn],
  // `invalid_request`, although the caller's token is active.
  ['exchange_misconfigured', (failure) => failure.subjectIsActive === true],
  ['caller_consent_required', all(isForeign, wantsConsent)],
  // No client can satisfy what another authorization server demands of a sign-in.
  ['caller_access_denied', all(isForeign, any(hasClaims, wantsSignIn))],
  // The assertion was issued for that server just before.
  ['exchange_misconfigured', all(isForeign, any(rejectsToken, hasError('invalid_request')))],
  ['caller_claims_required', hasClaims],
  ['caller_consent_required', any(wantsConsent, lacks('consent'))],
  ['caller_token_rejected', hasSuberror('bad_token', 'token_expired')],
  ['caller_authentication_insufficient', wantsSignIn],
  ['caller_scope_insufficient', hasError('invalid_scope', 'insufficient_scope')],
  ['caller_token_rejected', rejectsToken],
  ['caller_access_denied', hasError('access_denied')],
  ['client_rejected', hasStatus(401)],
  ['exchange_misconfigured', () => true],
];

/** RFC 6750 section 3.1, RFC 9449 sections 7.1 and 9. They say nothing of what the caller may do. */
const refusesToken = hasError('invalid_token', 'invalid_dpop_proof', 'use_dpop_nonce');

/** Codes for answers of an API. */
const API: readonly Row[] = [
  ['downstream_rate_limited', hasStatus(429)],
  ['downstream_failed', hasStatus(500, 599)],
  ['exchange_misconfigured', all(isOwn, any(hasStatus(401), hasStatus(403)), (failure) => failure.error !== undefined)],
  ['caller_claims_required', all(hasStatus(401), hasClaims, not(isForeign))],
  [
    'caller_authentication_insufficient',
    all(hasStatus(401), hasError('insufficient_user_authentication'), not(isForeign)),
  ],
  // The provider has issued it for this API just now. Signing in again would bring another like it.
  ['exchange_misconfigured', all(hasStatus(401), refusesToken, ({ isRenewed }) => isRenewed === true)],
  [
    'exchange_misconfigured',
    all(hasStatus(403), hasError('insufficient_scope'), ({ unasked = [] }) => unasked.length > 0),
  ],
  [
    'caller_scope_insufficient',
    all(hasStatus(403), hasError('insufficient_scope'), (failure) => (failure.scopes?.length ?? 0) > 0),
  ],
  ['downstream_status', () => true],
];

/**
 * Classifies a failed exchange. The cause is left out, because it may contain the token endpoint's whole answer.
 *
 * @param thrown - what the dialect threw
 */
export function classifyExchangeFailure(
  thrown: unknown,
  downstream: ResolvedDownstream,
  { grantTypes, subject }: Pick<ExchangeDialect, 'grantTypes'> & Partial<Pick<ExchangeDialect, 'subject'>>,
): DownstreamError {
  const caught = toReadable(thrown);
  if (caught instanceof DownstreamError) return caught;
  const message = `No token for ${downstream.name}: ${readMessage(caught)}`;
  if (caught instanceof IssuerUnusableError)
    return createDownstreamError('issuer_unavailable', message, {}, downstream);
  if (!(caught instanceof TokenEndpointError))
    return createDownstreamError('exchange_misconfigured', message, {}, downstream);
  const failure = {
    ...caught.failure,
    cause: findDocumentedCause(caught.message),
    isTokenExchange: grantTypes.includes(TOKEN_EXCHANGE),
    isOwn: subject === 'client',
    foreign: caught.failure.foreign === true || downstream.linked !== undefined,
  };
  const code = findCode(PROVIDER, failure);
  // The provider does not say which of the requested scopes it refuses.
  const scopes = code === 'caller_scope_insufficient' || code === 'caller_consent_required' ? downstream.scopes : [];
  return createDownstreamError(code, message, { ...failure, scopes }, downstream);
}

/** An API's answer. */
export interface RefusedAnswer {
  readonly status: number;
  /** The challenges of its `WWW-Authenticate` header. Parameter names are in lower case. */
  readonly challenges: readonly Pick<WWWAuthenticateChallenge, 'scheme' | 'parameters'>[];
  /** `Retry-After`, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  /** `grantedScopes` of the token in the request. */
  readonly grantedScopes?: readonly string[] | undefined;
  /** The token in the request, if there was one. */
  readonly sent?: SentToken | undefined;
}

/** Classifies a request that the API refused or did not answer. */
export function classifyAnswer(downstream: ResolvedDownstream, answer: RefusedAnswer): DownstreamError {
  const { status, retryAfterMs, grantedScopes, sent } = answer;
  const { dialect, linked } = downstream;
  const parameters = answer.challenges.find(({ parameters }) => parameters.error !== undefined)?.parameters ?? {};
  const withheld = grantedScopes ? downstream.scopes.filter((scope) => !grantedScopes.includes(scope)) : [];
  const failure: Failure = {
    status,
    retryAfterMs,
    error: parameters.error,
    claims: decodeClaims(parameters.claims),
    scopes: parameters.scope === undefined ? withheld : splitWords(parameters.scope),
    unasked: findUnasked(splitWords(parameters.scope), downstream, sent),
    isRenewed: sent?.isRenewed,
    description: parameters.error_description,
    acrValues: splitWords(parameters.acr_values),
    maxAgeMs: /^\d{1,9}$/.test(parameters.max_age ?? '') ? Number(parameters.max_age) * 1000 : undefined,
    isOwn: dialect.subject === 'client' || (dialect.subject === 'caller' && sent?.caller?.appOnly === true),
    foreign: dialect.subject !== 'caller' || dialect.foreign !== undefined || linked !== undefined,
  };
  const told =
    withheld.length > 0 ? `. The provider had withheld scopes that were asked for: ${withheld.join(', ')}` : '';
  const code = findCode(API, failure);
  const message = describeApiAnswer(code, failure, downstream, sent);
  return createDownstreamError(code, `${message}${told}`, failure, downstream);
}

/**
 * Decodes the claims request of a challenge, which is base64 there (Entra ID, claims challenge), to JSON. An overlong
 * one is dropped: no client could read a challenge with it.
 */
export function decodeClaims(parameter: string | undefined): string | undefined {
  if (parameter === undefined) return undefined;
  return readClaimsRequest(Buffer.from(parameter, 'base64').toString('utf8'));
}

/** Whether the same exchange would fail again. It would not if the user may consent in the meantime. */
export function isFinal(failure: unknown): boolean {
  if (failure instanceof OperatorActionError) return true;
  return failure instanceof CallerActionError && !(failure.remedy && 'page' in failure.remedy);
}

function not(condition: Condition): Condition {
  return (failure) => !condition(failure);
}

function findCode(table: readonly Row[], failure: Failure): FailureCode {
  const row = table.find(([, applies]) => applies(failure));
  if (!row) throw new Error('The table of failures has no last row');
  return row[0];
}
