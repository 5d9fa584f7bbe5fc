/** Milliseconds in which nothing is late. What is as quick as that says nothing about load. */
const LEAST_PATIENCE = 500;

/** How many times as long as usual something may take before it is late. */
const TOLERANCE = 3;

/** How much longer than an accepted answer the next ones may take. */
const MARGIN = 1.5;

/** Answers over which the average is taken. */
const MEMORY = 50;

/** The same while so much runs that answers may be slow for that. */
const MEMORY_UNDER_LOAD = 200;

/** How long one kind of request usually takes. Long requests beside short ones are measured by their own kind. */
export class TypicalDuration {
  #mean: number | undefined;
  #count = 0;

  /** @param longest - most milliseconds before something is late, also while nothing is known */
  constructor(private readonly longest: number) {}

  get isKnown(): boolean {
    return this.#mean !== undefined;
  }

  /** Milliseconds after which a request is late. */
  get patience(): number {
    if (this.#mean === undefined) return this.longest;
    return Math.min(this.longest, Math.max(LEAST_PATIENCE, TOLERANCE * this.#mean));
  }

  /**
   * Counts an answer. One that came in time under load, and took longer than others, is not what it takes without load.
   */
  learn(milliseconds: number, { isLate, isLoaded }: { readonly isLate: boolean; readonly isLoaded: boolean }): void {
    this.#mean ??= milliseconds;
    const isLonger = isLoaded && milliseconds > this.#mean;
    if (isLonger && !isLate) return;
    this.#count = Math.min(this.#count + 1, MEMORY);
    this.#mean += (milliseconds - this.#mean) / (isLonger ? MEMORY_UNDER_LOAD : this.#count);
  }

  /** From now on, an answer that takes so long is in time. */
  accept(milliseconds: number): void {
    const enough = Math.min(MARGIN * milliseconds, this.longest) / TOLERANCE;
    this.#mean = Math.max(this.#mean ?? 0, enough);
  }
}
