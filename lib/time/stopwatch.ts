/**
 * Tells how long ago it was started. Whichever clock says more counts: the clock on the wall can be set back, and the
 * monotonic one may stand still while the machine sleeps.
 */
export class Stopwatch {
  readonly #wall = Date.now();
  readonly #monotonic = performance.now();

  /** Milliseconds since it was started. */
  get elapsed(): number {
    return Math.max(Date.now() - this.#wall, performance.now() - this.#monotonic);
  }
}
