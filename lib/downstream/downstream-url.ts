import { DownstreamError } from './downstream-error.js';

/**
 * The URL of a request to a downstream. A path, with or without a leading slash, is taken below the base; an absolute
 * URL has to be below it already.
 *
 * @throws {@link DownstreamError} with `downstream_outside_base_url`
 */
export function downstreamUrl(base: URL, input: string | URL): URL {
  const text = String(input);
  const absolute = /^[a-z][a-z0-9+.-]*:/i.test(text);
  const url = absolute
    ? URL.canParse(text)
      ? new URL(text)
      : undefined
    : new URL(base.href + text.replace(/^\//, ''));
  if (url?.origin !== base.origin || !url.pathname.startsWith(base.pathname) || url.username || url.password) {
    throw new DownstreamError(
      'downstream_outside_base_url',
      `The URL leaves the downstream's base URL ${base.href}. Give a path below it.`,
    );
  }
  return url;
}
