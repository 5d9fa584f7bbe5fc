/** How many of one kind there may be. */
export interface Counts {
  /** For each caller. */
  readonly perCaller: number;
  /** For all callers of a process together. */
  readonly inAll: number;
  /**
   * What happens to a caller who has that many: the next one is refused, or the oldest one of the same caller is
   * displaced.
   */
  readonly atCap: 'refuse' | 'displace';
  /** What a client is told of it. */
  readonly label: string;
  /** Bytes that each takes, where all take the same. As many as there may be in all then fit, unless the options say less. */
  readonly bytes?: number;
}

/** Bytes that an entry takes besides its content, with the tallies of a holder who has no other. */
export const OVERHEAD = 1_280;

/** Bytes that an open stream takes, estimated. */
export const STREAM_SIZE = 16 * 1024;

/** Everything that the server holds for callers, with the defaults. A person with a few clients never meets them. */
export const QUANTITIES = {
  callsInFlight: { perCaller: 100, inAll: 5_000, atCap: 'refuse', label: 'running calls' },
  streams: {
    perCaller: 32,
    inAll: 10_000,
    atCap: 'refuse',
    label: 'open streams',
    bytes: STREAM_SIZE + OVERHEAD,
  },
  subscriptions: { perCaller: 1_000, inAll: 50_000, atCap: 'displace', label: 'subscriptions' },
  conversations: { perCaller: 100, inAll: 10_000, atCap: 'displace', label: 'conversations' },
  openQuestions: { perCaller: 32, inAll: 10_000, atCap: 'refuse', label: 'open questions' },
  openStates: { perCaller: 200, inAll: 10_000, atCap: 'displace', label: 'open request states' },
  runningTasks: { perCaller: 50, inAll: 5_000, atCap: 'refuse', label: 'running tasks' },
  keptTasks: { perCaller: 200, inAll: 10_000, atCap: 'displace', label: 'tasks' },
  pendingLinks: { perCaller: 100, inAll: 10_000, atCap: 'displace', label: 'pending links' },
  linkedAccounts: { perCaller: 100, inAll: 50_000, atCap: 'refuse', label: 'linked accounts' },
  cachedTokens: { perCaller: 200, inAll: 10_000, atCap: 'displace', label: 'cached tokens' },
  cachedCallers: { perCaller: 100, inAll: 10_000, atCap: 'displace', label: 'cached callers' },
  usedProofs: { perCaller: 5_000, inAll: 50_000, atCap: 'displace', label: 'used proofs' },
} as const satisfies Readonly<Record<string, Counts>>;

/** Name of something that the server holds for callers. */
export type Quantity = keyof typeof QUANTITIES;

/** Bytes of memory for each quantity. */
export const BYTES = { perCaller: 8 * 1024 * 1024, inAll: 64 * 1024 * 1024 } as const;
