import { isJsonObject } from '../../json/json-object.js';
import type { ApiParameter } from '../operations/api-operation.js';
import { RequestProblem } from './request-problem.js';

/** Writes one value as text, without any encoding. */
export function writeText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value;
  // JSON writes them with an exponent, which is no integer to most APIs.
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value).toString();
  return JSON.stringify(value);
}

/** Characters of RFC 3986 section 2.2 that stay where `allowReserved` says so, except those that end or part a query. */
const RESERVED = /%(3A|2F|3F|40|21|24|27|28|29|2A|2C|3B|5B|5D)/g;

/**
 * Encodes a value for a URI (RFC 3986 section 2).
 *
 * @throws {@link RequestProblem} if it is no Unicode text
 */
export function encodeValue(text: string, allowsReserved = false): string {
  const encoded = encodeUnicode(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
  return allowsReserved ? encoded.replace(RESERVED, (one) => decodeURIComponent(one)) : encoded;
}

function encodeUnicode(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    throw new RequestProblem('A value has half of a surrogate pair, which is no character');
  }
}

/** A name and a value, both encoded. */
export type EncodedPair = readonly [name: string, value: string];

/** What separates the members of a list where they are not exploded. */
const SEPARATORS: Readonly<Partial<Record<ApiParameter['style'], string>>> = {
  spaceDelimited: '%20',
  pipeDelimited: '%7C',
};

/** What the writing of a pair depends on. */
export type PairStyle = Pick<ApiParameter, 'name' | 'style' | 'isExploded' | 'allowsReserved'>;

/** Writes a parameter of a query, or a property of a form (OpenAPI 3.1, Style Values). An empty list is left out. */
export function writePairs({ name, style, isExploded, allowsReserved }: PairStyle, value: unknown): EncodedPair[] {
  const encode = (one: unknown) => encodeValue(writeText(one), allowsReserved);
  const key = encodeValue(name);
  if (!Array.isArray(value) && !isJsonObject(value)) return [[key, encode(value)]];
  if (style === 'deepObject') return writeDeep(key, value, encode);
  const members = Array.isArray(value)
    ? value.map((one): EncodedPair => [key, encode(one)])
    : Object.entries(value).map(([member, one]): EncodedPair => [encodeValue(member), encode(one)]);
  if (isExploded || members.length === 0) return members;
  const written = Array.isArray(value) ? members.map(([, one]) => one) : members.flat();
  return [[key, written.join(SEPARATORS[style] ?? ',')]];
}

/** `filter[status]=open`, at all levels. Lists of plain values have no numbers: `expand[]=customer`. */
function writeDeep(name: string, value: unknown, encode: (value: unknown) => string): EncodedPair[] {
  if (Array.isArray(value)) {
    const isPlain = value.every((one) => typeof one !== 'object' || one === null);
    return value.flatMap((one, index) => writeDeep(`${name}[${isPlain ? '' : index}]`, one, encode));
  }
  if (!isJsonObject(value)) return [[name, encode(value)]];
  return Object.entries(value).flatMap(([member, one]) => writeDeep(`${name}[${encodeValue(member)}]`, one, encode));
}

/** Writes a parameter of a path, encoded (OpenAPI 3.1, Style Values). */
export function writePath({ name, style, isExploded }: ApiParameter, value: unknown): string {
  const encode = (one: unknown) => encodeValue(writeText(one));
  const isObject = isJsonObject(value);
  const pairs = isObject ? Object.entries(value).map(([member, one]) => [encodeValue(member), encode(one)]) : [];
  const parts = isObject
    ? pairs.flatMap((pair) => (isExploded ? [pair.join('=')] : pair))
    : [value].flat().map((one) => encode(one));
  if (parts.every((one) => one === '')) return '';
  if (style === 'label') return `.${parts.join(isExploded ? '.' : ',')}`;
  if (style !== 'matrix') return parts.join(',');
  const key = encodeValue(name);
  if (!isExploded) return `;${key}=${parts.join(',')}`;
  return parts.map((one) => (isObject ? `;${one}` : `;${key}=${one}`)).join('');
}

/** Writes a parameter of a header (OpenAPI 3.1, style `simple`). */
export function writeHeader({ isExploded }: Pick<ApiParameter, 'isExploded'>, value: unknown): string {
  if (!isJsonObject(value)) return [value].flat().map(writeText).join(',');
  const pairs = Object.entries(value).map(([member, one]) => [member, writeText(one)]);
  return pairs.map((pair) => pair.join(isExploded ? '=' : ',')).join(',');
}
