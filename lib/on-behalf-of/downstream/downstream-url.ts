import { DownstreamError } from '../../errors/downstream-error.js';
import { hasDotSegment } from './dot-segments.js';

/** The URL parser removes some of these. */
const CONTROL_CHARACTER = /\p{Cc}/u;

const ABSOLUTE = /^[a-z][a-z0-9+.-]*:/i;

/** Scheme and authority of an absolute URL, and the rest. */
const PARTS = /^[a-z][a-z0-9+.-]*:\/\/[^/?#\\]*(.*)$/is;

/**
 * The URL of a request to a downstream. A path, with or without a leading slash, is resolved below the base. An absolute
 * URL has to be below the base already. The URL parser (WHATWG URL) may encode characters of what is given, but it may
 * not leave out or resolve anything: what is checked is what is sent.
 *
 * @throws {@link DownstreamError} with `downstream_outside_base_url`
 */
export function resolveDownstreamUrl(base: URL, input: string | URL): URL {
  const text = String(input);
  const isAbsolute = ABSOLUTE.test(text);
  const written = isAbsolute ? PARTS.exec(text)?.[1] : base.pathname + text.replace(/^\//, '');
  const address = isAbsolute ? text : `${base.origin}${written ?? ''}`;
  const url = !CONTROL_CHARACTER.test(text) && URL.canParse(address) ? new URL(address) : undefined;
  if (written === undefined || !url || !isBelow(base, url) || !isReadAsWritten(written, url)) {
    throw new DownstreamError(
      'downstream_outside_base_url',
      `The URL leaves the downstream's base URL ${base.href}, or has characters that a URL cannot have. Give a path below it, and encode its parts with encodeURIComponent.`,
    );
  }
  return url;
}

/** Whether a URL belongs to a downstream, in the reading of the URL parser and in that of common servers. */
export function isBelow(base: URL, { origin, pathname, username, password }: URL): boolean {
  const isInside = origin === base.origin && pathname.startsWith(base.pathname) && !hasDotSegment(pathname);
  return isInside && !username && !password;
}

/** @param written - path and query as given */
function isReadAsWritten(written: string, { href, origin }: URL): boolean {
  const path = /^[/\\]/.test(written) ? written : `/${written}`;
  return encode(path) === encode(href.slice(origin.length));
}

/** Without the fragment, which is not sent. Encodes what the URL parser may encode, so that both spellings are equal. */
function encode(url: string): string {
  const [sent = ''] = url.split('#');
  return Buffer.from(sent, 'utf8')
    .toString('latin1')
    .replace(
      /[^\x21-\x7e]|["'<>^`{|}]/g,
      (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
    );
}
