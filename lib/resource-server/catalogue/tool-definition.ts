import type { Tool } from '@modelcontextprotocol/server';
import type { ArgumentsSchema } from '../decorators/access-options.js';
import type { McpToolOptions } from '../decorators/mcp-tool.decorator.js';
import { isOwnSchema, toObjectSchema } from './arguments-schema.js';
import { isPlainSchema } from './plain-schema.js';
import type { Fault } from './access-option-rules.js';
import { createFault, defineOffer } from './offer.js';
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
  const { name = toSnakeCase(host.method), description, input, output, annotations } = options;
  const fault = createFault(host, problems);
  const isPlain = {
    input: !input || isPlainSchema(input, 'input'),
    output: !output || isPlainSchema(output, 'output'),
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
  const parts: ToolParts = {
    ...defineOffer(name, options, host, surroundings, fault),
    // What finds operations needs no scopes. Clients start with those of the operations.
    readOnly: annotations?.readOnlyHint === true && surroundings.search !== 'finder',
    output,
    task: task && {
      required: task.support === 'required',
      ttlMs: task.ttlMs ?? TASK_TTL,
      pollIntervalMs: task.pollIntervalMs ?? POLL_INTERVAL,
    },
    search: surroundings.search,
  };
  const tool = new DeclaredTool(parts, options, isPlain.input);
  const isDescribedLater =
    (isPlain.input && isPlain.output) ||
    (surroundings.search === 'found' && [input, output].every((schema) => !schema || isOwnSchema(schema)));
  // Whatever may be faulty is found at boot. So are the parameters of headers, which each call compares.
  if (!isDescribedLater) tool.describe(fault);
  return tool;
}

type ToolParts = Omit<ToolDefinition, 'kind' | 'listing' | 'parameterHeaders'>;

/** A tool without its description. */
const DefinedTool = class {
  readonly kind = 'tool';

  constructor(parts: ToolParts) {
    Object.assign(this, parts);
  }
} as new (parts: ToolParts) => Omit<ToolDefinition, 'listing' | 'parameterHeaders'>;

/** A tool that is described when somebody asks for it, which takes long. */
class DeclaredTool extends DefinedTool implements ToolDefinition {
  readonly #options: McpToolOptions;
  #listing: Tool | undefined;
  #parameterHeaders: readonly ParameterHeader[] | undefined;

  /** @param hasNoHeaders - whether its arguments certainly have no parameter that is a header, too */
  constructor(parts: ToolParts, options: McpToolOptions, hasNoHeaders: boolean) {
    super(parts);
    this.#options = options;
    if (hasNoHeaders) this.#parameterHeaders = [];
  }

  get listing(): Tool {
    return (this.#listing ??= this.#describeListing(toObjectSchema));
  }

  get parameterHeaders(): readonly ParameterHeader[] {
    return (this.#parameterHeaders ??= findParameterHeaders(this.listing.inputSchema, () => undefined));
  }

  /** @param fault - receives the faults of its schemas */
  describe(fault: Fault): void {
    this.#listing = this.#describeListing((schema, direction) => {
      try {
        return toObjectSchema(schema, direction);
      } catch (error) {
        fault(direction, (error as Error).message);
        return NO_ARGUMENTS;
      }
    });
    this.#parameterHeaders ??= findParameterHeaders(this.listing.inputSchema, (message) => {
      fault('input', message);
    });
  }

  #describeListing(describe: (schema: ArgumentsSchema, direction: 'input' | 'output') => Tool['inputSchema']): Tool {
    const { title, description, input, output, annotations, icons, meta } = this.#options;
    return {
      name: this.name,
      ...(title !== undefined && { title }),
      description,
      inputSchema: input ? describe(input, 'input') : NO_ARGUMENTS,
      ...(output && { outputSchema: describe(output, 'output') }),
      ...(annotations && { annotations }),
      ...(icons && { icons: [...icons] }),
      ...(meta && { _meta: { ...meta } }),
    };
  }
}

/** The schema that the MCP specification recommends for a tool without parameters. */
const NO_ARGUMENTS: Tool['inputSchema'] = { type: 'object', additionalProperties: false };
