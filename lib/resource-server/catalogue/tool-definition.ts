import type { Tool } from '@modelcontextprotocol/server';
import type { ArgumentsSchema } from '../decorators/access-options.js';
import type { McpToolOptions } from '../decorators/mcp-tool.decorator.js';
import { isOwnSchema, toObjectSchema } from './arguments-schema.js';
import { isPlainSchema } from './plain-schema.js';
import { defineOffer, createFault } from './offer.js';
import type { Surroundings } from './surroundings.js';
import { findParameterHeaders, type ParameterHeader } from './parameter-headers.js';
import { toSnakeCase, type MethodHost, type ToolDefinition } from './primitive.js';

/** Milliseconds. */
const TASK_TTL = 60 * 60_000;
const POLL_INTERVAL = 2_000;

/**
 * Defines a tool from its decorators.
 *
 * @param problems - receives a message of a sentence or two for each fault in the declaration
 */
export function defineTool(
  options: McpToolOptions,
  host: MethodHost,
  surroundings: Surroundings,
  problems: string[],
): ToolDefinition {
  const { name = toSnakeCase(host.method), title, description, input, output, annotations, icons, meta } = options;
  const fault = createFault(host, problems);
  const isPlain = {
    input: !input || isPlainSchema(input, 'input'),
    output: !output || isPlainSchema(output, 'output'),
  };
  const isDescribedLater =
    (isPlain.input && isPlain.output) ||
    (surroundings.search === 'found' && [input, output].every((schema) => !schema || isOwnSchema(schema)));
  const describe = (direction: 'input' | 'output', schema: ArgumentsSchema): Tool['inputSchema'] => {
    try {
      return toObjectSchema(schema, direction);
    } catch (error) {
      if (isDescribedLater) throw error;
      fault(direction, (error as Error).message);
      return NO_ARGUMENTS;
    }
  };
  if (!/^[A-Za-z0-9_.-]{1,128}$/.test(name)) {
    fault('name', `is "${name}". Use 1 to 128 letters, digits, "_", "-" and "."`);
  }
  if (typeof description !== 'string' || description.trim() === '') {
    fault('description', 'is missing. A model chooses a tool by it. Write a sentence that says what the tool does');
  }
  const task = options.task === true ? {} : options.task;
  for (const option of ['ttlMs', 'pollIntervalMs'] as const) {
    const value = task?.[option];
    if (value !== undefined && !(Number.isInteger(value) && value >= 1)) {
      fault(`task.${option}`, 'is not a whole number of milliseconds from 1 up. Write one, or remove it');
    }
  }
  const describeListing = (): Tool => ({
    name,
    ...(title !== undefined && { title }),
    description,
    inputSchema: input ? describe('input', input) : NO_ARGUMENTS,
    ...(output && { outputSchema: describe('output', output) }),
    ...(annotations && { annotations }),
    ...(icons && { icons: [...icons] }),
    ...(meta && { _meta: { ...meta } }),
  });
  let listing: Tool | undefined;
  let parameterHeaders: readonly ParameterHeader[] | undefined;
  const tool: ToolDefinition = {
    kind: 'tool',
    ...defineOffer(name, options, host, surroundings, fault),
    get listing() {
      return (listing ??= describeListing());
    },
    // What finds operations needs no scopes. Clients start with those of the operations.
    readOnly: annotations?.readOnlyHint === true && surroundings.search !== 'finder',
    output,
    get parameterHeaders() {
      const onFault = (message: string) => {
        fault('input', message);
      };
      return (parameterHeaders ??= isPlain.input ? [] : findParameterHeaders(tool.listing.inputSchema, onFault));
    },
    task: task && {
      required: task.support === 'required',
      ttlMs: task.ttlMs ?? TASK_TTL,
      pollIntervalMs: task.pollIntervalMs ?? POLL_INTERVAL,
    },
    search: surroundings.search,
  };
  // Whatever may be faulty is found at boot. So are the parameters of headers, which each call compares.
  return isDescribedLater ? tool : { ...tool };
}

/** The schema that the MCP specification recommends for a tool without parameters. */
const NO_ARGUMENTS: Tool['inputSchema'] = { type: 'object', additionalProperties: false };
