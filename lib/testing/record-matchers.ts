import { areSame } from './call-matchers.js';
import type { TestExchangeRequest } from './exchange-request.js';
import { toResult, type MatcherContext, type MatcherResult } from './matcher.js';
import { TestDownstream, type TestDownstreamRequest } from './test-downstream.js';
import { TestIssuer } from './test-issuer.js';

/** What an exchange was asked for. What is left out may be anything. */
export interface ExpectedExchange {
  /** One of `audience` or `resource`. */
  readonly audience?: string;
  /** All of them, in whatever order. */
  readonly scopes?: readonly string[];
  /** `sub` of the token that was to be exchanged. */
  readonly subject?: string;
}

/** What a request to an API was. What is left out may be anything. */
export interface ExpectedRequest {
  /** Method of HTTP, in capitals. */
  readonly method?: string;
  /** Path of its URL, without the query. */
  readonly path?: string;
}

/** That a {@link TestIssuer} exchanged a token so. */
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

/** That a {@link TestDownstream} was called with a token of this user, which was good. */
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
