import { areSame } from './call-matchers.js';
import type { TestExchangeRequest } from './exchange-request.js';
import { toResult, type MatcherContext, type MatcherResult } from './matcher.js';
import { TestDownstream, type TestDownstreamRequest } from './test-downstream.js';
import { TestIssuer } from './test-issuer.js';

/** The expected parameters of an exchange. An omitted parameter may have any value. */
export interface ExpectedExchange {
  /** One of `audience` or `resource`. */
  readonly audience?: string;
  /** All scopes, in any order. */
  readonly scopes?: readonly string[];
  /** `sub` of the subject token. */
  readonly subject?: string;
}

/** The expected request to an API. An omitted member may have any value. */
export interface ExpectedRequest {
  /** HTTP method in capitals. */
  readonly method?: string;
  /** Path of the URL, without the query. */
  readonly path?: string;
}

/** Passes if a {@link TestIssuer} made this token exchange. */
export function toHaveExchangedFor(this: MatcherContext, received: unknown, expected: ExpectedExchange): MatcherResult {
  if (!(received instanceof TestIssuer)) throw new TypeError('toHaveExchangedFor takes a TestIssuer');
  const { audience, scopes, subject } = expected;
  const pass = received.exchangeRequests.some(
    (asked) =>
      asked.error === undefined &&
      (audience === undefined || [...asked.audiences, ...asked.resources].includes(audience)) &&
      (scopes === undefined || areSame(asked.scopes, scopes)) &&
      (subject === undefined || asked.subject === subject),
  );
  const wanted = describeFilter(subject, audience === undefined ? [] : [audience], scopes);
  return toResult(pass, `an exchange ${wanted}`, listLines('exchanges', received.exchangeRequests.map(tellExchange)));
}

/** Passes if a {@link TestDownstream} received a request with a valid token of this user. */
export function toHaveBeenCalledOnBehalfOf(
  this: MatcherContext,
  received: unknown,
  subject: string,
  { method, path }: ExpectedRequest = {},
): MatcherResult {
  if (!(received instanceof TestDownstream)) throw new TypeError('toHaveBeenCalledOnBehalfOf takes a TestDownstream');
  const pass = received.requests.some(
    (request) =>
      request.refusal === undefined &&
      request.claims?.sub === subject &&
      (method === undefined || request.method === method) &&
      (path === undefined || request.path.split('?', 1)[0] === path),
  );
  const what = [method, path].filter((one) => one !== undefined).join(' ');
  const wanted = `a call${what === '' ? '' : ` ${what}`} on behalf of ${subject}`;
  return toResult(pass, wanted, listLines('calls', received.requests.map(tellRequest)));
}

function tellExchange({ subject, audiences, resources, scopes, error }: TestExchangeRequest): string {
  const refused = error === undefined ? '' : `, refused: ${error}`;
  return `${describeFilter(subject, [...audiences, ...resources], scopes)}${refused}`;
}

function describeFilter(
  subject: string | undefined,
  targets: readonly string[],
  scopes: readonly string[] | undefined,
) {
  const parts = [
    subject === undefined ? '' : `of ${subject}`,
    targets.length === 0 ? '' : `for ${targets.join(' ')}`,
    scopes === undefined ? '' : scopes.length === 0 ? 'without scopes' : `with scopes ${scopes.join(' ')}`,
  ];
  return parts.filter((part) => part !== '').join(' ') || 'of whatever kind';
}

function tellRequest({ method, path, claims, refusal }: TestDownstreamRequest): string {
  const who = typeof claims?.sub === 'string' ? ` on behalf of ${claims.sub}` : '';
  return `${method} ${path}${who}${refusal === undefined ? '' : `, refused: ${refusal}`}`;
}

function listLines(what: string, lines: readonly string[]): string {
  return lines.length === 0 ? `no ${what} at all` : `these ${what}:\n${lines.map((line) => `  ${line}`).join('\n')}`;
}
