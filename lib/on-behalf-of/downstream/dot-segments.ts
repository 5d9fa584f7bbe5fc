/** Proxies and servers in a row may each decode once. */
const MAX_DECODINGS = 8;

const ENCODED = /%u([0-9a-f]{4})|%([0-9a-f]{2})/gi;

/** Dots and slashes that some decoders make of overlong UTF-8 and of full-width characters. */
const LOOK_ALIKES: readonly (readonly [RegExp, string])[] = [
  [/\xc0\xae|\xe0\x80\xae|\xef\xbc\x8e|\uff0e/g, '.'],
  [/\xc0\xaf|\xe0\x80\xaf|\xef\xbc\x8f|\xc1\x9c|\xef\xbc\xbc|\uff0f|\uff3c|\\/g, '/'],
];

/** Where some servers end a segment: parameters (RFC 3986 section 3.3), a query that was encoded, a control character. */
const END_OF_SEGMENT = /[;?#\p{Cc}]/u;

/**
 * Whether a path has a segment "." or "..", in any reading that common servers have of it: with encoded or doubly
 * encoded characters, backslashes, parameters of segments, control characters and surrounding spaces.
 *
 * @param pathname - as the URL parser gives it
 */
export function hasDotSegment(pathname: string): boolean {
  const decoded = decodeFully(pathname);
  if (decoded === undefined) return true;
  return decoded.split('/').some((segment) => {
    const [name = ''] = segment.trim().split(END_OF_SEGMENT);
    return ['.', '..'].includes(name.trim());
  });
}

/** Returns `undefined` if the path is encoded so often that no server reads it as it was meant. */
function decodeFully(path: string): string | undefined {
  let text = path;
  for (let decodings = 0; decodings <= MAX_DECODINGS; decodings += 1) {
    const decoded = LOOK_ALIKES.reduce(
      (read, [pattern, character]) => read.replace(pattern, character),
      text.replace(ENCODED, (_all, wide?: string, narrow?: string) =>
        String.fromCharCode(Number.parseInt(wide ?? narrow ?? '', 16)),
      ),
    );
    if (decoded === text) return decoded;
    text = decoded;
  }
  return undefined;
}
