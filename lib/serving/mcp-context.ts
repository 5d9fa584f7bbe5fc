import type { Caller } from '../authentication/caller.js';

/** What a tool's method learns of the call besides its arguments. */
export interface McpContext {
  /** Who calls, as verified; `undefined` only for tools that are {@link Anonymous}, or with `anonymous: true`. */
  readonly caller: Caller | undefined;
  /** Names this call in audit events, and in results that give a reference for support. */
  readonly correlationId: string;
  /** Aborted when the client cancels the call or goes away. */
  readonly signal: AbortSignal;
}
