import type { TokenSession } from '../../resource-server/access/revocation.js';
import type { TokenLife } from './token-lifetime.js';
import type { TokenOwner } from './token-owner.js';

/**
 * A token in the memory of this process. Either clock can fail: one may stand still, the other may be set back. So a
 * token has to be valid by both.
 */
export interface KeptToken extends TokenLife, TokenSession {
  /** When it expires, in milliseconds of `performance.now()`. */
  readonly diesAt: number;
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
export function toKeptToken(
  { token, keptAt, expiresAt }: TokenLife,
  owner: TokenOwner,
  localMaxAge: number,
): KeptToken {
  const { issuer, subject, sessionId } = owner;
  const monotonic = performance.now();
  const left = expiresAt - Date.now();
  const part = EARLIEST_RENEWAL + Math.random() * (LATEST_RENEWAL - EARLIEST_RENEWAL);
  return {
    token,
    keptAt,
    expiresAt,
    issuer,
    subject,
    sessionId,
    diesAt: monotonic + left,
    freshUntil: monotonic + localMaxAge,
    renewAt: monotonic + left - (expiresAt - keptAt) * (1 - part),
  };
}

/** Whether a token can still be used. */
export function isAlive({ expiresAt, diesAt }: KeptToken): boolean {
  return Date.now() < expiresAt && performance.now() < diesAt;
}
