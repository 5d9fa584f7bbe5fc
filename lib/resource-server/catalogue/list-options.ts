import type { ResolvedOptions } from '../../options/resolved-options.js';
import { z } from 'zod';

/** What `tools/list` and the other lists show, and how. */
export interface ListOptions {
  /**
   * What is listed: `'all'`, so that a client can step up to what it may not yet call, or only what is `'permitted'` by
   * the caller's scopes. Defaults to `'all'`.
   */
  show?: 'all' | 'permitted';
  /**
   * Milliseconds for which clients may keep lists without asking again (`ttlMs`; MCP specification 2026-07-28, Caching).
   * Those that listen for changes hear of them before. Defaults to 300 000.
   */
  ttlMs?: number;
  /** Entries of a page of a list. Defaults to 500. */
  pageSize?: number;
}

/** The form of {@link ListOptions}. */
export const listsSchema = z.strictObject({
  show: z.enum(['all', 'permitted']).optional(),
  ttlMs: z.int().nonnegative('has to be a whole number of milliseconds, from 0 up').optional(),
  pageSize: z.int().positive('has to be a positive number of entries').optional(),
});

declare module '../../options/resolved-options.js' {
  interface ResolvedOptions {
    readonly list: 'all' | 'permitted';
    readonly listTtlMs: number;
    /** Entries of a page of a list. */
    readonly pageSize: number;
  }
}

/** Milliseconds: lists change with a deployment. */
const TTL = 5 * 60_000;

/** Fills in the defaults. */
export function resolveLists({ show = 'all', ttlMs = TTL, pageSize = 500 }: ListOptions = {}): Pick<
  ResolvedOptions,
  'list' | 'listTtlMs' | 'pageSize'
> {
  return { list: show, listTtlMs: ttlMs, pageSize };
}
