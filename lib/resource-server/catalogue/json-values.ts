import { types } from 'node:util';

/** Levels below which values stay as they are. Results with more are refused. */
const MAX_LEVELS = 100;

/**
 * What JSON would write as an empty object, or as an object of numbers, in a form that JSON has: a `Map` as an object, or
 * as pairs if its keys are no strings, a `Set` as an array, and bytes as base64. Anything else stays as it is.
 */
export function toJsonValue(value: unknown): unknown {
  if (types.isMap(value)) {
    const entries = [...(value as ReadonlyMap<unknown, unknown>)];
    return entries.every(([key]) => typeof key === 'string')
      ? Object.fromEntries(entries as [string, unknown][])
      : entries;
  }
  if (types.isSet(value)) return [...(value as ReadonlySet<unknown>)];
  if (types.isUint8Array(value))
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  return value;
}

/** Does the same everywhere in a value. What has nothing to convert is returned as it came. */
export function toJsonValues(value: unknown, level = 0): unknown {
  const converted = toJsonValue(value);
  if (level > MAX_LEVELS || typeof converted !== 'object' || converted === null) return converted;
  if (Array.isArray(converted)) {
    const items = (converted as unknown[]).map((item) => toJsonValues(item, level + 1));
    return items.some((item, index) => item !== converted[index]) ? items : converted;
  }
  const prototype: unknown = Object.getPrototypeOf(converted);
  if (prototype !== null && (Object.getPrototypeOf(prototype) as unknown) !== null) return converted;
  const entries = Object.entries(converted).map(([key, part]) => [key, toJsonValues(part, level + 1)] as const);
  return entries.some(([key, part]) => part !== Reflect.get(converted, key)) ? Object.fromEntries(entries) : converted;
}
