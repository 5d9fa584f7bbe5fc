/** How many have their turn before something else may happen. */
const AT_ONCE = 100;

interface Round<One> {
  readonly all: readonly One[];
  readonly visit: (one: One) => void;
  next: number;
}

/** Visits many, one round after the other, a few in each turn of the event loop, so that nobody else waits for them. */
export class Rounds<One> {
  readonly #rounds: Round<One>[] = [];

  /** Begins a round, at once if there is no other. Whoever comes later has no part in it. */
  begin(all: Iterable<One>, visit: (one: One) => void): void {
    this.#rounds.push({ all: [...all], visit, next: 0 });
    if (this.#rounds.length === 1) this.#go();
  }

  #go(): void {
    const [round] = this.#rounds;
    if (!round) return;
    const { all, visit } = round;
    const end = Math.min(round.next + AT_ONCE, all.length);
    for (; round.next < end; round.next += 1) {
      try {
        visit(all[round.next] as One);
      } catch {
        // The others still have their turn.
      }
    }
    if (end === all.length) this.#rounds.shift();
    if (this.#rounds.length === 0) return;
    setImmediate(() => {
      this.#go();
    });
  }
}
