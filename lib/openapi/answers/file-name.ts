import { escapeUnseen } from '../../log/clean-text.js';

/** Characters of a name. */
const MAX_LENGTH = 200;

/**
 * The name that an answer gives its file (RFC 6266 section 4.3), without any folder.
 *
 * @param disposition - value of `Content-Disposition`
 */
export function readFileName(disposition: string | null): string | undefined {
  if (disposition === null) return undefined;
  const [, charset = '', encoded] = /;\s*filename\*\s*=\s*([\w-]+)'[^']*'([^;\s]+)/i.exec(disposition) ?? [];
  const [, quoted, bare = ''] = /;\s*filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))/i.exec(disposition) ?? [];
  const extended = encoded === undefined ? undefined : decode(encoded, charset);
  const name = extended ?? quoted?.replace(/\\(.)/g, '$1') ?? bare;
  const last = escapeUnseen(name.replace(/^.*[/\\]/s, '').trim());
  return /^\.*$/.test(last) ? undefined : last.slice(0, MAX_LENGTH);
}

/** RFC 8187 section 3.2. */
function decode(value: string, charset: string): string | undefined {
  try {
    if (charset.toLowerCase() === 'utf-8') return decodeURIComponent(value);
    const bytes = value.replace(/%([0-9a-f]{2})/gi, (_encoded, hex: string) => String.fromCharCode(parseInt(hex, 16)));
    return new TextDecoder(charset).decode(Buffer.from(bytes, 'latin1'));
  } catch {
    return undefined;
  }
}
