import type { Tool } from '@modelcontextprotocol/server';
import type { ArgumentsSchema } from '../decorators/access-options.js';
import type { McpToolOptions } from '../decorators/mcp-tool.decorator.js';
import { toObjectSchema } from './arguments-schema.js';
import { defineOffer, createFault } from './offer.js';
import type { Surroundings } from './surroundings.js';
import { findParameterHeaders } from './parameter-headers.js';
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
  const describe = (direction: 'input' | 'output', schema: ArgumentsSchema): Tool['inputSchema'] => {
    try {
      return toObjectSchema(schema, direction);
    } catch (error) {
      fault(direction, error instanceof Error ? error.message : String(error));
      return NO_ARGUMENTS;
    }
  };
  if (!/^[A-Za-z0-9_.-]{1,128}$/.test(name)) {
    fault('name', `is "${name}". Use 1 to 128 letters, digits, "_", "-" and "."`);
  }
  const inputSchema = input ? describe('input', input) : NO_ARGUMENTS;
  const task = options.task === true ? {} : options.task;
  for (const option of ['ttlMs', 'pollIntervalMs'] as const) {
    const value = task?.[option];
    if (value !== undefined && !(Number.isInteger(value) && value >= 1)) {
      fault(`task.${option}`, 'is not a whole number of milliseconds from 1 up. Write one, or remove it');
    }
  }
  return {
    kind: 'tool',
    ...defineOffer(name, options, host, surroundings, fault),
    listing: {
      name,
      ...(title !== undefined && { title }),
      description,
      inputSchema,
      ...(output && { outputSchema: describe('output', output) }),
      ...(annotations && { annotations }),
      ...(icons && { icons: [...icons] }),
      ...(meta && { _meta: { ...meta } }),
    },
    // What finds operations needs no scopes. Clients start with those of the operations.
    readOnly: annotations?.readOnlyHint === true && surroundings.search !== 'finder',
    output,
    parameterHeaders: findParameterHeaders(inputSchema, (message) => {
      fault('input', message);
    }),
    task: task && {
      required: task.support === 'required',
      ttlMs: task.ttlMs ?? TASK_TTL,
      pollIntervalMs: task.pollIntervalMs ?? POLL_INTERVAL,
    },
    search: surroundings.search,
  };
}

/** The schema that the MCP specification recommends for a tool without parameters. */
const NO_ARGUMENTS: Tool['inputSchema'] = { type: 'object', additionalProperties: false };
