import type { TokenClaims } from '../access/claims.js';
import type { ResolvedIssuer } from '../issuers/resolved-issuer.js';
import { InvalidTokenError } from './invalid-token-error.js';

/** Seconds by which times of an issuer may differ from ours. */
type Tolerance = Pick<ResolvedIssuer, 'clockToleranceSeconds' | 'issuedAheadSeconds'>;

/**
 * Checks the times of a token (RFC 7519 sections 4.1.4 to 4.1.6).
 *
 * @throws {@link InvalidTokenError} if it has expired, is not valid yet, or has a time that is no number
 */
export function checkTimes({ exp, nbf, iat }: TokenClaims, tolerance: Tolerance): void {
  const { clockToleranceSeconds } = tolerance;
  const now = Date.now() / 1000;
  if (!isTime(exp)) throw new InvalidTokenError('The token has no expiry');
  if (exp + clockToleranceSeconds <= now) throw new InvalidTokenError('The token has expired');
  for (const time of [nbf, iat])
    if (time !== undefined && !isTime(time)) throw new InvalidTokenError('The token has a time that is not a number');
  if ((isTime(nbf) && nbf - clockToleranceSeconds > now) || (isTime(iat) && isIssuedAhead(iat, tolerance)))
    throw new InvalidTokenError('The token is not valid yet');
}

/** Whether a token says that it was issued later than the clocks can differ. */
export function isIssuedAhead(iat: number, { issuedAheadSeconds }: Tolerance): boolean {
  return iat - issuedAheadSeconds > Date.now() / 1000;
}

/** JSON can contain numbers that parse as Infinity. */
function isTime(value: unknown): value is number {
  return Number.isFinite(value);
}
