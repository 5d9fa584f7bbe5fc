import type { CompleteResult } from '@modelcontextprotocol/server';
import type { CompletionRequest } from '../../resource-server/access/operation.js';
import type { Primitive } from '../../resource-server/catalogue/primitive.js';
import type { CompletionValues } from '../../resource-server/decorators/mcp-completion.decorator.js';

/** Values that one answer may have (MCP specification, Completion). */
const MAX_VALUES = 100;

/** Makes the answer of what a method told. */
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

/** Values that the schema of a prompt has for an argument. */
export function findChoices(primitive: Primitive, { argument, value }: CompletionRequest): readonly string[] {
  const choices = primitive.kind === 'prompt' ? primitive.choices.get(argument) : undefined;
  return (choices ?? []).filter((choice) => choice.toLowerCase().startsWith(value.toLowerCase()));
}

function isList(told: CompletionValues | undefined): told is readonly string[] {
  return Array.isArray(told);
}
