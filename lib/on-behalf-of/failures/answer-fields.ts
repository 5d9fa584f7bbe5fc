import { isJsonObject } from '../../json/json-object.js';

/** Most characters of a claims request. It goes to clients in a header. */
const MAX_CLAIMS = 4_000;

/**
 * Reads a claims request (OpenID Connect Core section 5.5), given as an object or as JSON in a string; `undefined` for
 * anything else.
 */
export function readClaimsRequest(value: unknown): string | undefined {
  const text = isJsonObject(value) ? JSON.stringify(value) : value;
  if (typeof text !== 'string' || text.length > MAX_CLAIMS) return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    return isJsonObject(parsed) ? text : undefined;
  } catch {
    return undefined;
  }
}

/** `error` (RFC 6749 section 5.2). Anything else would only fill the log. */
export function readErrorName(error: string): string {
  return /^[\x21\x23-\x5B\x5D-\x7E]{1,100}$/.test(error) ? error : 'unknown error';
}

/** Words separated by spaces (RFC 6749 section 3.3). */
export function splitWords(value: string | undefined): readonly string[] {
  return (value ?? '').split(' ').filter((word) => word !== '');
}

/** Milliseconds, from either form of the header (RFC 9110 section 10.2.3). */
export function parseRetryAfter(value: string | null): number | undefined {
  if (value === null) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}
