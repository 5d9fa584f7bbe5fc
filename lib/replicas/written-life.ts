/** Milliseconds by which the clocks of replicas may differ until one of them counts as wrong. */
const CLOCK_TOLERANCE = 60_000;

/** Milliseconds for which a token is used whose age nobody knows. The store is asked again then. */
export const LIFE_OF_UNKNOWN_AGE = 2_000;

/** How long a token lasts, as a replica wrote it down: periods, from a time of its own clock. */
export interface WrittenLife {
  /** Milliseconds since the epoch, by the clock of the replica that wrote it. */
  readonly writtenAt: number;
  /** Milliseconds from then until it is to be replaced. */
  readonly replacedAfter: number;
  /** Milliseconds from then until it is of no use. */
  readonly usableFor: number;
}

/**
 * Milliseconds since a life was written. They are never absolute: the clock of the other replica may be wrong, or that of
 * this one.
 *
 * @returns `undefined` if it is over by the clock of this process, or its writer has another clock
 */
export function computeAge({ writtenAt, usableFor }: Pick<WrittenLife, 'writtenAt' | 'usableFor'>): number | undefined {
  const age = Date.now() - writtenAt;
  return age >= -CLOCK_TOLERANCE && age <= usableFor ? Math.max(age, 0) : undefined;
}
