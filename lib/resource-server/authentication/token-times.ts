import type { TokenClaims } from '../access/claims.js';
import type { ResolvedIssuer } from '../issuers/resolved-issuer.js';
import { createClaimError, createTimeError, NO_OPTION } from './refused-claims.js';

/** Seconds by which times of an issuer may differ from ours. */
type Tolerance = Pick<ResolvedIssuer, 'clockToleranceSeconds' | 'issuedAheadSeconds'>;

/**
 * Checks the times of a token (RFC 7519 sections 4.1.4 to 4.1.6).
 *
 * @throws {@link InvalidTokenError} if it has expired, is not valid yet, or has a time that is no number
 */
export function checkTimes({ exp, nbf, iat }: TokenClaims, tolerance: Tolerance): void {
  const { clockToleranceSeconds, issuedAheadSeconds } = tolerance;
  const now = Date.now() / 1000;
  if (!isTime(exp))
    throw createClaimError('The token has no expiry', { claim: 'exp', came: exp, wanted: 'a number' }, NO_OPTION);
  if (exp + clockToleranceSeconds <= now)
    throw createTimeError('The token has expired', { claim: 'exp', time: exp, wanted: 'after' }, clockToleranceSeconds);
  for (const [claim, time] of Object.entries({ nbf, iat })) {
    if (time !== undefined && !isTime(time)) {
      const wrong = { claim, came: time, wanted: 'a number' };
      throw createClaimError('The token has a time that is not a number', wrong, NO_OPTION);
    }
  }
  const early = (claim: string, time: number, seconds: number) =>
    createTimeError('The token is not valid yet', { claim, time, wanted: 'not after' }, seconds);
  if (isTime(nbf) && nbf - clockToleranceSeconds > now) throw early('nbf', nbf, clockToleranceSeconds);
  if (isTime(iat) && isIssuedAhead(iat, tolerance)) throw early('iat', iat, issuedAheadSeconds);
}

/** Whether a token says that it was issued later than the clocks can differ. */
export function isIssuedAhead(iat: number, { issuedAheadSeconds }: Tolerance): boolean {
  return iat - issuedAheadSeconds > Date.now() / 1000;
}

/** JSON can contain numbers that parse as Infinity. */
function isTime(value: unknown): value is number {
  return Number.isFinite(value);
}
