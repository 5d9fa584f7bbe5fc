import { decodeJwt } from 'jose';
import type { ExchangedToken } from '../dialects/dialect.js';

/** Milliseconds before its expiry in which a token is no longer used. It still has to travel, and clocks differ. */
const MARGIN = 30_000;

/** Most milliseconds for which a token is kept, whatever its lifetime. */
export const LONGEST_LIFE = 24 * 60 * 60_000;

/** A token, and the period in which it is kept. */
export interface TokenLife {
  readonly token: ExchangedToken;
  /** Milliseconds since the epoch. */
  readonly keptAt: number;
  /** Milliseconds since the epoch. Equals `keptAt` if the token is not to be kept. */
  readonly expiresAt: number;
}

/**
 * @param subjectExpiresAt - when the caller's token expires, in milliseconds since the epoch
 * @param askedAt - when the token was asked for, in milliseconds since the epoch; it may be as old as that
 */
export function computeLife(token: ExchangedToken, subjectExpiresAt: number, askedAt: number): TokenLife {
  // The clock may have been set back meanwhile.
  const keptAt = Math.min(askedAt, Date.now());
  const lifetime = computeLifetime(token, subjectExpiresAt, keptAt);
  return { token, keptAt, expiresAt: keptAt + (lifetime > 0 ? lifetime : 0) };
}

/**
 * Milliseconds for which a token may be kept. It is kept until shortly before it expires, and no longer than the token
 * it was exchanged for. A token without a plausible lifetime is not kept.
 *
 * @returns zero, a negative number or NaN if the token is not to be kept
 */
function computeLifetime(token: ExchangedToken, subjectExpiresAt: number, now: number): number {
  const expiry = readExpiry(token.value);
  const told: readonly unknown[] = [
    ...(token.expiresInMs === undefined ? [] : [token.expiresInMs]),
    ...(expiry === undefined ? [] : [expiry * 1000 - now]),
  ];
  if (told.length === 0 || !told.every((life) => typeof life === 'number')) return 0;
  const life = Math.min(...told, LONGEST_LIFE);
  return Math.min(life - Math.min(MARGIN, life / 2), subjectExpiresAt - now);
}

/** `exp` of a JWT, in seconds since the epoch; `undefined` for other tokens. */
function readExpiry(token: string): number | undefined {
  try {
    const { exp } = decodeJwt(token);
    return typeof exp === 'number' ? exp : undefined;
  } catch {
    return undefined;
  }
}
