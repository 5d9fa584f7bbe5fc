import { z } from 'zod';
import { text } from '../../options/text-schema.js';
import type { OperationPattern } from './operation-choice.js';

/** Which operations are offered. */
export interface ChoiceOptions {
  /** Operations that are offered. Defaults to all of them. */
  include?: OperationPattern | readonly OperationPattern[];
  /** Operations that are not offered, whatever `include` says. */
  exclude?: OperationPattern | readonly OperationPattern[];
}

const pattern = z.union(
  [
    text,
    z.strictObject({
      tag: text.optional(),
      method: text.optional(),
      path: text.optional(),
      deprecated: z.boolean().optional(),
    }),
  ],
  {
    error:
      'has to be an operationId, a method and a path such as "GET /orders/**", or { tag, method, path, deprecated }',
  },
);
/** Schema of patterns: one, or a list. */
export const patternsSchema = z.union([pattern, z.array(pattern)]);

/** Schemas of {@link ChoiceOptions}. */
export const choiceOptionSchemas = { include: patternsSchema.optional(), exclude: patternsSchema.optional() };
