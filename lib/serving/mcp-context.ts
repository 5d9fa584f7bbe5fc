import type { Caller } from '../authentication/caller.js';

/** What a tool's method learns of the call besides its arguments. */
export interface McpContext {
  /** Who calls, as verified; `undefined` only where the module is configured with `anonymous: true`. */
  readonly caller: Caller | undefined;
  /** Aborted when the client cancels the call or goes away. */
  readonly signal: AbortSignal;
}
