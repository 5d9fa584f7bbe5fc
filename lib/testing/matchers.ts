import { toBeToolError, toChallengeFor, toRequireAuthentication } from './call-matchers.js';
import { toHaveBeenCalledOnBehalfOf, toHaveExchangedFor } from './record-matchers.js';
import type { ExpectedExchange, ExpectedRequest } from './record-matchers.js';

/** Matchers for `expect.extend` of jest and of vitest. */
export const matchers = {
  toChallengeFor,
  toRequireAuthentication,
  toBeToolError,
  toHaveExchangedFor,
  toHaveBeenCalledOnBehalfOf,
};

/** A promise if the call is still running, so that a missing `await` is reported. */
type Judged<R, T> = T extends PromiseLike<unknown> ? Promise<void> : R;

/** Matchers for a call: a promise of {@link TestCaller}, its error or its result, or a `Response` of fetch. */
export interface CallMatchers<R, T = unknown> {
  /**
   * Passes if the server asks for exactly these scopes: 403 `insufficient_scope`, or 401 with `scope`.
   *
   * @param scopes - all of them, in any order
   */
  toChallengeFor(...scopes: [string, ...string[]]): Judged<R, T>;
  /** Passes if the server asks for a token or for another one: 401 without an error, or with `invalid_token`. */
  toRequireAuthentication(): Judged<R, T>;
  /**
   * Passes if the tool answered with an error.
   *
   * @param text - a part of the text, or a pattern. Defaults to any text
   */
  toBeToolError(text?: string | RegExp): Judged<R, T>;
}

/** Matchers for the requests that {@link TestIssuer} and {@link TestDownstream} record. */
export interface RecordMatchers<R> {
  /**
   * Passes if a {@link TestIssuer} made this token exchange.
   *
   * @param expected - the parameters of the exchange
   */
  toHaveExchangedFor(expected: ExpectedExchange): R;
  /**
   * Passes if a {@link TestDownstream} received a request with a valid token of this user.
   *
   * @param subject - `sub` of the token
   * @param request - method and path. Defaults to any request
   */
  toHaveBeenCalledOnBehalfOf(subject: string, request?: ExpectedRequest): R;
}

/** Types of the matchers, for vitest (through chai) and for `@types/jest`. */
declare global {
  namespace Chai {
    interface Assertion extends CallMatchers<Promise<void>>, RecordMatchers<void> {}
  }
  namespace jest {
    interface Matchers<R, T> extends CallMatchers<R, T>, RecordMatchers<R> {}
  }
}
