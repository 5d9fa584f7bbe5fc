import type { Type } from '@nestjs/common';
import type { DiscoveryService } from '@nestjs/core';
import type { Tool } from '@modelcontextprotocol/server';
import type { McpToolOptions, ToolSchema } from '../decorators/mcp-tool.decorator.js';
import { problemOfScope } from '../options/option-rules.js';
import { objectSchema } from './tool-schema.js';

/** The provider or controller whose method is the tool. */
export interface ToolHost {
  readonly wrapper: ReturnType<DiscoveryService['getProviders']>[number];
  readonly type: Type;
  readonly method: string;
}

/** A tool as found at boot: what clients are told, what callers need, and where its method is. */
export interface ToolDefinition {
  readonly name: string;
  /** As `tools/list` shows it. */
  readonly listing: Tool;
  readonly scopes: readonly string[];
  readonly downstreams: readonly string[];
  readonly readOnly: boolean;
  readonly input: ToolSchema | undefined;
  readonly output: ToolSchema | undefined;
  readonly host: ToolHost;
}

/**
 * Works out a tool from its decorator.
 *
 * @param problems - takes what is wrong with the declaration, a sentence or two each
 */
export function defineTool(options: McpToolOptions, host: ToolHost, problems: string[]): ToolDefinition {
  const { name = snakeCase(host.method), title, description, input, output, annotations } = options;
  const fault = (option: string, message: string) => {
    problems.push(`\`${option}\` of @McpTool on ${placeOf(host)} ${message}.`);
  };
  const describe = (direction: 'input' | 'output', schema: ToolSchema): Tool['inputSchema'] => {
    try {
      return objectSchema(schema, direction);
    } catch (error) {
      fault(direction, error instanceof Error ? error.message : String(error));
      return NO_ARGUMENTS;
    }
  };
  if (!/^[A-Za-z0-9_.-]{1,128}$/.test(name)) {
    fault('name', `is "${name}". Use 1 to 128 letters, digits, "_", "-" and "."`);
  }
  for (const scope of options.scopes ?? []) {
    const problem = problemOfScope(scope);
    if (problem) fault('scopes', `has "${scope}", which ${problem}`);
  }
  return {
    name,
    listing: {
      name,
      ...(title !== undefined && { title }),
      description,
      inputSchema: input ? describe('input', input) : NO_ARGUMENTS,
      ...(output && { outputSchema: describe('output', output) }),
      ...(annotations && { annotations }),
    },
    scopes: [...new Set(options.scopes)],
    downstreams: [...new Set([options.downstream ?? []].flat())],
    readOnly: annotations?.readOnlyHint === true,
    input,
    output,
    host,
  };
}

/** `OrderTools.find`, for messages to the developer. */
export function placeOf({ type, method }: ToolHost): string {
  return `${type.name}.${method}`;
}

/** What the MCP specification recommends for a tool without parameters. */
const NO_ARGUMENTS: Tool['inputSchema'] = { type: 'object', additionalProperties: false };

function snakeCase(method: string): string {
  return method
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase();
}
