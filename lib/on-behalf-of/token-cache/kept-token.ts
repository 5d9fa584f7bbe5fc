import type { TokenSession } from '../../resource-server/access/revocation.js';
import type { TokenLife } from './token-lifetime.js';
import type { TokenOwner } from './token-owner.js';

/**
 * A token in the memory of this process. Either clock can fail: one may stand still, the other may be set back. So a
 * token has to be valid by both.
 */
export interface KeptToken extends TokenLife, TokenSession {
  /** `usableUntil` in milliseconds of `performance.now()`. */
  readonly diesAt: number;
  /** `expiresAt` in milliseconds of `performance.now()`. */
  readonly replaceAt: number;
  /** Until when it is used without asking the shared store. */
  readonly freshUntil: number;
  /** When it is renewed ahead of time. */
  renewAt: number;
}

/**
 * Part of its life after which a token is renewed ahead of time. It is random, so that renewals do not all coincide.
 */
const EARLIEST_RENEWAL = 0.75;
const LATEST_RENEWAL = 0.9;

/** @param localMaxAge - milliseconds for which the token is used without asking the shared store */
export function toKeptToken(life: TokenLife, owner: TokenOwner, localMaxAge: number): KeptToken {
  const { keptAt, expiresAt, usableUntil } = life;
  const { issuer, subject, sessionId } = owner;
  const monotonic = performance.now();
  const now = Date.now();
  const left = expiresAt - now;
  const part = EARLIEST_RENEWAL + Math.random() * (LATEST_RENEWAL - EARLIEST_RENEWAL);
  return {
    ...life,
    issuer,
    subject,
    sessionId,
    diesAt: monotonic + usableUntil - now,
    replaceAt: monotonic + left,
    freshUntil: monotonic + localMaxAge,
    renewAt: monotonic + left - (expiresAt - keptAt) * (1 - part),
  };
}

/** Whether a token can still be used, even if it is to be replaced. */
export function isAlive({ usableUntil, diesAt }: KeptToken): boolean {
  return Date.now() < usableUntil && performance.now() < diesAt;
}

/** Whether a token is not to be replaced yet. */
export function isGood({ expiresAt, replaceAt }: KeptToken): boolean {
  return Date.now() < expiresAt && performance.now() < replaceAt;
}
