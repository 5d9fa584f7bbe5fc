/**
 * Seconds by which the clock of whoever answered is ahead of ours (RFC 9110 section 6.6.1, `Date`); negative if it is
 * behind. What a cache keeps tells its age besides (RFC 9111 section 5.1).
 */
export function computeClockSkew({ headers }: Response): number | undefined {
  const date = Date.parse(headers.get('date') ?? '');
  if (Number.isNaN(date)) return undefined;
  const age = Number(headers.get('age') ?? 0);
  return Math.round((date - Date.now()) / 1000 + (Number.isFinite(age) ? age : 0));
}
