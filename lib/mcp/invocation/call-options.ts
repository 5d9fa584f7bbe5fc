import type { ResolvedOptions } from '../../options/resolved-options.js';
import { z } from 'zod';
import { LONGEST_TIMEOUT } from '../../time/time-limit.js';

/** Limits on how long calls may take, and how long they may wait for the user. */
export interface CallOptions {
  /** Milliseconds after which a call is aborted, unless the primitive sets its own limit. Defaults to no limit. */
  timeoutMs?: number;
  /**
   * Milliseconds for which calls are still taken when the application stops, while the health indicator says `down`, so
   * that balancers leave the server alone before it takes nothing new. Defaults to 10 000 where a signal stops the
   * process and the health indicator was asked within the last minute, and else to 0.
   */
  balancerGraceMs?: number;
  /** Milliseconds for which calls may continue when the application stops. Defaults to 10 000. */
  shutdownGraceMs?: number;
  /**
   * Milliseconds that the user has to answer a question of a call (MCP specification 2026-07-28, `requestState`).
   * Defaults to 600 000.
   */
  requestStateLifetimeMs?: number;
  /**
   * Gives up that a `requestState` is good for one use: a client that sends it again has the call run again, with the
   * same answers of the user. Defaults to `false` with `replicas.store`, where unused states are kept, and to `true`
   * without it. `false` without a store holds in this process only.
   */
  allowRequestStateReplay?: boolean;
}

const milliseconds = z.int().positive('has to be a positive number of milliseconds');

/** Schema of {@link CallOptions}. */
export const callsSchema = z.strictObject({
  timeoutMs: milliseconds.optional(),
  balancerGraceMs: z
    .int()
    .nonnegative('has to be a whole number of milliseconds, from 0 up')
    .max(LONGEST_TIMEOUT, `has to be at most ${LONGEST_TIMEOUT} milliseconds`)
    .optional(),
  shutdownGraceMs: z.int().nonnegative('has to be a whole number of milliseconds, from 0 up').optional(),
  requestStateLifetimeMs: milliseconds.optional(),
  allowRequestStateReplay: z.boolean().optional(),
});

declare module '../../options/resolved-options.js' {
  interface ResolvedOptions {
    readonly timeoutMs: number | undefined;
    readonly balancerGraceMs: number | undefined;
    readonly shutdownGraceMs: number;
    readonly requestStateLifetimeMs: number;
    readonly allowRequestStateReplay: boolean;
  }
}

/** Milliseconds. Shorter than the grace period of common orchestrators. */
const SHUTDOWN_GRACE = 10_000;

/** Milliseconds. */
const REQUEST_STATE_LIFETIME = 600_000;

/**
 * Fills in the defaults.
 *
 * @param isShared - whether there is a store that replicas share
 */
export function resolveCalls(
  {
    timeoutMs,
    balancerGraceMs,
    shutdownGraceMs = SHUTDOWN_GRACE,
    requestStateLifetimeMs = REQUEST_STATE_LIFETIME,
    allowRequestStateReplay,
  }: CallOptions = {},
  isShared: boolean,
): Pick<
  ResolvedOptions,
  'timeoutMs' | 'balancerGraceMs' | 'shutdownGraceMs' | 'requestStateLifetimeMs' | 'allowRequestStateReplay'
> {
  return {
    timeoutMs,
    balancerGraceMs,
    shutdownGraceMs,
    requestStateLifetimeMs,
    allowRequestStateReplay: allowRequestStateReplay ?? !isShared,
  };
}
