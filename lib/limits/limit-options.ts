import { z } from 'zod';
import { rateLimitSchema, type RateLimitOptions } from './rate-limit-options.js';
import { BYTES, QUANTITIES, type Counts, type Quantity } from './quantity.js';

/** How much of each quantity there may be in a process. */
export interface ShareOptions {
  /** Calls that run at once. Defaults to 100 for a caller and 5000 in all. */
  callsInFlight?: number;
  /** Open streams of notifications. Defaults to 32 for a caller and 10 000 in all. */
  streams?: number;
  /** Resources that are subscribed to. Defaults to 1000 for a caller and 50 000 in all. */
  subscriptions?: number;
  /** Conversations of clients before 2026-07-28 whose log level is remembered. Defaults to 100 and 10 000. */
  conversations?: number;
  /** Questions that wait for the answer of a client before 2026-07-28. Defaults to 32 and 10 000. */
  openQuestions?: number;
  /** `requestState` values that were not used yet, where each may be used once. Defaults to 200 and 10 000. */
  openStates?: number;
  /** Tasks that run at once. Defaults to 50 and 5000. */
  runningTasks?: number;
  /** Tasks that are kept, whether they run or are over. Defaults to 200 and 10 000. */
  keptTasks?: number;
  /** Links that users have not used yet, and browsers on their way through one. Defaults to 100 and 10 000. */
  pendingLinks?: number;
  /** Linked accounts in the memory of a process without `replicas.store`. Defaults to 100 and 50 000. */
  linkedAccounts?: number;
  /** Exchanged tokens in the memory of a process, and linked accounts of `replicas.store`. Defaults to 200 and 10 000. */
  cachedTokens?: number;
  /** Access tokens whose verification is remembered. Defaults to 100 and 10 000. */
  cachedCallers?: number;
  /** DPoP proofs that are remembered in the memory of a process. Defaults to 5000 and 50 000. */
  usedProofs?: number;
  /** Bytes of memory that each of these may take. Defaults to 8 MiB for a caller and 64 MiB in all. */
  bytesOfEach?: number;
}

/** How often callers may ask, and what they may hold at once, so that none of them takes the share of the others. */
export interface LimitOptions {
  /** How often one caller may ask. */
  rate?: RateLimitOptions;
  /**
   * What one caller may hold: a user, or a client that acts for itself, at one issuer and by one client. All clients of
   * one user together may hold four times as much. Callers without a token are one caller, unless all callers are
   * (`access.anonymous`).
   */
  perCaller?: ShareOptions;
  /** What all callers of a process may hold together. When it is full, the caller who holds the most makes room. */
  inAll?: ShareOptions;
}

const atLeastOne = z.int().positive('has to be a whole number from 1 up');

/** Bytes. An entry without content is counted as more than a thousand. */
const bytes = z.int().min(8_192, 'has to be at least 8192 bytes');

const names = Object.keys(QUANTITIES) as Quantity[];

const sharesSchema = z.strictObject({
  ...(Object.fromEntries(names.map((name) => [name, atLeastOne.optional()])) as Record<
    Quantity,
    z.ZodOptional<typeof atLeastOne>
  >),
  bytesOfEach: bytes.optional(),
});

/** Schema of {@link LimitOptions}. */
export const limitsSchema = z
  .strictObject({
    rate: rateLimitSchema.optional(),
    perCaller: sharesSchema.optional(),
    inAll: sharesSchema.optional(),
  })
  .superRefine(({ perCaller = {}, inAll = {} }, context) => {
    for (const name of [...names, 'bytesOfEach'] as const) {
      const [own, all] = [perCaller[name], inAll[name]];
      if (own !== undefined && all !== undefined && own > all) {
        const message = `is more than \`limits.inAll.${name}\`, so that one caller could take everything. Lower it`;
        context.addIssue({ code: 'custom', path: ['perCaller', name], message });
      }
    }
  });

/** A number of entries, and the bytes that they may take. */
export interface Cap {
  readonly count: number;
  readonly bytes: number;
}

/** The caps of one quantity. */
export interface QuantityCaps {
  readonly perCaller: Cap;
  /** All clients of a user together. */
  readonly perUser: Cap;
  /** All callers without a token together. */
  readonly anonymous: Cap;
  readonly inAll: Cap;
}

/** {@link LimitOptions} with the defaults filled in. */
export interface ResolvedLimits {
  readonly caps: Readonly<Record<Quantity, QuantityCaps>>;
}

declare module '../options/resolved-options.js' {
  interface ResolvedOptions {
    readonly limits: ResolvedLimits;
  }
}

/** How many clients of a user may each hold as much as a caller may. A client registers others at will. */
export const CLIENTS_OF_USER = 4;

/** The part of everything that callers without a token have. */
const ANONYMOUS_PART = 4;

/**
 * Fills in the defaults.
 *
 * @param isAnonymous - whether no caller has a token. They then have everything, as nobody can be told from others
 */
export function resolveLimits({ perCaller = {}, inAll = {} }: LimitOptions = {}, isAnonymous = false): ResolvedLimits {
  const bytesInAll = inAll.bytesOfEach ?? Math.max(BYTES.inAll, perCaller.bytesOfEach ?? 0);
  const bytesOfCaller = perCaller.bytesOfEach ?? Math.min(BYTES.perCaller, bytesInAll);
  const resolve = (name: Quantity): QuantityCaps => {
    const defaults: Counts = QUANTITIES[name];
    const all = inAll[name] ?? Math.max(defaults.inAll, perCaller[name] ?? 0);
    const own: Cap = { count: perCaller[name] ?? Math.min(defaults.perCaller, all), bytes: bytesOfCaller };
    const bytes = inAll.bytesOfEach ?? Math.max(bytesInAll, all * (defaults.bytes ?? 0));
    const everything: Cap = { count: all, bytes };
    return {
      perCaller: own,
      perUser: multiply(own, CLIENTS_OF_USER),
      anonymous: isAnonymous ? everything : multiply(everything, 1 / ANONYMOUS_PART),
      inAll: everything,
    };
  };
  return { caps: Object.fromEntries(names.map((name) => [name, resolve(name)])) as ResolvedLimits['caps'] };
}

function multiply({ count, bytes: size }: Cap, factor: number): Cap {
  return { count: Math.max(1, Math.floor(count * factor)), bytes: Math.floor(size * factor) };
}
