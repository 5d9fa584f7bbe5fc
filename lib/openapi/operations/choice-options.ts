import { z } from 'zod';
import { text } from '../../options/text-schema.js';
import type { OperationPattern } from './operation-choice.js';

/** Which operations are offered. */
export interface ChoiceOptions {
  /** Operations that are offered. Defaults to all of them, those that are deprecated among them. */
  include?: OperationPattern | readonly OperationPattern[];
  /** Operations that are not offered, whatever `include` says. */
  exclude?: OperationPattern | readonly OperationPattern[];
  /**
   * Operations that can be called without a token, as with {@link Anonymous}. They must demand no scopes, and the
   * downstream must not need the token of a caller.
   */
  anonymous?: OperationPattern | readonly OperationPattern[];
  /**
   * Stops the boot if an operation that is chosen cannot be offered. Otherwise it is left out, with a line in the log
   * that has the place in the document and the fix.
   */
  strict?: boolean;
}

const common = z
  .strictObject({
    tag: text.optional(),
    method: text.optional(),
    path: text.optional(),
    deprecated: z.boolean().optional(),
  })
  .refine((pattern) => Object.values(pattern).some((value) => value !== undefined), 'is empty. Say which operations');
const error =
  'has to be an operationId, a method and a path such as "GET /orders/**", { tag, method, path, deprecated }, or a list of these';
const pattern = z.union([text, common], { error });

/** Schema of patterns: one, or a list. */
export const patternsSchema = z.union([pattern, z.array(pattern)], { error });

/** Schemas of {@link ChoiceOptions}. */
export const choiceOptionSchemas = {
  include: patternsSchema.optional(),
  exclude: patternsSchema.optional(),
  anonymous: patternsSchema.optional(),
  strict: z.boolean().optional(),
};
