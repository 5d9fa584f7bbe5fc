import { isPromise } from 'node:util/types';
import { awaitOutcome, toOutcome, tell, type CallOutcome } from './call-outcome.js';

/** What a matcher of jest or vitest gives back. */
export interface MatcherResult {
  /** Whether what was expected is so. */
  readonly pass: boolean;
  /** Says what was expected, and what was got. */
  readonly message: () => string;
}

/** What jest and vitest call a matcher on, as far as it is used. */
export interface MatcherContext {
  /** Whether the matcher is called on `expect(…).not`. */
  readonly isNot?: boolean;
}

/** A verdict, and the sentence that says what was expected and what was got. */
export function toResult(pass: boolean, expected: string, got: string): MatcherResult {
  return { pass, message: () => `Expected ${pass ? 'not ' : ''}${expected}.\nGot ${got}` };
}

/**
 * Judges a call that is over, or under way. One that failed in another way than by a refusal or an error of the tool
 * passes neither a matcher nor its opposite.
 */
export function judge(
  received: unknown,
  { isNot = false }: MatcherContext,
  expected: string,
  matches: (outcome: CallOutcome) => boolean,
): MatcherResult | Promise<MatcherResult> {
  const judgeOutcome = (outcome: CallOutcome): MatcherResult =>
    outcome.kind === 'failed'
      ? { pass: isNot, message: () => `Expected ${isNot ? 'not ' : ''}${expected}.\nGot ${tell(outcome)}` }
      : toResult(matches(outcome), expected, tell(outcome));
  return isPromise(received) ? awaitOutcome(received).then(judgeOutcome) : judgeOutcome(toOutcome(received));
}
