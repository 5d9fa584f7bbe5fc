import QuickLRU from 'quick-lru';
import { Stopwatch } from '../time/stopwatch.js';
import { identifyKind } from './error-trace.js';

/** Milliseconds for which the stack of a kind of error is not logged again. */
const QUIET = 600_000;

/** Kinds of errors that are remembered. The least recent go first. */
const MAX_KINDS = 500;

/** What of a kind was logged. */
interface LoggedStack {
  readonly age: Stopwatch;
  left: number;
}

/**
 * Remembers of which kinds of errors a stack was logged lately. While an API or an issuer is down, thousands of errors
 * have the same stack.
 */
export class LoggedStacks {
  readonly #logged = new QuickLRU<string, LoggedStack>({ maxSize: MAX_KINDS });

  /**
   * Notes an error that is about to be logged.
   *
   * @returns how many stacks of its kind were left out since the last one, if its own is due; else `undefined`
   */
  note(thrown: unknown): number | undefined {
    const kind = identifyKind(thrown);
    const last = this.#logged.get(kind);
    if (last && last.age.elapsed < QUIET) {
      last.left += 1;
      return undefined;
    }
    this.#logged.set(kind, { age: new Stopwatch(), left: 0 });
    return last?.left ?? 0;
  }
}
