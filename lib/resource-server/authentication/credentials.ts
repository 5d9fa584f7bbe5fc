import type { IncomingHttpHeaders } from 'node:http';
import { compareValues, type Refusal } from '../../errors/refusal.js';
import { McpAuthError } from '../../errors/mcp-auth-error.js';
import { readHeaderLines } from './header-lines.js';

/** Authentication schemes for access tokens (RFC 6750 section 2.1, RFC 9449 section 7.1). */
export type TokenScheme = 'bearer' | 'dpop';

/** The access token of an HTTP request, if it has one. */
export type Credentials =
  | { readonly kind: 'token'; readonly scheme: TokenScheme; readonly token: string }
  /** The request has no access token. `refusal` says why its Authorization header is none. */
  | { readonly kind: 'none'; readonly refusal?: Refusal };

/** A token comes in another way than by exactly one header (RFC 6750 section 3.1, `invalid_request`). */
export class MalformedCredentialsError extends McpAuthError {
  readonly code = 'malformed_credentials';

  /** @param refusal - for operators alone */
  constructor(
    message: string,
    readonly refusal: Refusal,
  ) {
    super(message);
  }
}

const IN_QUERY: Refusal = {
  detail: 'its query has access_token',
  fix: 'Find the client that writes it there. The token is in logs of proxies by now: have it revoked.',
};

const SEVERAL_FIX = 'Have the client, or the proxy that adds another one, send exactly one.';

/** The parts of a Node request that may carry a token. Express's request and Fastify's `raw` have them. */
export interface CredentialSource {
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
}

/**
 * Reads the access token of a request. The scheme's name is case-insensitive (RFC 9110 section 11.1). A token in the
 * query is refused even if the header is valid, because it has already leaked.
 *
 * @throws {@link MalformedCredentialsError} for a token in the query, and for several headers
 */
export function readCredentials({ url, headers, rawHeaders }: CredentialSource): Credentials {
  if (hasTokenInQuery(url)) {
    throw new MalformedCredentialsError(
      'An access token must not be sent in the query; send it in the Authorization header',
      IN_QUERY,
    );
  }
  // Node keeps only the first of several Authorization headers, but a proxy may have checked another.
  const { length: count } = readHeaderLines(rawHeaders, 'authorization');
  if (count > 1) {
    throw new MalformedCredentialsError('There is more than one Authorization header', {
      detail: `there are ${count}`,
      fix: SEVERAL_FIX,
    });
  }
  const match = /^(bearer|dpop)(?: +(.*))?$/i.exec(headers.authorization ?? '');
  const [, scheme = '', token] = match ?? [];
  if (token) return { kind: 'token', scheme: scheme.toLowerCase() as TokenScheme, token };
  return headers.authorization === undefined
    ? { kind: 'none' }
    : { kind: 'none', refusal: describeScheme(headers.authorization) };
}

/** What follows the scheme may be a secret. */
function describeScheme(authorization: string): Refusal {
  const [scheme = '', ...rest] = authorization.trim().split(/\s+/);
  const isScheme = rest.length > 0 || /^[a-z]{1,20}$/i.test(scheme);
  return {
    detail: isScheme
      ? compareValues(
          `the scheme of its Authorization header${rest.length > 0 ? '' : ', which has nothing else,'}`,
          scheme,
          ['Bearer'],
        )
      : 'its Authorization header has no scheme, and wanted is "Bearer"',
    fix: 'Have the client send `Authorization: Bearer` and the token. If a gateway authenticates users itself, have it pass their token on.',
  };
}

function hasTokenInQuery(url = ''): boolean {
  const query = url.indexOf('?');
  return query >= 0 && new URLSearchParams(url.slice(query)).has('access_token');
}
