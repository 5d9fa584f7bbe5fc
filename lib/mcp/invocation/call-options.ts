import type { ResolvedOptions } from '../../options/resolved-options.js';
import { z } from 'zod';

/** How long calls may take, and may wait for an answer of the user. */
export interface CallOptions {
  /** Milliseconds after which a call is given up, where what is called says nothing of it. Defaults to none. */
  timeoutMs?: number;
  /** Milliseconds for which calls may go on when the application stops. Defaults to 10 000. */
  shutdownGraceMs?: number;
  /**
   * Milliseconds that the user has for an answer when a call asks the client (MCP specification 2026-07-28,
   * `requestState`). Defaults to 600 000.
   */
  requestStateLifetimeMs?: number;
}

const milliseconds = z.int().positive('has to be a positive number of milliseconds');

/** The form of {@link CallOptions}. */
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

/** Milliseconds: less than orchestrators wait before they kill. */
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
