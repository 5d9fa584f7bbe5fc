import type { Tally } from './tally.js';

/** Among holders that have about as much, so many are compared. */
const COMPARED = 64;

/** Finds who holds the most without a look at everyone: holders are sorted by the magnitude of their part. */
export class Ranking {
  readonly #byMagnitude = new Map<number, Set<Tally>>();
  readonly #places = new Map<Tally, number>();

  /** @param part - of everything, from 0 to 1 */
  place(tally: Tally, part: number): void {
    const magnitude = Math.floor(Math.log2(part));
    if (this.#places.get(tally) === magnitude) return;
    this.remove(tally);
    const peers = this.#byMagnitude.get(magnitude) ?? new Set();
    this.#byMagnitude.set(magnitude, peers.add(tally));
    this.#places.set(tally, magnitude);
  }

  remove(tally: Tally): void {
    const magnitude = this.#places.get(tally);
    if (magnitude === undefined) return;
    const peers = this.#byMagnitude.get(magnitude);
    peers?.delete(tally);
    if (peers?.size === 0) this.#byMagnitude.delete(magnitude);
    this.#places.delete(tally);
  }

  /** Counts as the youngest among those that have about as much. */
  touch(tally: Tally): void {
    const magnitude = this.#places.get(tally);
    const peers = magnitude === undefined ? undefined : this.#byMagnitude.get(magnitude);
    if (peers?.delete(tally)) peers.add(tally);
  }

  /**
   * Finds the one with the most. Among equals, the oldest.
   *
   * @param measure - the part that one has; negative if it does not count
   */
  findHeaviest(measure: (tally: Tally) => number): Tally | undefined {
    const magnitudes = [...this.#byMagnitude.keys()].sort((a, b) => b - a);
    for (const magnitude of magnitudes) {
      let [heaviest, most, compared]: [Tally | undefined, number, number] = [undefined, -1, 0];
      for (const tally of this.#byMagnitude.get(magnitude) ?? []) {
        const part = measure(tally);
        if (part > most && part >= 0) [heaviest, most] = [tally, part];
        compared += 1;
        if (heaviest && compared >= COMPARED) break;
      }
      if (heaviest) return heaviest;
    }
    return undefined;
  }
}
