import { isJsonObject } from '../../json/json-object.js';
import type { ApiParameter } from '../operations/api-operation.js';

/** Writes one value as text, without any encoding. */
export function writeText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value;
  return JSON.stringify(value);
}

/** Characters of RFC 3986 section 2.2 that stay where `allowReserved` says so, except those that end or part a query. */
const RESERVED = /%(3A|2F|3F|40|21|24|27|28|29|2A|2C|3B|5B|5D)/g;

/** Encodes a value for a URI (RFC 3986 section 2). */
export function encodeValue(text: string, allowsReserved = false): string {
  const encoded = encodeURIComponent(text).replace(
    /[!'()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return allowsReserved ? encoded.replace(RESERVED, (one) => decodeURIComponent(one)) : encoded;
}

/** What separates the members of a list where they are not exploded. */
const SEPARATORS: Readonly<Partial<Record<ApiParameter['style'], string>>> = {
  spaceDelimited: '%20',
  pipeDelimited: '%7C',
};

/**
 * Writes a parameter of a query (OpenAPI 3.1, Style Values).
 *
 * @returns pairs of a name and a value, both encoded
 */
export function writeQuery(
  { name, style, isExploded, allowsReserved }: Pick<ApiParameter, 'name' | 'style' | 'isExploded' | 'allowsReserved'>,
  value: unknown,
): readonly (readonly [name: string, value: string])[] {
  const encode = (one: unknown) => encodeValue(writeText(one), allowsReserved);
  const key = encodeValue(name);
  if (Array.isArray(value)) {
    if (style === 'deepObject') return writeDeep(name, value, encode);
    if (isExploded) return value.map((one) => [key, encode(one)]);
    return [[key, value.map(encode).join(SEPARATORS[style] ?? ',')]];
  }
  if (isJsonObject(value)) {
    if (style === 'deepObject') return writeDeep(name, value, encode);
    if (isExploded) return Object.entries(value).map(([member, one]) => [encodeValue(member), encode(one)]);
    const members = Object.entries(value).flatMap(([member, one]) => [encodeValue(member), encode(one)]);
    return [[key, members.join(SEPARATORS[style] ?? ',')]];
  }
  return [[key, encode(value)]];
}

/** `filter[status]=open`, at all levels. Lists of plain values have no numbers: `expand[]=customer`. */
function writeDeep(
  name: string,
  value: unknown,
  encode: (value: unknown) => string,
): readonly (readonly [name: string, value: string])[] {
  if (Array.isArray(value)) {
    const isPlain = value.every((one) => typeof one !== 'object' || one === null);
    return value.flatMap((one, index) => writeDeep(`${name}[${isPlain ? '' : index}]`, one, encode));
  }
  if (isJsonObject(value)) {
    return Object.entries(value).flatMap(([member, one]) => writeDeep(`${name}[${member}]`, one, encode));
  }
  return [[encodeDeepName(name), encode(value)]];
}

function encodeDeepName(name: string): string {
  return encodeValue(name).replaceAll('%5B', '[').replaceAll('%5D', ']');
}

/** What stands before and between values in a path (OpenAPI 3.1, Style Examples). */
function createPathSigns({ name, style, isExploded }: ApiParameter): {
  readonly start: string;
  readonly between: string;
} {
  if (style === 'label') return { start: '.', between: isExploded ? '.' : ',' };
  if (style === 'matrix')
    return { start: `;${encodeValue(name)}=`, between: isExploded ? `;${encodeValue(name)}=` : ',' };
  return { start: '', between: ',' };
}

/** Writes a parameter of a path, encoded (OpenAPI 3.1, Style Values). */
export function writePath(parameter: ApiParameter, value: unknown): string {
  const { style, isExploded } = parameter;
  const { start, between } = createPathSigns(parameter);
  const encode = (one: unknown) => encodeValue(writeText(one));
  if (Array.isArray(value)) return start + value.map(encode).join(between);
  if (!isJsonObject(value)) return start + encode(value);
  const members = Object.entries(value);
  if (!isExploded) return start + members.flatMap(([member, one]) => [encodeValue(member), encode(one)]).join(',');
  const pairs = members.map(([member, one]) => `${encodeValue(member)}=${encode(one)}`);
  if (style === 'matrix') return `;${pairs.join(';')}`;
  return start + pairs.join(between);
}

/** Writes a parameter of a header, or of a cookie (OpenAPI 3.1, style `simple` and `form`). */
export function writeHeader({ isExploded }: Pick<ApiParameter, 'isExploded'>, value: unknown): string {
  if (Array.isArray(value)) return value.map(writeText).join(',');
  if (!isJsonObject(value)) return writeText(value);
  const members = Object.entries(value);
  return isExploded
    ? members.map(([member, one]) => `${member}=${writeText(one)}`).join(',')
    : members.flatMap(([member, one]) => [member, writeText(one)]).join(',');
}
