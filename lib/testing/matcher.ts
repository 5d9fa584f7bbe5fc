import { isPromise } from 'node:util/types';
import { awaitOutcome, toOutcome, tell, type CallOutcome } from './call-outcome.js';

/** The result of a jest or vitest matcher. */
export interface MatcherResult {
  /** Whether the expectation holds. */
  readonly pass: boolean;
  /** Describes what was expected and what was received. */
  readonly message: () => string;
}

/** The part of the matcher context of jest and vitest that is used here. */
export interface MatcherContext {
  /** Whether the matcher is called on `expect(…).not`. */
  readonly isNot?: boolean;
}

/** Creates a result with the sentence that says what was expected and what was received. */
export function toResult(pass: boolean, expected: string, got: string): MatcherResult {
  return { pass, message: () => `Expected ${pass ? 'not ' : ''}${expected}.\nGot ${got}` };
}

/**
 * Judges a finished or running call. A call that failed for another reason than a refusal or a tool error passes
 * neither the matcher nor its negation.
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
