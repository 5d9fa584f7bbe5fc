import { DownstreamError } from '../../errors/downstream-error.js';

/** Encoded parts of "/../" that remain after parsing. Some servers decode before they split. */
const ENCODED_TRAVERSAL = /(\/|%2f|%5c)(\.|%2e){2}(;|%3b|%00|%09|\/|%2f|%5c|$)/i;

/** A path that climbs: "/orders/" + "..". `encodeURIComponent` leaves ".." as it is. */
const DOT_SEGMENT = /(^|[\\/])(\.|%2e){1,2}(;|%3b|%00|%09|[\\/]|$)/i;

/**
 * The URL of a request to a downstream. A path, with or without a leading slash, is resolved below the base and may not
 * have dot segments. An absolute URL has to be below the base already.
 *
 * @throws {@link DownstreamError} with `downstream_outside_base_url`
 */
export function resolveDownstreamUrl(base: URL, input: string | URL): URL {
  const text = String(input);
  const absolute = /^[a-z][a-z0-9+.-]*:/i.test(text);
  const address = absolute ? text : base.href + text.replace(/^\//, '');
  const [path = ''] = text.split(/[?#]/);
  if (DOT_SEGMENT.test(path) || !URL.canParse(address) || !isBelow(base, new URL(address))) {
    throw new DownstreamError(
      'downstream_outside_base_url',
      `The URL leaves the downstream's base URL ${base.href}. Give a path below it.`,
    );
  }
  return new URL(address);
}

/** Whether a URL belongs to a downstream. */
export function isBelow(base: URL, { origin, pathname, username, password }: URL): boolean {
  const inside = origin === base.origin && pathname.startsWith(base.pathname) && !ENCODED_TRAVERSAL.test(pathname);
  return inside && !username && !password;
}
