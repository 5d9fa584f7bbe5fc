/**
 * When a server answered, by its own clock (`Date`, RFC 9110 section 6.6.1), in milliseconds since the epoch. A cached
 * answer also has an `Age` (RFC 9111 section 5.1), which is added.
 */
export function readServerTime(headers: Headers): number | undefined {
  const date = Date.parse(headers.get('date') ?? '');
  if (Number.isNaN(date)) return undefined;
  const age = Number(headers.get('age') ?? 0);
  return date + (Number.isFinite(age) ? age * 1000 : 0);
}

/** Seconds by which the clock of the server that answered is ahead of ours; negative if it is behind. */
export function computeClockSkew({ headers }: Response): number | undefined {
  const time = readServerTime(headers);
  return time === undefined ? undefined : Math.round((time - Date.now()) / 1000);
}
