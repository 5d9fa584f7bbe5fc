import type { IncomingHttpHeaders } from 'node:http';
import { isCredentialHeader } from '../../resource-server/access/credential-names.js';

/** Characters. A shorter value may be part of anything. */
const MIN_LENGTH = 12;

/** How far a value is looked into. */
const MAX_DEPTH = 4;
const MAX_VALUES = 500;

/** What the credentials of a request say: each header, and each word of it. */
export function listSecrets(headers: IncomingHttpHeaders): readonly string[] {
  const values = Object.entries(headers).flatMap(([name, value]) =>
    isCredentialHeader(name) ? [value ?? []].flat() : [],
  );
  return [
    ...new Set(
      values.flatMap((value) => value.split(/[\s;,]+/).flatMap((word) => [word, word.replace(/^[^=]*=/, '')])),
    ),
  ].filter((word) => word.length >= MIN_LENGTH);
}

/** Whether a value, or a part of it, has one of the secrets in its text. Runs no getters. */
export function holdsSecret(value: unknown, secrets: readonly string[]): boolean {
  let left = MAX_VALUES;
  const visit = (one: unknown, depth: number): boolean => {
    left -= 1;
    if (typeof one === 'string') return secrets.some((secret) => one.includes(secret));
    if (typeof one !== 'object' || one === null || depth >= MAX_DEPTH || left < 0) return false;
    if (one instanceof Map || one instanceof Set) return [...one].some((part) => visit(part, depth + 1));
    return Object.values(Object.getOwnPropertyDescriptors(one)).some(
      (descriptor) => 'value' in descriptor && visit(descriptor.value, depth + 1),
    );
  };
  return secrets.length > 0 && visit(value, 0);
}
