import type { CompleteResult } from '@modelcontextprotocol/server';
import type { CompletionRequest } from '../../resource-server/access/operation.js';
import type { Primitive } from '../../resource-server/catalogue/primitive.js';
import type { CompletionValues } from '../../resource-server/decorators/mcp-completion.decorator.js';

/** Maximum number of values in one answer (MCP specification, Completion). */
const MAX_VALUES = 100;

/** Turns what a method returned into the result of a completion. */
export function toCompletionResult(told: CompletionValues | undefined): CompleteResult {
  const { values, total, hasMore } = isList(told) ? { values: told } : (told ?? { values: [] });
  const all = total ?? (isList(told) ? values.length : undefined);
  return {
    completion: {
      values: values.slice(0, MAX_VALUES),
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
