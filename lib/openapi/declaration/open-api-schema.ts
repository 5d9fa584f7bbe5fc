import { z } from 'zod';
import { describeIssue } from '../../options/option-problems.js';
import { text } from '../../options/text-schema.js';
import { answerOptionSchemas } from '../answers/answer-options.js';
import { documentOptionSchemas, findOriginFaults } from '../documents/document-options.js';
import { inputOptionSchemas } from '../inputs/input-options.js';
import { choiceOptionSchemas } from '../operations/choice-options.js';
import { nameOptionSchemas } from '../operations/name-options.js';
import { scopeOptionSchemas } from '../operations/scope-options.js';
import { resourceOptionSchemas } from '../resources/resource-options.js';
import { searchOptionSchemas } from '../search/search-options.js';

const openApiSchema = z
  .strictObject({
    downstream: text,
    server: z.union([text, z.array(text)]).optional(),
    ...documentOptionSchemas,
    ...choiceOptionSchemas,
    ...nameOptionSchemas,
    ...scopeOptionSchemas,
    ...inputOptionSchemas,
    ...searchOptionSchemas,
    ...answerOptionSchemas,
    ...resourceOptionSchemas,
  })
  .superRefine((options, context) => {
    for (const [index, message] of findOriginFaults(options))
      context.addIssue({ code: 'custom', path: ['allowOrigins', index], message });
  })
  .refine(({ offer, listed }) => offer === 'search' || listed === undefined, {
    path: ['listed'],
    error: "has no effect, because all operations are listed. Add `offer: 'search'`, or remove it",
  });

/**
 * Checks the options of `@McpOpenApi`.
 *
 * @returns a sentence or two for each fault: the option, what is wrong with it, and the fix
 */
export function findOpenApiProblems(options: unknown): readonly string[] {
  const { error } = openApiSchema.safeParse(options);
  return error?.issues.flatMap((issue) => describeIssue(issue)) ?? [];
}
