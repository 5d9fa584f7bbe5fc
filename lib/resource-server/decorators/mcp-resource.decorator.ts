import type { Annotations, CacheHint, Icon } from '@modelcontextprotocol/server';
import type { AccessOptions } from './access-options.js';
import { declareOffer } from './offer-declaration.js';

/** How a resource or resource template is described to clients (MCP schema, `Resource`). */
export interface ResourceDescription {
  /** Programmatic name. Defaults to the method's name in snake_case. */
  name?: string;
  /** Name for people. */
  title?: string;
  /** What it is, for the model. */
  description?: string;
  /** Media type of the content. Defaults to `text/plain` for strings and `application/json` for other values. */
  mimeType?: string;
  /** For whom it is, and how important (MCP schema, `Annotations`). */
  annotations?: Annotations;
  /** Pictures for people (MCP schema, `Icon`). */
  icons?: readonly Icon[];
  /** `_meta`, with names of the application's own. */
  meta?: Readonly<Record<string, unknown>>;
  /**
   * How long, and for whom, clients may cache the content: `ttlMs` in milliseconds and `cacheScope` (MCP specification
   * 2026-07-28, Caching). Defaults to `{ ttlMs: 0, cacheScope: 'private' }`. `'public'` lets caches serve the content to
   * everybody, and is only for what can be read without a token.
   */
  cache?: CacheHint;
}

/** What a resource offers to clients, and what it needs from callers. */
export interface McpResourceOptions extends ResourceDescription, AccessOptions {
  /** The resource's URI. */
  uri: string;
  /** Size of the content in bytes, if known. */
  size?: number;
}

export const MCP_RESOURCE = 'nestjs-mcp-auth:resource';

/**
 * Offers the return value of a method as an MCP resource. A string becomes text, and bytes (`Uint8Array`) become a
 * blob. Contents of the MCP schema are sent as they are. Any other value becomes JSON. The method gets `{ uri }` and an
 * {@link McpContext}.
 *
 * @param options - what the resource offers and needs
 */
export function McpResource(options: McpResourceOptions): MethodDecorator {
  return declareOffer('@McpResource', MCP_RESOURCE, options);
}
