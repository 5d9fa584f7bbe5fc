import { z } from 'zod';
import { LONGEST_TIMEOUT } from '../../time/time-limit.js';

/** When a document is read again while the server runs. */
export interface ReloadOptions {
  /** Watches the files of the document. */
  watch?: boolean;
  /**
   * Milliseconds after which the document is asked for again: a URL with `If-None-Match` and `If-Modified-Since`, a
   * function by a call.
   */
  intervalMs?: number;
}

const INTERVAL = `has to be a whole number of milliseconds, from 1 to ${LONGEST_TIMEOUT}`;

/** Schema of {@link ReloadOptions}. */
export const reloadSchema = z
  .strictObject({
    watch: z.boolean().optional(),
    intervalMs: z.int(INTERVAL).min(1, INTERVAL).max(LONGEST_TIMEOUT, INTERVAL).optional(),
  })
  .refine(({ watch, intervalMs }) => watch === true || intervalMs !== undefined, {
    error: 'says neither `watch: true` nor `intervalMs`. Set one, or remove it',
  });
