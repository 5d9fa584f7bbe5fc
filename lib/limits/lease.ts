import type { Cap } from './limit-options.js';
import type { Displaceable, Holder, Tally } from './tally.js';

/** A part of a quantity that is held until it is released. */
export class Lease implements Displaceable {
  #holds = 1;
  #isReleased = false;

  /**
   * @param holder - who it is held for
   * @param tallies - everything that it counts toward
   * @param onDisplaced - called when another one takes its place; without it, none can
   * @param end - called once, when nothing holds it any more
   */
  constructor(
    readonly holder: Holder | undefined,
    readonly tallies: readonly Tally[],
    readonly size: Cap,
    readonly onDisplaced: (() => void) | undefined,
    private readonly end: (lease: Lease) => void,
  ) {}

  /** Gives it back, unless something else still holds it. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#drop();
  }

  /** Holds it until the work is over, too. The work may go on after the request that began it. */
  hold(work: Promise<unknown>): void {
    if (this.#holds === 0) return;
    this.#holds += 1;
    const drop = () => {
      this.#drop();
    };
    work.then(drop, drop);
  }

  /** Counts as the youngest from now on. */
  touch(): void {
    for (const tally of this.tallies) if (tally.withdraw(this)) tally.offer(this);
  }

  /** Takes it away. */
  displace(): void {
    if (this.#holds === 0) return;
    this.#holds = 0;
    this.#isReleased = true;
    this.end(this);
    this.onDisplaced?.();
  }

  #drop(): void {
    if (this.#holds === 0) return;
    this.#holds -= 1;
    if (this.#holds === 0) this.end(this);
  }
}
