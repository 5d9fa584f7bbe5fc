import { CallerActionError, DownstreamError, OperatorActionError } from '../downstream/downstream-error.js';
import { IssuerUnavailableError } from '../issuers/issuer-unavailable-error.js';
import type { ResolvedDownstream } from '../options/resolved-downstream.js';
import type { ExchangeDialect } from './dialect.js';
import { errorFor, type Failure, type FailureCode } from './failure-error.js';
import { TokenEndpointError } from './token-endpoint-error.js';
import { TOKEN_EXCHANGE } from './token-types.js';

type Row = readonly [code: FailureCode, applies: (failure: Failure) => boolean];

const error =
  (...names: readonly string[]) =>
  (failure: Failure) =>
    failure.error !== undefined && names.includes(failure.error);

const suberror =
  (...names: readonly string[]) =>
  (failure: Failure) =>
    failure.suberror !== undefined && names.includes(failure.suberror);

const status = (from: number, to: number) => (failure: Failure) =>
  failure.status !== undefined && failure.status >= from && failure.status <= to;

/** What a token endpoint answered. The first row that applies counts. */
const PROVIDER: readonly Row[] = [
  ['exchange_misconfigured', error('client_not_registered', 'no_token_endpoint')],
  ['issuer_unavailable', ({ status, timedOut }) => timedOut === true || status === undefined],
  ['issuer_rate_limited', status(429, 429)],
  ['issuer_unavailable', status(500, 599)],
  ['exchange_answer_unusable', ({ unusable }) => unusable === true],
  ['issuer_unavailable', error('temporarily_unavailable', 'server_error')],
  ['issuer_rate_limited', error('slow_down', 'too_many_requests')],
  // What is presented there was issued for it a moment ago.
  [
    'exchange_misconfigured',
    (failure) => failure.foreign === true && error('invalid_grant', 'invalid_request')(failure),
  ],
  ['caller_claims_required', ({ claims }) => claims !== undefined],
  ['caller_consent_required', suberror('consent_required')],
  ['caller_token_rejected', suberror('bad_token', 'token_expired')],
  ['caller_authentication_insufficient', suberror('basic_action', 'additional_action')],
  ['caller_consent_required', error('consent_required')],
  [
    'caller_authentication_insufficient',
    error(
      'interaction_required',
      'login_required',
      'mfa_required',
      'insufficient_user_authentication',
      'unmet_authentication_requirements',
    ),
  ],
  ['caller_scope_insufficient', error('invalid_scope', 'insufficient_scope')],
  ['caller_token_rejected', error('invalid_grant', 'invalid_token')],
  // RFC 8693 section 2.2.2; Keycloak says so of a session that is over.
  ['caller_token_rejected', (failure) => failure.isTokenExchange === true && error('invalid_request')(failure)],
  ['caller_access_denied', error('access_denied')],
  ['target_unknown', error('invalid_target')],
  ['client_rejected', error('invalid_client', 'unauthorized_client')],
  // Auth0's Token Vault: the user has not connected an account.
  ['caller_consent_required', error('federated_connection_refresh_token_not_found')],
  ['exchange_misconfigured', error('invalid_request', 'unsupported_grant_type', 'unsupported_token_type')],
  ['client_rejected', status(401, 401)],
  ['exchange_misconfigured', () => true],
];

/** What an API answered. */
const API: readonly Row[] = [
  ['downstream_rate_limited', status(429, 429)],
  ['downstream_failed', status(500, 599)],
  ['caller_claims_required', (failure) => failure.status === 401 && failure.claims !== undefined],
  [
    'caller_authentication_insufficient',
    (failure) => failure.status === 401 && error('insufficient_user_authentication')(failure),
  ],
  [
    'caller_scope_insufficient',
    (failure) => failure.status === 403 && (failure.scopes?.length ?? 0) > 0 && error('insufficient_scope')(failure),
  ],
  ['downstream_status', () => true],
];

/**
 * What became of an exchange that failed. The cause is left behind: it may hold the token endpoint's whole answer.
 *
 * @param caught - what the dialect threw
 */
export function failureOfExchange(
  caught: unknown,
  downstream: ResolvedDownstream,
  dialect: Pick<ExchangeDialect, 'grantTypes'>,
): DownstreamError {
  if (caught instanceof DownstreamError) return caught;
  const message = `No token for ${downstream.name}: ${caught instanceof Error ? caught.message : typeof caught}`;
  if (caught instanceof IssuerUnavailableError) return errorFor('issuer_unavailable', message, {}, downstream);
  if (!(caught instanceof TokenEndpointError)) return errorFor('exchange_misconfigured', message, {}, downstream);
  const failure = { ...caught.failure, isTokenExchange: dialect.grantTypes.includes(TOKEN_EXCHANGE) };
  const code = codeIn(PROVIDER, failure);
  // The provider does not say which of the scopes that were asked for it will not give.
  const scopes = code === 'caller_scope_insufficient' || code === 'caller_consent_required' ? downstream.scopes : [];
  return errorFor(code, message, { ...failure, scopes }, downstream);
}

/** What an API answered with. */
export interface RefusedAnswer {
  readonly status: number;
  /** The challenges of its `WWW-Authenticate` header; names of parameters in lower case. */
  readonly challenges: readonly { readonly scheme: string; readonly parameters: Readonly<Record<string, string>> }[];
  /** `Retry-After`, in seconds. */
  readonly retryAfter?: number | undefined;
}

/** What became of a request that the API refused, or failed to answer. */
export function failureOfAnswer(downstream: ResolvedDownstream, answer: RefusedAnswer): DownstreamError {
  const { status, retryAfter } = answer;
  const parameters = answer.challenges.find(({ parameters }) => parameters.error !== undefined)?.parameters ?? {};
  const failure: Failure = {
    status,
    retryAfter,
    error: parameters.error,
    claims: claimsIn(parameters.claims),
    scopes: wordsOf(parameters.scope),
    acrValues: wordsOf(parameters.acr_values),
    maxAge: /^\d{1,9}$/.test(parameters.max_age ?? '') ? Number(parameters.max_age) : undefined,
  };
  return errorFor(codeIn(API, failure), `${downstream.name} answered ${status}`, failure, downstream);
}

/** The claims request of a challenge, which is base64 there (Entra ID, claims challenge), as JSON. */
export function claimsIn(parameter: string | undefined): string | undefined {
  if (parameter === undefined) return undefined;
  const text = Buffer.from(parameter, 'base64').toString('utf8');
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? text : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the same exchange would fail again: not where the user may consent in the meantime. */
export function isFinal(failure: unknown): boolean {
  if (failure instanceof OperatorActionError) return true;
  return failure instanceof CallerActionError && !(failure.remedy && 'page' in failure.remedy);
}

function codeIn(table: readonly Row[], failure: Failure): FailureCode {
  const row = table.find(([, applies]) => applies(failure));
  if (!row) throw new Error('The table of failures has no last row');
  return row[0];
}

function wordsOf(value: string | undefined): readonly string[] {
  return (value ?? '').split(' ').filter((word) => word !== '');
}
