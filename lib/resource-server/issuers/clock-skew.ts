/**
 * Seconds by which the server's clock is ahead of ours (`Date`, RFC 9110 section 6.6.1); negative if it is behind. A
 * cached answer also has an `Age` (RFC 9111 section 5.1), which is added.
 */
export function computeClockSkew({ headers }: Response): number | undefined {
  const date = Date.parse(headers.get('date') ?? '');
  if (Number.isNaN(date)) return undefined;
  const age = Number(headers.get('age') ?? 0);
  return Math.round((date - Date.now()) / 1000 + (Number.isFinite(age) ? age : 0));
}
