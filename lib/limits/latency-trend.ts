import { WINDOW, type AdaptiveLimit, type Passage } from './adaptive-limit.js';
import type { TypicalDuration } from './typical-duration.js';

/** Share of the answers that are late under too much load: nearly all. Where kinds of work are mixed, it is some. */
const NEARLY_ALL = 0.9;

/** Share of the answers that have to be late, so that a lower limit was of no use. */
const SOME = 0.4;

/** How much quicker answers have to become for a lower limit to be of use. */
const OF_USE = 0.9;

interface Answered {
  readonly isLate: boolean;
  readonly milliseconds: number;
  /** How many times as long as the patience with it. */
  readonly ratio: number;
  /** Of its kind, and of its party. */
  readonly typical: readonly TypicalDuration[];
}

/**
 * Lowers a limit if nearly all answers are late while many requests run. If they do not become quicker by it, it is not for the
 * load that they are slow: the limit is what it was before, and the answers count as usual from then on. An API that has
 * become slow, and works, is not throttled for long.
 */
export class LatencyTrend {
  #recent: Answered[] = [];
  #round = 0;
  #lowered: { readonly from: number; readonly ratio: number } | undefined;

  constructor(private readonly limit: AdaptiveLimit) {}

  /** Whether so much runs that answers may be late for that. */
  get isLoaded(): boolean {
    return this.limit.running >= this.limit.value / 2;
  }

  /** Counts an answer, unless it began before the limit was lowered. */
  add(passage: Passage, answered: Answered): void {
    if (this.#round !== this.limit.round) this.#start();
    if (passage.round !== this.#round) return;
    this.#recent.push(answered);
    if (this.#recent.length >= Math.min(WINDOW, this.limit.value)) this.#judge(this.#recent);
  }

  #judge(answers: readonly Answered[]): void {
    this.#recent = [];
    const late = answers.filter(({ isLate }) => isLate);
    const ratio = findMedian(late.map((one) => one.ratio));
    const before = this.#lowered;
    this.#lowered = undefined;
    if (before && late.length >= SOME * answers.length && ratio > OF_USE * before.ratio) {
      for (const { typical, milliseconds } of late) for (const one of typical) one.accept(milliseconds);
      this.limit.restore(before.from);
    } else if (late.length < NEARLY_ALL * answers.length || !this.isLoaded) {
      for (const { typical, milliseconds } of late)
        for (const one of typical) one.learn(milliseconds, { isLate: true, isLoaded: this.isLoaded });
    } else {
      this.#lowered = { from: this.limit.value, ratio };
      this.limit.lower();
      this.#start();
    }
  }

  #start(): void {
    this.#recent = [];
    this.#round = this.limit.round;
  }
}

function findMedian(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
