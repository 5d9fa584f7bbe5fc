/** How much runs at once, and how much waits. */
export interface BulkheadLimits {
  readonly maxConcurrent: number;
  readonly maxQueued: number;
}

/** Too much runs and waits. */
export class BulkheadFullError extends Error {}

interface Waiting {
  readonly begin: () => void;
  readonly refuse: (error: BulkheadFullError) => void;
}

/**
 * Limits how much runs at once, for parties that do not trust each other. Those who wait take turns, whoever has more
 * waiting. If no more can wait, the party with the most loses what it sent last.
 */
export class FairBulkhead {
  /** By party. Whose turn is next comes first. */
  readonly #queues = new Map<string, Waiting[]>();
  #running = 0;
  #waiting = 0;

  constructor(private readonly limits: BulkheadLimits) {}

  /**
   * Runs work when it is the turn of its party.
   *
   * @param party - key of whoever asks for it
   * @throws {@link BulkheadFullError} if too much runs and waits, also later, for the sake of another party
   */
  async execute<Result>(party: string, work: () => Promise<Result>): Promise<Result> {
    if (this.#running >= this.limits.maxConcurrent) await this.#wait(party);
    else this.#running += 1;
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  async #wait(party: string): Promise<void> {
    if (this.#waiting >= this.limits.maxQueued) this.#makeRoom(party);
    await new Promise<void>((begin, refuse) => {
      const queue = this.#queues.get(party) ?? [];
      this.#queues.set(party, queue);
      queue.push({ begin, refuse });
      this.#waiting += 1;
    });
  }

  /** Refuses the last of the party that has more waiting than this one would have. */
  #makeRoom(party: string): void {
    const mine = (this.#queues.get(party)?.length ?? 0) + 1;
    let heaviest: [party: string, queue: Waiting[]] | undefined;
    for (const one of this.#queues) if (one[1].length > (heaviest?.[1].length ?? mine)) heaviest = one;
    if (!heaviest) throw new BulkheadFullError('Too much waits');
    const [loser, queue] = heaviest;
    const last = queue.pop();
    if (queue.length === 0) this.#queues.delete(loser);
    this.#waiting -= 1;
    last?.refuse(new BulkheadFullError('Others have less waiting'));
  }

  /** The place goes to the party whose turn it is, and its next turn comes after those of all others. */
  #leave(): void {
    const [next] = this.#queues;
    if (!next) {
      this.#running -= 1;
      return;
    }
    const [party, queue] = next;
    const first = queue.shift();
    this.#queues.delete(party);
    if (queue.length > 0) this.#queues.set(party, queue);
    this.#waiting -= 1;
    first?.begin();
  }
}
