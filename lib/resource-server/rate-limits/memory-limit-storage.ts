import type { ThrottlerStorage } from '@nestjs/throttler';
import { ExpiringCache } from '../../time/expiring-cache.js';
import { Stopwatch } from '../../time/stopwatch.js';

/** Requests that were counted together, or the time for which no more are served. */
interface Count {
  hits: number;
  readonly isBlocked: boolean;
  /** Milliseconds. */
  readonly lifetime: number;
  readonly age: Stopwatch;
}

type Increment = ThrottlerStorage['increment'];

/** Maximum number of counts. One takes about 300 bytes. The least recently used go first. */
const MAX_COUNTS = 50_000;

/**
 * Counts in the memory of this process: as many callers as there is room for, with a number for each. The storage of
 * `@nestjs/throttler` keeps the time of each request, for any number of callers, and a timer.
 */
export class MemoryLimitStorage implements ThrottlerStorage {
  readonly #counts = new ExpiringCache<Count>(MAX_COUNTS);

  increment(key: string, ttl: number, limit: number, blockDuration: number): ReturnType<Increment> {
    let count = this.#counts.get(key) ?? this.#start(key, ttl, false);
    if (!count.isBlocked) count.hits += 1;
    const isOver = count.hits > limit;
    if (isOver && !count.isBlocked && blockDuration > 0) count = this.#start(key, blockDuration, true, count.hits);
    const seconds = Math.ceil((count.lifetime - count.age.elapsed) / 1000);
    return Promise.resolve({
      totalHits: count.hits,
      timeToExpire: seconds,
      isBlocked: isOver,
      timeToBlockExpire: isOver ? seconds : 0,
    });
  }

  #start(key: string, lifetime: number, isBlocked: boolean, hits = 0): Count {
    const count = { hits, isBlocked, lifetime, age: new Stopwatch() };
    this.#counts.set(key, count, lifetime);
    return count;
  }
}
