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
  const extended = /;\s*filename\*\s*=\s*([\w-]+)'[^']*'([^;\s]+)/i.exec(disposition);
  const plain = /;\s*filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))/i.exec(disposition);
  const name =
    (extended && decode(extended[2] ?? '', extended[1] ?? '')) ?? plain?.[1]?.replace(/\\(.)/g, '$1') ?? plain?.[2];
  const last = escapeUnseen(name ?? '')
    .split(/[/\\]/)
    .at(-1)
    ?.trim();
  return last === undefined || /^\.*$/.test(last) ? undefined : last.slice(0, MAX_LENGTH);
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
