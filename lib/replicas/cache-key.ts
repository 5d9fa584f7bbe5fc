import { createHash } from 'node:crypto';

/** What a key is made of. */
export type KeyFields = readonly (string | undefined)[];

/**
 * SHA-256 over the fields, each with its length, in base64url: fields that differ, in whatever way, have different keys.
 * A field that is missing differs from one that is empty. UTF-16 keeps apart what UTF-8 cannot write.
 */
export function deriveKey(fields: KeyFields): string {
  const text = fields.map((field) => (field === undefined ? '-' : `${field.length}:${field}`)).join('');
  return createHash('sha256').update(Buffer.from(text, 'utf16le')).digest('base64url');
}
