/** Characters of a value, and how many values are named. */
const MAX_LENGTH = 200;
const MAX_VALUES = 5;

/** Characters of a hash that are told. */
const START = 8;

/** What looks like a token, or like the beginning of one: a JOSE header in base64url, and what follows it. */
const TOKEN = /eyJ[\w-]{6,}(?:\.[\w-]*)*/g;

/** Largest time that can be written, in milliseconds (ECMAScript, time values). */
const MAX_TIME = 8.64e15;

/**
 * Why a request or its token is refused, for operators alone. Texts of strangers in it are not cleaned: the log and the
 * audit do that.
 */
export interface Refusal {
  /** What came, and what was wanted, as the end of a sentence. */
  readonly detail: string;
  /** What would change it: the option, or what to set at the provider. */
  readonly fix: string;
}

/**
 * Says which value came, and which were wanted.
 *
 * @param what - what has the value, such as "its iss"
 * @param came - of a stranger, and of any type
 * @param wanted - the values, or words for them
 */
export function compareValues(what: string, came: unknown, wanted: readonly string[] | string): string {
  return `${what} is ${tellValue(came)}, and wanted is ${typeof wanted === 'string' ? wanted : tellValue(wanted)}`;
}

/** A value of a stranger: cut, and without tokens. */
export function tellValue(value: unknown): string {
  if (typeof value === 'string') return `"${cut(value.replace(TOKEN, '[token]'))}"`;
  if (!Array.isArray(value))
    return value === undefined ? 'missing' : `of type ${value === null ? 'null' : typeof value}`;
  const [more, some] = [value.length - MAX_VALUES, value.slice(0, MAX_VALUES)];
  const named = some.map((one: unknown) => (Array.isArray(one) ? 'a list' : tellValue(one))).join(' or ');
  if (named === '') return 'an empty list';
  return more > 0 ? `${named} or one of ${more} others` : named;
}

/** @param seconds - since 1970 (RFC 7519 section 2, NumericDate), of a stranger */
export function tellTime(seconds: unknown): string {
  if (typeof seconds !== 'number' || !(Math.abs(seconds * 1000) <= MAX_TIME)) return tellValue(seconds);
  return new Date(seconds * 1000).toISOString();
}

/** The first characters of a hash, which suffice to compare it. */
export function tellStart(hash: unknown): string {
  return typeof hash === 'string' ? `"${hash.slice(0, START)}"` : tellValue(hash);
}

function cut(text: string): string {
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}...` : text;
}
