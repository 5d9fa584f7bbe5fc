import { isJsonObject } from './json-object.js';

/** JSON that is the same for equal values, regardless of the order of their members. */
export function serializeSorted(value: unknown): string {
  return JSON.stringify(value ?? null, (_key, one: unknown) =>
    isJsonObject(one) ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1))) : one,
  );
}
