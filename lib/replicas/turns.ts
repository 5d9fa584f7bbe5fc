import { randomUUID } from 'node:crypto';
import type { ExchangeLock, ResolvedStore } from './replica-options.js';
import type { Guarded } from './guarded.js';
import { createRedisLock } from './redis-lock.js';

/** Milliseconds after which a turn ends, even if its replica did not end it. */
const LONGEST_TURN = 10_000;

/** The right to exchange. It belongs to this replica, to another, or, if replicas cannot agree, to nobody. */
export interface Turn {
  readonly of: 'us' | 'another' | 'nobody';
  readonly end: () => Promise<unknown>;
}

/** Lets replicas exchange one after the other. */
export class Turns {
  readonly #lock: ExchangeLock | undefined;
  readonly #prefix: string;

  constructor(
    { store, lock, namespace }: ResolvedStore,
    private readonly guarded: Guarded,
  ) {
    this.#lock = lock ?? createRedisLock(store);
    this.#prefix = `${namespace}:v1:lock`;
  }

  async take(id: string): Promise<Turn> {
    const lock = this.#lock;
    if (!lock) return { of: 'nobody', end: () => Promise.resolve() };
    const key = `${this.#prefix}:${id}`;
    const owner = randomUUID();
    const release = () => this.guarded.attempt(() => lock.release(key, owner));
    const isOurs: unknown = await this.guarded.attempt(
      () => lock.acquire(key, owner, LONGEST_TURN),
      // The lock was acquired too late to be used, so it is released.
      (isOurs) => isOurs && void release(),
    );
    if (isOurs === true) return { of: 'us', end: release };
    return { of: isOurs === false ? 'another' : 'nobody', end: () => Promise.resolve() };
  }
}
