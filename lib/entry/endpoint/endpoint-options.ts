import { z } from 'zod';

/** Who may send requests to the endpoint, before anyone looks at a token. */
export interface EndpointOptions {
  /**
   * Origins of web pages whose requests are served (`Origin` header; MCP specification, Streamable HTTP), besides the
   * origin of `resource` and, where that is on loopback, other origins on loopback. `'any'` gives the check up.
   */
  allowedOrigins?: readonly string[] | 'any';
  /**
   * Values of the `Host` header that are served, with their port if they have one, besides the host of `resource`, names
   * of loopback and IP addresses: no web page can make its own name resolve to those. `'any'` gives up the protection
   * against DNS rebinding. A proxy that changes `Host` to a name of its own needs that name here.
   */
  allowedHosts?: readonly string[] | 'any';
  /** Bytes that a message may have. Your body parser may allow less. Defaults to 1 MiB. */
  maxBodySize?: number;
  /**
   * Whether the endpoint answers at `resource`. With `false` a controller of the application does, which is behind
   * {@link ProtectedMcp}. Defaults to `true`.
   */
  mount?: boolean;
}

/** As an `Origin` header spells it (RFC 6454 section 6.2). */
const origin = z
  .string()
  .refine(
    (value) => value === 'null' || (!value.includes('*') && URL.canParse(value) && new URL(value).origin === value),
    'is not an origin. Patterns are none. Write it as browsers send it: "https://app.example.com", without a path and without a slash',
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
  allowedOrigins: z.union([z.array(origin), z.literal('any')]).optional(),
  allowedHosts: z.union([z.array(host), z.literal('any')]).optional(),
  mount: z.boolean().optional(),
  maxBodySize: z.int().positive('has to be a positive number of bytes').optional(),
});
