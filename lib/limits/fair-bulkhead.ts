/** How much runs at once, and how much waits. */
export interface BulkheadLimits {
  readonly maxConcurrent: number;
  readonly maxQueued: number;
  /** Milliseconds that work waits at most. Defaults to no limit. */
  readonly maxWaitMs?: number;
}

/** Too much runs and waits. */
export class BulkheadFullError extends Error {}

/** Another limit that work has to pass. */
export interface Entrance {
  /** Takes a place, if there is one. */
  tryEnter(): boolean;
  /** Whether it is of no use to wait for a place. */
  isClosed(): boolean;
}

const OPEN: Entrance = { tryEnter: () => true, isClosed: () => false };

interface Waiting {
  readonly entrance: Entrance;
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
   * @param work - may free its place before it is over
   * @param entrance - of another limit. Defaults to none
   * @throws {@link BulkheadFullError} if too much runs and waits, also later, for the sake of another party
   */
  async execute<Result>(
    party: string,
    work: (freePlace: () => void) => Promise<Result>,
    entrance: Entrance = OPEN,
  ): Promise<Result> {
    if (this.#running >= this.limits.maxConcurrent || !entrance.tryEnter()) await this.#wait(party, entrance);
    else this.#running += 1;
    let hasPlace = true;
    const freePlace = () => {
      if (hasPlace) this.#running -= 1;
      hasPlace = false;
      this.admit();
    };
    try {
      return await work(freePlace);
    } finally {
      freePlace();
    }
  }

  /** Begins what waits and has a place now. The next turn of its party comes after those of all others. */
  admit(): void {
    while (this.#waiting > 0 && this.#running < this.limits.maxConcurrent) {
      const next = this.#takeNext();
      if (!next) return;
      this.#running += 1;
      next.begin();
    }
  }

  /** Begins what has a place now, and refuses what waits at a closed entrance. */
  review(): void {
    this.admit();
    for (const [party, queue] of this.#queues)
      for (const one of [...queue]) if (one.entrance.isClosed()) this.#refuse(party, queue, one, createClosedError());
  }

  async #wait(party: string, entrance: Entrance): Promise<void> {
    if (entrance.isClosed()) throw createClosedError();
    if (this.#waiting >= this.limits.maxQueued) this.#makeRoom(party);
    let timer: NodeJS.Timeout | undefined;
    const turn = new Promise<void>((begin, refuse) => {
      const queue = this.#queues.get(party) ?? [];
      this.#queues.set(party, queue);
      const one = { entrance, begin, refuse };
      queue.push(one);
      this.#waiting += 1;
      const { maxWaitMs } = this.limits;
      if (maxWaitMs === undefined) return;
      timer = setTimeout(() => {
        this.#refuse(party, queue, one, new BulkheadFullError('It has waited for too long'));
      }, maxWaitMs);
    });
    try {
      await turn;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Refuses the last of the party that has more waiting than this one would have. */
  #makeRoom(party: string): void {
    const mine = (this.#queues.get(party)?.length ?? 0) + 1;
    let heaviest: [party: string, queue: Waiting[]] | undefined;
    for (const one of this.#queues) if (one[1].length > (heaviest?.[1].length ?? mine)) heaviest = one;
    const last = heaviest?.[1].at(-1);
    if (!heaviest || !last) throw new BulkheadFullError('Too much waits');
    this.#refuse(...heaviest, last, new BulkheadFullError('Others have less waiting'));
  }

  #refuse(party: string, queue: Waiting[], one: Waiting, error: BulkheadFullError): void {
    const index = queue.indexOf(one);
    if (index === -1) return;
    this.#remove(party, queue, index);
    one.refuse(error);
  }

  #takeNext(): Waiting | undefined {
    for (const [party, queue] of this.#queues) {
      const index = queue.findIndex(({ entrance }) => entrance.tryEnter());
      const one = queue[index];
      if (!one) continue;
      this.#remove(party, queue, index);
      if (this.#queues.delete(party)) this.#queues.set(party, queue);
      return one;
    }
    return undefined;
  }

  #remove(party: string, queue: Waiting[], index: number): void {
    queue.splice(index, 1);
    this.#waiting -= 1;
    if (queue.length === 0) this.#queues.delete(party);
  }
}

function createClosedError(): BulkheadFullError {
  return new BulkheadFullError('Nothing is answered');
}
