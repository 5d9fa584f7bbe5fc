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

/** A promise where the call is under way, so that whoever forgets to wait for it is told. */
type Judged<R, T> = T extends PromiseLike<unknown> ? Promise<void> : R;

/** Matchers for a call: a promise of {@link TestCaller}, what it threw or gave back, or a `Response` of fetch. */
export interface CallMatchers<R, T = unknown> {
  /**
   * That the server asks for exactly these scopes: 403 `insufficient_scope`, or 401 with `scope`.
   *
   * @param scopes - all of them, in whatever order
   */
  toChallengeFor(...scopes: [string, ...string[]]): Judged<R, T>;
  /** That the server wants a token, or another one: 401 without an error, or with `invalid_token`. */
  toRequireAuthentication(): Judged<R, T>;
  /**
   * That the tool answered with an error.
   *
   * @param text - a part of its text, or a pattern. Defaults to any
   */
  toBeToolError(text?: string | RegExp): Judged<R, T>;
}

/** Matchers for what {@link TestIssuer} and {@link TestDownstream} have recorded. */
export interface RecordMatchers<R> {
  /**
   * That a {@link TestIssuer} exchanged a token so.
   *
   * @param expected - what the exchange was asked for
   */
  toHaveExchangedFor(expected: ExpectedExchange): R;
  /**
   * That a {@link TestDownstream} was called with a token of this user, which was good.
   *
   * @param subject - `sub` of the token
   * @param request - method and path. Defaults to any
   */
  toHaveBeenCalledOnBehalfOf(subject: string, request?: ExpectedRequest): R;
}

/** The matchers that vitest has from chai, and those of `@types/jest`. */
declare global {
  namespace Chai {
    interface Assertion extends CallMatchers<Promise<void>>, RecordMatchers<void> {}
  }
  namespace jest {
    interface Matchers<R, T> extends CallMatchers<R, T>, RecordMatchers<R> {}
  }
}
