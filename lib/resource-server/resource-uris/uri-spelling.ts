/** Maximum length of the URI of a resource, in characters. */
export const MAX_URI = 8_192;

/** How often a URI may be escaped. No server decodes more often. */
const MAX_DECODINGS = 3;

const CHARACTERS = /^(?:[\w\-.~:/?#[\]@!$&'()*+,;=]|%[0-9A-F]{2})*$/;
const UNRESERVED = /[\w\-.~]/;
const ESCAPES = /%[0-9A-F]{2}/g;

/**
 * Finds what is not canonical about the spelling of a URI (RFC 3986 section 6.2.2). Servers read such spellings in
 * different ways: as they are, or as the URI that they are equivalent to.
 *
 * @returns the end of a sentence that begins with the URI
 */
export function findSpellingProblem(uri: string): string | undefined {
  if (uri.length > MAX_URI) return `is longer than ${MAX_URI} characters`;
  if (!CHARACTERS.test(uri)) return 'has characters that a URI does not have, or escapes in lower case';
  const escapes = uri.match(ESCAPES) ?? [];
  if (escapes.some((escape) => isUnreserved(escape))) return 'escapes a character that needs no escape';
  const readings = listDecodings(uri);
  if (!readings) return 'has escapes that are no UTF-8, or of escapes';
  if (readings.some((reading) => /\p{Cc}/u.test(reading))) return 'has a control character';
  // Some file systems ignore dots and spaces at the end of a name.
  if (readings.some((reading) => reading.split(/[/\\?#]/).some(isDots))) return 'has a segment of dots or spaces alone';
  return undefined;
}

/** A URI as it is, and decoded once and more often. `undefined` if it cannot be decoded, or too often. */
export function listDecodings(uri: string): readonly string[] | undefined {
  const decodings = [uri];
  for (let last = uri; ;) {
    const next = decode(last);
    // What is decoded may have a percent sign of its own.
    if (next === undefined) return decodings.length > 1 ? decodings : undefined;
    if (next === last) return decodings;
    if (decodings.length > MAX_DECODINGS) return undefined;
    // Compatibility forms of a slash or a dot are read as one by some servers.
    decodings.push((last = next.normalize('NFKC')));
  }
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function isUnreserved(escape: string): boolean {
  const code = Number.parseInt(escape.slice(1), 16);
  return code < 128 && UNRESERVED.test(String.fromCharCode(code));
}

function isDots(segment: string): boolean {
  return /^[. ]+$/.test(segment);
}
