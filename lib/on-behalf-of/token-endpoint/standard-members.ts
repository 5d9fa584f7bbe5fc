import { decodeJwt } from 'jose';
import type { JsonObject } from '../../json/json-object.js';
import { readServerTime } from '../../resource-server/issuers/clock-skew.js';

/** Seconds in a year. A longer lifetime is not plausible. */
const MAX_LIFETIME = 366 * 24 * 60 * 60;

/**
 * Members of an answer with a token, in the form of RFC 6749 section 5.1. What is no value counts as absent, and so does a
 * lifetime that is not plausible. Nothing that a server may mean otherwise is changed.
 *
 * @param headers - of the answer. By its `Date`, a JWT without `expires_in` tells its lifetime by the server's own clock
 */
export function standardizeMembers(members: JsonObject, headers: Headers): JsonObject {
  const { access_token, token_type, expires_in, scope } = members;
  const standard = {
    ...members,
    token_type: standardizeTokenType(token_type),
    expires_in: readLifetime(expires_in) ?? readLifetime(computeLeft(access_token, headers)),
    scope: standardizeScope(scope),
  };
  return Object.fromEntries(Object.entries(standard).filter(([, value]) => value !== undefined && value !== null));
}

/** In lower case. Some servers write a space around it, or name Bearer in two words. */
function standardizeTokenType(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const type = value.trim().toLowerCase();
  return /^bearer[ _-]?token$/.test(type) ? 'bearer' : type;
}

/** Some servers write a list. What is neither text nor a list of texts says nothing. */
function standardizeScope(value: unknown): string | undefined {
  const words = [value].flat();
  return words.every((one) => typeof one === 'string') ? words.join(' ') : undefined;
}

/** Seconds. Some servers write them as text. */
function readLifetime(value: unknown): number | undefined {
  const seconds = typeof value === 'string' && /^ *\d{1,9}(?:\.\d{1,9})? *$/.test(value) ? Number(value) : value;
  return typeof seconds === 'number' && seconds > 0 && seconds <= MAX_LIFETIME ? seconds : undefined;
}

/** Seconds until the `exp` of a JWT, by the clock of the server that sent it; `undefined` if either is not told. */
function computeLeft(token: unknown, headers: Headers): number | undefined {
  const time = readServerTime(headers);
  if (time === undefined || typeof token !== 'string') return undefined;
  try {
    const { exp } = decodeJwt(token);
    return typeof exp === 'number' ? exp - time / 1000 : undefined;
  } catch {
    return undefined;
  }
}
