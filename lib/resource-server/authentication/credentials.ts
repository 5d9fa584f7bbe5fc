import type { IncomingHttpHeaders } from 'node:http';

/** Authentication schemes for access tokens (RFC 6750 section 2.1, RFC 9449 section 7.1). */
export type TokenScheme = 'bearer' | 'dpop';

/** The access token of an HTTP request, if it has one. */
export type Credentials =
  | { readonly kind: 'token'; readonly scheme: TokenScheme; readonly token: string }
  /** The request has no access token. */
  | { readonly kind: 'none' }
  /** RFC 6750 section 3.1, `invalid_request`. */
  | { readonly kind: 'malformed'; readonly reason: string };

/** The parts of a Node request that may carry a token. Express's request and Fastify's `raw` have them. */
export interface CredentialSource {
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
}

/**
 * Reads the access token of a request. The scheme's name is case-insensitive (RFC 9110 section 11.1). A token in the
 * query is refused even if the header is valid, because it has already leaked.
 */
export function readCredentials({ url, headers, rawHeaders }: CredentialSource): Credentials {
  if (hasTokenInQuery(url)) {
    return {
      kind: 'malformed',
      reason: 'An access token must not be sent in the query; send it in the Authorization header',
    };
  }
  // Node keeps only the first of several Authorization headers, but a proxy may have checked another.
  const count = rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'authorization').length;
  if (count > 1) return { kind: 'malformed', reason: 'There is more than one Authorization header' };
  const match = /^(bearer|dpop)(?: +(.*))?$/i.exec(headers.authorization ?? '');
  const [, scheme = '', token] = match ?? [];
  return token ? { kind: 'token', scheme: scheme.toLowerCase() as TokenScheme, token } : { kind: 'none' };
}

function hasTokenInQuery(url = ''): boolean {
  const query = url.indexOf('?');
  return query >= 0 && new URLSearchParams(url.slice(query)).has('access_token');
}
