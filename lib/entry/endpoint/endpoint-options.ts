import { findPathProblem, findUrlProblem, isLoopback } from '../../options/option-rules.js';
import { createTextSchema } from '../../options/text-schema.js';
import { z } from 'zod';
import { normalizeHost } from './host-name.js';

/** Where the document is (RFC 9728 section 3). */
export const WELL_KNOWN = '/.well-known/oauth-protected-resource';

/** Which requests the endpoint accepts, before it reads a token. */
export interface EndpointOptions {
  /**
   * Path at which requests arrive, if a gateway changes it: `/mcp` where `https://gw.example.com/orders/mcp` arrives as
   * `/mcp`. Defaults to the path of `resource`, which stays what clients and tokens say.
   */
  path?: string;
  /**
   * Address of the RFC 9728 document for clients, on the host of `resource`, if a gateway does not pass on the one that
   * RFC 9728 section 3.1 says: `https://gw.example.com/orders/.well-known/oauth-protected-resource/mcp`. Challenges name
   * it (section 5.1). Clients that do not read them will not find the document.
   */
  metadataUrl?: string;
  /**
   * Web origins whose requests are accepted (`Origin` header; MCP specification, Streamable HTTP), in addition to the
   * origin of `resource`. If `resource` is on loopback, other loopback origins are accepted too. `'any'` disables the
   * check.
   */
  allowedOrigins?: readonly string[] | 'any';
  /**
   * Values of the `Host` header that are accepted, with the port if there is one. The host of `resource`, loopback
   * names and IP addresses are always accepted, because no web page can make its own name resolve to those. `'any'`
   * disables the protection against DNS rebinding. If a proxy changes `Host` to a name of its own, add that name
   * here.
   */
  allowedHosts?: readonly string[] | 'any';
  /** Maximum size of a message in bytes. Your body parser may have a lower limit. Defaults to 1 MiB. */
  maxBodySize?: number;
  /**
   * Whether the module answers at `resource`. With `false`, a controller of the application with {@link ProtectedMcp}
   * answers. Defaults to `true`.
   */
  mount?: boolean;
  /**
   * Decorators of the application for all routes of the module, such as the `@Public()` that its guard looks for. Without
   * it, a guard of the whole application that refuses requests without its mark refuses clients before they learn where
   * to get a token. The guards of the module stay.
   */
  decorators?: readonly ClassDecorator[];
}

/** An origin as an `Origin` header spells it (RFC 6454 section 6.2). */
const origin = z
  .string()
  .refine(
    (value) => value === 'null' || (!value.includes('*') && URL.canParse(value) && new URL(value).origin === value),
    'is not an origin. Patterns do not work. Write it as browsers send it: "https://app.example.com", without a path and without a slash',
  );

const host = z
  .string()
  .refine(
    (value) =>
      !value.includes('*') &&
      URL.canParse(`http://${value}`) &&
      new URL(`http://${value}`).host.replace(/:80$/, '') === value.replace(/:80$/, ''),
    'is not a host. Write it as it stands in the Host header: "mcp.internal" or "mcp.internal:8080", in lower case',
  );

export const endpointSchema = z.strictObject({
  path: createTextSchema((value) => (value === '/' ? undefined : findPathProblem(value))).optional(),
  metadataUrl: createTextSchema(findMetadataUrlProblem).optional(),
  allowedOrigins: z.union([z.array(origin), z.literal('any')]).optional(),
  allowedHosts: z.union([z.array(host), z.literal('any')]).optional(),
  mount: z.boolean().optional(),
  decorators: z
    .array(z.custom<ClassDecorator>((value) => typeof value === 'function', 'is not a decorator. Call it: Public()'))
    .optional(),
  maxBodySize: z.int().positive('has to be a positive number of bytes').optional(),
});

/** The endpoint options with the defaults filled in. */
export interface ResolvedEndpoint {
  /** Where the endpoint is mounted, without a trailing slash; empty at the root. */
  readonly path: string;
  /** Where the RFC 9728 document is mounted: where clients ask for it, with and without what a gateway takes away. */
  readonly metadataPaths: readonly string[];
  /** Origin and host of `resource`. */
  readonly origin: string;
  readonly host: string;
  /** Whether `resource` is on loopback. */
  readonly loopback: boolean;
  readonly allowedOrigins: ReadonlySet<string> | 'any';
  readonly allowedHosts: ReadonlySet<string> | 'any';
  /** Bytes. */
  readonly maxBodySize: number;
  /** Whether the module answers at the endpoint. */
  readonly isMounted: boolean;
  /** Decorators of the application for all routes. */
  readonly decorators: readonly ClassDecorator[];
}

declare module '../../options/resolved-options.js' {
  interface ResolvedOptions {
    readonly endpoint: ResolvedEndpoint;
  }
}

const MAX_BODY_SIZE = 1024 * 1024;

/**
 * Fills in the defaults.
 *
 * @param resource - canonical URI of the server
 */
export function resolveEndpoint(options: EndpointOptions = {}, resource: string): ResolvedEndpoint {
  const url = new URL(resource);
  const {
    allowedOrigins = [],
    allowedHosts = [],
    maxBodySize = MAX_BODY_SIZE,
    mount = true,
    decorators = [],
  } = options;
  const path = trimRoot(options.path ?? url.pathname);
  return {
    path,
    metadataPaths: listMetadataPaths(trimRoot(url.pathname), path, options.metadataUrl),
    origin: url.origin,
    host: normalizeHost(url.host),
    loopback: isLoopback(url),
    allowedOrigins: allowedOrigins === 'any' ? 'any' : new Set(allowedOrigins),
    allowedHosts: allowedHosts === 'any' ? 'any' : new Set(allowedHosts.map(normalizeHost)),
    maxBodySize,
    isMounted: mount,
    decorators,
  };
}

/**
 * Address of the RFC 9728 document, as challenges name it.
 *
 * @param resource - canonical URI of the server
 */
export function resolveMetadataUrl({ metadataUrl }: EndpointOptions = {}, resource: string): string {
  const { origin, pathname } = new URL(resource);
  return metadataUrl ?? `${origin}${WELL_KNOWN}${trimRoot(pathname)}`;
}

function findMetadataUrlProblem(value: string): string | undefined {
  return findUrlProblem(value) ?? findPathProblem(new URL(value).pathname);
}

/** A gateway may take its prefix out of the path of the document, as it does for the endpoint, or leave it there. */
function listMetadataPaths(publicPath: string, path: string, metadataUrl: string | undefined): readonly string[] {
  const given = metadataUrl === undefined ? [] : [new URL(metadataUrl).pathname];
  const prefix = publicPath.endsWith(path) ? publicPath.slice(0, publicPath.length - path.length) : '';
  const stripped = given.filter((one) => prefix !== '' && one.startsWith(`${prefix}/`));
  const all = [`${WELL_KNOWN}${publicPath}`, `${WELL_KNOWN}${path}`, ...given];
  return [...new Set([...all, ...stripped.map((one) => one.slice(prefix.length))])];
}

function trimRoot(path: string): string {
  return path === '/' ? '' : path;
}
