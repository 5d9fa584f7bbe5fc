/**
 * Measures the time since it was started, by the wall clock or the monotonic clock, whichever shows more. The wall
 * clock can be set back. The monotonic clock may stop while the machine sleeps.
 */
export class Stopwatch {
  readonly #wall = Date.now();
  readonly #monotonic = performance.now();

  /** Milliseconds since it was started. */
  get elapsed(): number {
    return Math.max(Date.now() - this.#wall, performance.now() - this.#monotonic);
  }
}
