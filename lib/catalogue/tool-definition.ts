import type { Type } from '@nestjs/common';
import type { DiscoveryService } from '@nestjs/core';
import type { Tool } from '@modelcontextprotocol/server';
import { namedScopes, type AccessRule } from '../authorization/access-rule.js';
import type { Policy } from '../authorization/policy.js';
import type { McpToolOptions, ToolSchema } from '../decorators/mcp-tool.decorator.js';
import { problemOfRule } from '../authorization/scope-rule.js';
import { problemOfResourceScope } from '../options/option-rules.js';
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
  readonly access: AccessRule;
  readonly policies: readonly Type<Policy>[];
  readonly downstreams: readonly string[];
  /** When their tokens are got. */
  readonly exchange: 'eager' | 'lazy';
  readonly readOnly: boolean;
  readonly input: ToolSchema | undefined;
  readonly output: ToolSchema | undefined;
  readonly host: ToolHost;
}

/** What decorators say of a tool besides its own. */
export interface ToolSurroundings {
  readonly anonymous: boolean;
  readonly policies: readonly Type<Policy>[];
  /** What holds for tools that say nothing of it. */
  readonly appOnly: 'allow' | 'deny';
}

/**
 * Works out a tool from its decorators.
 *
 * @param problems - takes what is wrong with the declaration, a sentence or two each
 */
export function defineTool(
  options: McpToolOptions,
  host: ToolHost,
  surroundings: ToolSurroundings,
  problems: string[],
): ToolDefinition {
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
  const { scopes = [] } = options;
  const ruleProblem = typeof scopes === 'function' ? undefined : problemOfRule(scopes);
  if (ruleProblem) fault('scopes', ruleProblem);
  const access: AccessRule = {
    scopes: ruleProblem ? [] : scopes,
    anonymous: surroundings.anonymous,
    appOnly: (options.appOnly ?? surroundings.appOnly) === 'allow',
    acrValues: options.acrValues ?? [],
    maxAge: options.maxAge,
  };
  for (const scope of namedScopes(access)) {
    const problem = problemOfResourceScope(scope);
    if (problem) fault('scopes', `has "${scope}", which ${problem}`);
  }
  for (const value of access.acrValues) {
    if (!/^[\x21\x23-\x5B\x5D-\x7E]+$/.test(value)) {
      fault('acrValues', `has "${value}". Use printable ASCII without spaces, quotes and backslashes`);
    }
  }
  if (access.maxAge !== undefined && !(Number.isInteger(access.maxAge) && access.maxAge >= 1)) {
    fault('maxAge', 'is not a whole number of seconds from 1 up. Write one; with 0 no sign-in would be recent enough');
  }
  const downstreams = [...new Set([options.downstream ?? []].flat())];
  if (options.exchange !== undefined && downstreams.length === 0) {
    fault('exchange', 'is set, but there is no `downstream` whose token could be got. Name one, or remove it');
  }
  if (access.anonymous) {
    for (const option of ['scopes', 'acrValues', 'maxAge', 'appOnly'] as const) {
      if (options[option] !== undefined)
        fault(option, 'can never be met: @Anonymous lets everyone call it. Remove one of the two');
    }
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
    access,
    policies: surroundings.policies,
    downstreams,
    exchange: options.exchange ?? 'eager',
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

/** The name of a tool that has none of its own. */
export function snakeCase(method: string): string {
  return method
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase();
}
