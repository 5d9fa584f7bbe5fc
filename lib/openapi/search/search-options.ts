import { z } from 'zod';
import { patternsSchema } from '../operations/choice-options.js';
import type { OperationPattern } from '../operations/operation-choice.js';

/** What becomes of many operations. */
export interface SearchOptions {
  /**
   * How many tools the documents of a server may become. More stop the boot, because models choose badly among many
   * tools, and pay for each of them in tokens. If several classes of a server set it, the largest number counts.
   * Defaults to 60.
   */
  maxTools?: number;
  /**
   * How models find the operations. `'list'`: `tools/list` shows a tool for each. `'search'`: it shows three tools for
   * all of them, `find_operations`, `describe_operation` and `call_operation`. Classes of a server share the three. A
   * call of `call_operation` is authorized, counted and audited as a call of the operation that it names. Defaults to
   * `'list'`.
   */
  offer?: 'list' | 'search';
  /** Operations that `tools/list` shows as well, though the others are searched. Needs `offer: 'search'`. */
  listed?: OperationPattern | readonly OperationPattern[];
}

/** Schemas of {@link SearchOptions}. */
export const searchOptionSchemas = {
  maxTools: z.int().positive('has to be a positive number of tools').optional(),
  offer: z.enum(['list', 'search']).optional(),
  listed: patternsSchema.optional(),
};
