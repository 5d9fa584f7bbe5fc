import type { ServerOptions } from './server-options.js';

/**
 * The options of one server after validation, with the defaults filled in, once, by `resolve-options`. Each room adds what
 * it reads, beside the type and the schema of its options: `declare module '…/options/resolved-options.js'`.
 */
export class ResolvedOptions {
  declare readonly server: ServerOptions;
  /** As the user wrote it: RFC 9728 `resource`. */
  declare readonly resource: string;
  /** Path of the endpoint, without a trailing slash; empty at the root. */
  declare readonly path: string;
  /** Address of the RFC 9728 document, as it stands in challenges. */
  declare readonly resourceMetadataUrl: string;
  declare readonly doctor: boolean;

  constructor(values: ResolvedOptions) {
    Object.assign(this, values);
  }
}
