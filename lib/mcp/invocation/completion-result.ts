import type { CompleteResult } from '@modelcontextprotocol/server';
import { z } from 'zod';
import type { CompletionRequest } from '../../resource-server/access/operation.js';
import type { Primitive } from '../../resource-server/catalogue/primitive.js';

/** What a method may return. */
const completionSchema = z.union([
  z.array(z.string()),
  z.object({
    values: z.array(z.string()),
    total: z.number().optional(),
    hasMore: z.boolean().optional(),
  }),
]);

interface ToldValues {
  readonly values: readonly string[];
  readonly total?: number | undefined;
  readonly hasMore?: boolean | undefined;
}

/** Maximum number of values in one answer (MCP specification, Completion). */
const MAX_VALUES = 100;

/**
 * Turns what a method returned into the result of a completion.
 *
 * @throws Error if it is no list of texts
 * @param select - selects the values that the caller may know
 */
export async function toCompletionResult(
  returned: unknown,
  select: (values: readonly string[]) => Promise<readonly string[]>,
): Promise<CompleteResult> {
  const told = completionSchema.parse(returned ?? []);
  const isWhole = Array.isArray(told);
  const { values, total, hasMore }: ToldValues = isWhole ? { values: told } : told;
  const first = values.slice(0, MAX_VALUES);
  const permitted = await select(first);
  // How many values there are says something of those that the caller may not know.
  if (permitted.length < first.length) return { completion: { values: [...permitted], hasMore: false } };
  const all = total ?? (isWhole ? values.length : undefined);
  return {
    completion: {
      values: first,
      ...(all !== undefined && { total: all }),
      hasMore: hasMore ?? values.length > MAX_VALUES,
    },
  };
}

/** Finds the values that the schema of a prompt or a template allows for an argument. */
export function findChoices(primitive: Primitive, { argument, value }: CompletionRequest): readonly string[] {
  const choices = 'choices' in primitive ? primitive.choices.get(argument) : undefined;
  return (choices ?? []).filter((choice) => choice.toLowerCase().startsWith(value.toLowerCase()));
}
