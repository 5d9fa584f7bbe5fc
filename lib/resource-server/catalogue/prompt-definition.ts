import type { Prompt } from '@modelcontextprotocol/server';
import type { McpPromptOptions } from '../decorators/mcp-prompt.decorator.js';
import { listChoices } from './argument-choices.js';
import { toObjectSchema } from './arguments-schema.js';
import { defineOffer, createFault } from './offer.js';
import type { Surroundings } from './surroundings.js';
import { toSnakeCase, type MethodHost, type PromptDefinition } from './primitive.js';

/**
 * Defines a prompt from its decorators.
 *
 * @param problems - receives a message of a sentence or two for each fault in the declaration
 */
export function definePrompt(
  options: McpPromptOptions,
  host: MethodHost,
  surroundings: Surroundings,
  problems: string[],
): PromptDefinition {
  const fault = createFault(host, problems);
  const { name = toSnakeCase(host.method), title, description, input, icons, meta } = options;
  if (name.trim() === '' || name.length > 128) fault('name', `is "${name}". Use 1 to 128 characters`);
  let choices: PromptDefinition['choices'] = new Map();
  let promptArguments: Prompt['arguments'];
  try {
    const schema = input && toObjectSchema(input, 'input');
    promptArguments = schema && describeArguments(schema);
    if (schema) choices = listChoices(schema);
  } catch (error) {
    fault('input', (error as Error).message);
  }
  return {
    kind: 'prompt',
    ...defineOffer(name, options, host, surroundings, fault),
    listing: {
      name,
      ...(title !== undefined && { title }),
      ...(description !== undefined && { description }),
      ...(promptArguments && { arguments: promptArguments }),
      ...(icons && { icons: [...icons] }),
      ...(meta && { _meta: { ...meta } }),
    },
    readOnly: true,
    completions: new Map(),
    choices,
  };
}

interface ArgumentSchema {
  readonly title?: string;
  readonly description?: string;
}

function describeArguments({
  properties = {},
  required = [],
}: ReturnType<typeof toObjectSchema>): NonNullable<Prompt['arguments']> {
  return Object.entries(properties as Record<string, ArgumentSchema>).map(([name, { title, description }]) => {
    return {
      name,
      ...(title !== undefined && { title }),
      ...(description !== undefined && { description }),
      required: required.includes(name),
    };
  });
}
