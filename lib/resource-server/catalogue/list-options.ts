import type { ResolvedOptions } from '../../options/resolved-options.js';
import { z } from 'zod';

/** The content and paging of `tools/list` and the other lists. */
export interface ListOptions {
  /**
   * What lists show. `'all'`: everything, so that a client can step up to tools that it may not call yet.
   * `'permitted'`: only what the caller's scopes permit. Neither the RFC 9728 document nor the declared capabilities
   * then tell what else there is. Defaults to `'all'`.
   */
  show?: 'all' | 'permitted';
  /**
   * How long clients may cache lists, in milliseconds (`ttlMs`; MCP specification 2026-07-28, Caching). Clients that
   * listen for changes learn of them sooner. Defaults to 300 000.
   */
  ttlMs?: number;
  /** Entries per page of a list. Defaults to 500. */
  pageSize?: number;
}

/** Schema of {@link ListOptions}. */
export const listsSchema = z.strictObject({
  show: z.enum(['all', 'permitted']).optional(),
  ttlMs: z.int().nonnegative('has to be a whole number of milliseconds, from 0 up').optional(),
  pageSize: z.int().positive('has to be a positive number of entries').optional(),
});

declare module '../../options/resolved-options.js' {
  interface ResolvedOptions {
    readonly list: 'all' | 'permitted';
    readonly listTtlMs: number;
    /** Entries per page of a list. */
    readonly pageSize: number;
  }
}

/** Milliseconds. Lists usually change only with a deployment. */
const TTL = 5 * 60_000;

/** Fills in the defaults. */
export function resolveLists({ show = 'all', ttlMs = TTL, pageSize = 500 }: ListOptions = {}): Pick<
  ResolvedOptions,
  'list' | 'listTtlMs' | 'pageSize'
> {
  return { list: show, listTtlMs: ttlMs, pageSize };
}
