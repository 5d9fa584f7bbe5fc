import type { ServerOptions } from './server-options.js';

/**
 * The validated options of one server. `resolve-options` fills in the defaults once. Each folder adds the members that
 * it reads, next to the type and the schema of its options: `declare module '…/options/resolved-options.js'`.
 */
export class ResolvedOptions {
  declare readonly server: ServerOptions;
  /** `resource` (RFC 9728), as configured. */
  declare readonly resource: string;
  /** Path of the endpoint, without a trailing slash; empty at the root. */
  declare readonly path: string;
  /** Address of the RFC 9728 document, which challenges name. */
  declare readonly resourceMetadataUrl: string;
  declare readonly doctor: boolean;
  declare readonly profile: 'strict' | undefined;

  constructor(values: ResolvedOptions) {
    Object.assign(this, values);
  }
}
