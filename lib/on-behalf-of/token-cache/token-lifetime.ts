import { decodeJwt } from 'jose';
import type { ExchangedToken } from '../dialects/dialect.js';

/** Milliseconds before its expiry in which a token is replaced. It still has to travel, and clocks differ. */
const MARGIN = 30_000;

/** Milliseconds before its expiry in which a token is not used at all, even if no other can be had. */
const LAST_MARGIN = 2_000;

/** Milliseconds by which the clock of an issuer may differ from that of this process. */
const CLOCK_TOLERANCE = 60_000;

/** Most milliseconds for which a token is kept, whatever its lifetime. */
export const LONGEST_LIFE = 24 * 60 * 60_000;

/** A token, and the period in which it is kept. */
export interface TokenLife {
  readonly token: ExchangedToken;
  /** Milliseconds since the epoch. */
  readonly keptAt: number;
  /** When it is to be replaced, in milliseconds since the epoch. Equals `keptAt` if the token is not to be kept. */
  readonly expiresAt: number;
  /** Until when it is used as long as no new one can be had, in milliseconds since the epoch. */
  readonly usableUntil: number;
  /** Marks of revocations from before it was obtained. Absent if the shared store did not answer then. */
  readonly marks?: Marks | undefined;
}

/**
 * What a revocation changes in the shared store: one mark of the user, and one of the session. A token is valid while
 * the marks equal those from before it was obtained. Clocks need not agree for that.
 */
export type Marks = readonly [subject: string, session: string];

/**
 * Whether a token was revoked by another process.
 *
 * @param present - the marks that are in the store now. A store that lost them tells nothing
 * @param since - the marks from before the token was obtained, if they are known
 */
export function isRevokedBy(present: Marks, since: Marks | undefined): boolean {
  return present.some((mark, at) => mark !== '' && mark !== since?.[at]);
}

/**
 * @param subjectExpiresAt - when the caller's token expires, in milliseconds since the epoch
 * @param askedAt - when the token was asked for, in milliseconds since the epoch; it may be as old as that
 */
export function computeLife(token: ExchangedToken, subjectExpiresAt: number, askedAt: number): TokenLife {
  // The clock may have been set back meanwhile.
  const keptAt = Math.min(askedAt, Date.now());
  const lifetime = computeLifetime(token, keptAt);
  const { replacedAfter, usableFor } = applyMargins(lifetime);
  const end = (after: number) => {
    const kept = Math.min(after, subjectExpiresAt - keptAt);
    return keptAt + (kept > 0 ? kept : 0);
  };
  return { token, keptAt, expiresAt: end(replacedAfter), usableUntil: end(usableFor) };
}

/**
 * When a token of any kind is to be replaced, and until when it is used if none can be had: milliseconds after it was
 * asked for.
 *
 * @param lifetime - milliseconds for which it is valid
 */
export function applyMargins(lifetime: number): { readonly replacedAfter: number; readonly usableFor: number } {
  const less = (margin: number) => lifetime - Math.min(margin, lifetime / 2);
  return { replacedAfter: less(MARGIN), usableFor: less(LAST_MARGIN) };
}

/**
 * Milliseconds for which a new token is valid. A token without a plausible lifetime is not kept.
 *
 * @returns zero, a negative number or NaN if the token is not to be kept
 */
function computeLifetime(token: ExchangedToken, now: number): number {
  const { expiresInMs } = token;
  const expiry = readExpiry(token.value, now);
  const told: readonly unknown[] = [expiresInMs ?? [], expiry ?? []].flat();
  if (told.length === 0 || !told.every((life) => typeof life === 'number')) return 0;
  return Math.min(...told, LONGEST_LIFE);
}

/**
 * What is left of a JWT by its `exp`, in milliseconds; `undefined` for other tokens. If the clock of this process
 * contradicts the token, which is new, the period from `iat` to `exp` counts: both are of the issuer's clock. No token is
 * valid for longer than that period.
 */
function readExpiry(token: string, now: number): number | undefined {
  try {
    const { exp, iat } = decodeJwt(token);
    if (typeof exp !== 'number') return undefined;
    const left = exp * 1000 - now;
    if (typeof iat !== 'number') return left;
    const whole = (exp - iat) * 1000;
    return left > 0 && left <= whole + CLOCK_TOLERANCE ? Math.min(left, whole) : whole;
  } catch {
    return undefined;
  }
}
