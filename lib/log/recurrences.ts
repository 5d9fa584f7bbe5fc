import QuickLRU from 'quick-lru';
import { Stopwatch } from '../time/stopwatch.js';

/** Kinds that are remembered. The least recent go first. */
const MAX_KINDS = 500;

/** Kinds that are summed at once. */
const MAX_SUMS = 200;

/** Different texts of one kind that are told at once. */
const MAX_TEXTS = 10;

/** The kind of all that are too many to be remembered each. */
const OTHERS = 'others';

/** Milliseconds of the first period, and of the longest. */
const FIRST_PERIOD = 10_000;
const LONGEST_PERIOD = 60_000;

/** How many of a kind were left out. */
export interface LeftOut {
  readonly count: number;
  /** Milliseconds in which they came. */
  readonly periodMs: number;
}

/** @param leftOut - how many were left out, of which this is the last; `undefined` if it is told at once */
type Tell = (leftOut?: LeftOut) => void;

/** What is known of a kind since its period began. */
interface Period {
  readonly age: Stopwatch;
  readonly lengthMs: number;
  /** What was told. */
  readonly texts: Set<string>;
  /** How many other texts may be told. */
  room: number;
  left: number;
  tellLast?: Tell;
}

/**
 * Decides what is told of the things that come again and again, and that strangers may cause. The first of a kind is told
 * at once. The others are counted.
 */
export class Recurrences {
  readonly #periods = new QuickLRU<string, Period>({ maxSize: MAX_KINDS });
  readonly #timers = new Map<string, NodeJS.Timeout>();

  /**
   * Notes one of a kind. Nobody is told of those that are left out before the next one is due.
   *
   * @param periodMs - milliseconds for which the others of the kind are left out
   * @returns how many were left out before this one, if it is due; else `undefined`
   */
  note(kind: string, periodMs: number): number | undefined {
    const known = this.#periods.get(kind);
    if (known && known.age.elapsed < known.lengthMs) {
      known.left += 1;
      return undefined;
    }
    this.#begin(kind, periodMs, 0);
    return known?.left ?? 0;
  }

  /**
   * Tells the first of a kind at once, and the last of those that were left out, with their number, after ten seconds.
   * While they keep coming, that period becomes longer, up to a minute.
   *
   * @param kind - kinds that are too many are told as one
   * @param text - tells things of one kind apart. Ten different ones are told at once in the first period
   */
  sum(kind: string, tell: Tell, text = ''): void {
    const isKnown = this.#timers.has(kind);
    if (!isKnown && kind !== OTHERS && this.#timers.size >= MAX_SUMS) {
      this.sum(OTHERS, tell);
      return;
    }
    const known = isKnown ? this.#periods.get(kind) : undefined;
    if (!known) {
      this.#begin(kind, FIRST_PERIOD, MAX_TEXTS - 1).texts.add(text);
      this.#endLater(kind);
      tell();
    } else if (known.room > 0 && !known.texts.has(text)) {
      known.room -= 1;
      known.texts.add(text);
      tell();
    } else {
      known.left += 1;
      known.tellLast = tell;
    }
  }

  /** Tells what was left out so far. Called when the application stops. */
  flush(): void {
    for (const [kind, timer] of this.#timers) {
      clearTimeout(timer);
      this.#tellSum(this.#periods.get(kind));
    }
    this.#timers.clear();
  }

  #endLater(kind: string): void {
    const { lengthMs = 0 } = this.#periods.get(kind) ?? {};
    const end = () => {
      const ended = this.#periods.get(kind);
      this.#timers.delete(kind);
      this.#periods.delete(kind);
      if (!ended || ended.left === 0) return;
      this.#tellSum(ended);
      this.#begin(kind, Math.min(lengthMs * 2, LONGEST_PERIOD), 0);
      this.#endLater(kind);
    };
    this.#timers.set(kind, setTimeout(end, lengthMs).unref());
  }

  #tellSum(period: Period | undefined): void {
    if (!period || period.left === 0) return;
    period.tellLast?.({ count: period.left, periodMs: Math.round(period.age.elapsed) });
  }

  #begin(kind: string, lengthMs: number, room: number): Period {
    const period = { age: new Stopwatch(), lengthMs, texts: new Set<string>(), room, left: 0 };
    this.#periods.set(kind, period);
    return period;
  }
}

/** Adds to a line how many like it were left out. */
export function addLeftOut(line: string, leftOut: LeftOut | undefined): string {
  if (!leftOut) return line;
  return `${line} (${leftOut.count} times in the last ${Math.max(1, Math.round(leftOut.periodMs / 1000))} s)`;
}
