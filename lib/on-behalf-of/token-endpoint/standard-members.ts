import type { JsonObject } from '../../json/json-object.js';

/** Seconds in a year. A longer lifetime is not plausible. */
const MAX_LIFETIME = 366 * 24 * 60 * 60;

/**
 * Members of an answer with a token, in the form of RFC 6749 section 5.1. What is no value counts as absent, and so does a
 * lifetime that is not plausible. Nothing that a server may mean otherwise is changed.
 */
export function standardizeMembers(members: JsonObject): JsonObject {
  const { token_type, expires_in, scope } = members;
  const standard = {
    ...members,
    token_type: standardizeTokenType(token_type),
    expires_in: readLifetime(expires_in),
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
