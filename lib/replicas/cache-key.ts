import { createHash } from 'node:crypto';

/** The fields that a key is derived from. */
export type KeyFields = readonly (string | undefined)[];

/**
 * SHA-256 over the fields, each with its length, in base64url. Different fields have different keys. A missing field
 * differs from an empty one. UTF-16 distinguishes strings that UTF-8 cannot represent.
 */
export function deriveKey(fields: KeyFields): string {
  const text = fields.map((field) => (field === undefined ? '-' : `${field.length}:${field}`)).join('');
  return createHash('sha256').update(Buffer.from(text, 'utf16le')).digest('base64url');
}
