import type { ResolvedOptions } from '../../options/resolved-options.js';
import { z } from 'zod';

/** Limits on how long calls may take, and how long they may wait for the user. */
export interface CallOptions {
  /** Milliseconds after which a call is aborted, unless the primitive sets its own limit. Defaults to no limit. */
  timeoutMs?: number;
  /** Milliseconds for which calls may continue when the application stops. Defaults to 10 000. */
  shutdownGraceMs?: number;
  /**
   * Milliseconds that the user has to answer a question of a call (MCP specification 2026-07-28, `requestState`).
   * Defaults to 600 000.
   */
  requestStateLifetimeMs?: number;
}

const milliseconds = z.int().positive('has to be a positive number of milliseconds');

/** Schema of {@link CallOptions}. */
export const callsSchema = z.strictObject({
  timeoutMs: milliseconds.optional(),
  shutdownGraceMs: z.int().nonnegative('has to be a whole number of milliseconds, from 0 up').optional(),
  requestStateLifetimeMs: milliseconds.optional(),
});

declare module '../../options/resolved-options.js' {
  interface ResolvedOptions {
    readonly timeoutMs: number | undefined;
    readonly shutdownGraceMs: number;
    readonly requestStateLifetimeMs: number;
  }
}

/** Milliseconds. Shorter than the grace period of common orchestrators. */
const SHUTDOWN_GRACE = 10_000;

/** Milliseconds. */
const REQUEST_STATE_LIFETIME = 600_000;

/** Fills in the defaults. */
export function resolveCalls({
  timeoutMs,
  shutdownGraceMs = SHUTDOWN_GRACE,
  requestStateLifetimeMs = REQUEST_STATE_LIFETIME,
}: CallOptions = {}): Pick<ResolvedOptions, 'timeoutMs' | 'shutdownGraceMs' | 'requestStateLifetimeMs'> {
  return { timeoutMs, shutdownGraceMs, requestStateLifetimeMs };
}
