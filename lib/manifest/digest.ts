import { createHash } from 'node:crypto';
import { isJsonObject } from '../json/json-object.js';

/** Characters of a digest. */
const DIGEST = 16;

/** Makes the digest of a value of JSON, whatever the order of its members. */
export function digest(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(sortMembers(value)))
    .digest('hex')
    .slice(0, DIGEST);
}

function sortMembers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortMembers);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, one]): [string, unknown] => [key, sortMembers(one)])
      .sort(byKey),
  );
}

/** Sorts entries. */
export function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
