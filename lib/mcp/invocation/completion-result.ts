import type { CompleteResult } from '@modelcontextprotocol/server';
import type { CompletionRequest } from '../../resource-server/access/operation.js';
import type { Primitive } from '../../resource-server/catalogue/primitive.js';
import type { CompletionValues } from '../../resource-server/decorators/mcp-completion.decorator.js';

/** Maximum number of values in one answer (MCP specification, Completion). */
const MAX_VALUES = 100;

/**
 * Turns what a method returned into the result of a completion.
 *
 * @param select - selects the values that the caller may know
 */
export async function toCompletionResult(
  told: CompletionValues | undefined,
  select: (values: readonly string[]) => Promise<readonly string[]>,
): Promise<CompleteResult> {
  const { values, total, hasMore } = isList(told) ? { values: told } : (told ?? { values: [] });
  const first = values.slice(0, MAX_VALUES);
  const permitted = await select(first);
  // How many values there are says something of those that the caller may not know.
  if (permitted.length < first.length) return { completion: { values: [...permitted], hasMore: false } };
  const all = total ?? (isList(told) ? values.length : undefined);
  return {
    completion: {
      values: first,
      ...(all !== undefined && { total: all }),
      hasMore: hasMore ?? values.length > MAX_VALUES,
    },
  };
}

/** Finds the values that the prompt's schema allows for an argument. */
export function findChoices(primitive: Primitive, { argument, value }: CompletionRequest): readonly string[] {
  const choices = primitive.kind === 'prompt' ? primitive.choices.get(argument) : undefined;
  return (choices ?? []).filter((choice) => choice.toLowerCase().startsWith(value.toLowerCase()));
}

function isList(told: CompletionValues | undefined): told is readonly string[] {
  return Array.isArray(told);
}
