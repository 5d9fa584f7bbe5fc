import { jest } from '@jest/globals';
import { AdaptiveBulkhead, type AdaptiveLimits } from '../../lib/limits/adaptive-bulkhead.js';
import { BulkheadFullError } from '../../lib/limits/fair-bulkhead.js';

/** How a request is answered: after so many milliseconds; `undefined` for never. */
export type Latency = () => number | undefined;

/** What became of requests. */
export interface Counts {
  answered: number;
  timedOut: number;
  refused: number;
}

/** Milliseconds after which a request fails without an answer. */
const TIMEOUT = 10_000;

class TimeoutError extends Error {}

/** A service behind a bulkhead, in virtual time. Tests call `jest.useFakeTimers()` before, and real timers after. */
export class SimulatedService {
  readonly events: boolean[] = [];
  readonly #bulkhead: AdaptiveBulkhead;
  readonly #counts = new Map<string, Counts>();
  inFlight = 0;
  /** Most requests that were in flight at once since it was read last. */
  #peak = 0;

  constructor(limits: Partial<AdaptiveLimits> = {}) {
    this.#bulkhead = new AdaptiveBulkhead(
      { service: 'orders' },
      {
        maxConcurrent: 100,
        maxQueued: 1_000,
        maxWaitMs: TIMEOUT / 2,
        longestPatienceMs: 0.9 * TIMEOUT,
        isAdaptive: true,
        ...limits,
      },
      (isSilent) => this.events.push(isSilent),
    );
  }

  /** What became of requests of a kind, or of all, since it was asked last. */
  count(kind?: string): Counts {
    const sum: Counts = { answered: 0, timedOut: 0, refused: 0 };
    for (const [key, counts] of this.#counts) {
      if (kind !== undefined && key !== kind) continue;
      for (const name of ['answered', 'timedOut', 'refused'] as const) sum[name] += counts[name];
      this.#counts.delete(key);
    }
    return sum;
  }

  /** Most requests in flight at once since it was asked last. */
  takePeak(): number {
    const peak = this.#peak;
    this.#peak = this.inFlight;
    return peak;
  }

  send(party: string, kind: string, latency: Latency): void {
    const counts = this.#counts.get(kind) ?? { answered: 0, timedOut: 0, refused: 0 };
    this.#counts.set(kind, counts);
    this.#bulkhead
      .execute(
        { party, kind },
        () => this.#answer(latency),
        (outcome) => 'result' in outcome,
      )
      .then(
        () => (counts.answered += 1),
        (error: unknown) => {
          if (error instanceof BulkheadFullError) counts.refused += 1;
          else if (error instanceof TimeoutError) counts.timedOut += 1;
          else throw error;
        },
      );
  }

  /** Sends requests of callers by turns, so many in a second, for so many seconds. */
  async sendSteadily(
    perSecond: number,
    seconds: number,
    choose: (number: number) => { readonly party: string; readonly kind?: string; readonly latency: Latency },
  ): Promise<void> {
    for (let number = 0; number < perSecond * seconds; number += 1) {
      const { party, kind = 'one', latency } = choose(number);
      this.send(party, kind, latency);
      await jest.advanceTimersByTimeAsync(1000 / perSecond);
    }
  }

  async #answer(latency: Latency): Promise<void> {
    this.inFlight += 1;
    this.#peak = Math.max(this.#peak, this.inFlight);
    const milliseconds = latency() ?? Infinity;
    try {
      await new Promise((resolve) => setTimeout(resolve, Math.min(milliseconds, TIMEOUT)));
      if (milliseconds > TIMEOUT) throw new TimeoutError();
    } finally {
      this.inFlight -= 1;
    }
  }
}

/** Milliseconds without order, the same in each run: about an average, and now and then much more. */
export function vary(seed: number, average: number): number {
  const random = (Math.imul(seed + 1, 2_654_435_761) >>> 0) / 2 ** 32;
  return -Math.log(1 - random) * average;
}
