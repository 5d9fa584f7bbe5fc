import type { Type } from '@nestjs/common';
import type { DiscoveryService } from '@nestjs/core';
import type { CacheHint, Prompt, Resource, ResourceTemplateType, Tool } from '@modelcontextprotocol/server';
import type { AccessRule } from '../access/access-rule.js';
import type { Policy } from '../access/policy.js';
import type { ArgumentsSchema, ToolSchema } from '../decorators/access-options.js';
import type { UriPattern } from '../resource-uris/uri-pattern.js';
import type { ParameterHeader } from './parameter-headers.js';
import type { SearchRole } from './search-role.js';

/** The provider or controller whose method is called. */
export interface MethodHost {
  readonly wrapper: ReturnType<DiscoveryService['getProviders']>[number];
  readonly type: Type;
  readonly method: string;
  /** Called in place of the class's method of that name. Its metadata are those of the method. */
  readonly handler?: (...args: never[]) => unknown;
  /** The decorator on the method, for messages to the developer. */
  readonly decorator: string;
  /** Names of the options that come from the class, not from the method. */
  readonly ofClass?: ReadonlySet<string>;
}

/** The common part of everything that a server offers: its access rules and its method. */
export interface Offer {
  readonly kind: 'tool' | 'resource' | 'resourceTemplate' | 'prompt';
  /** The identifier that clients use: the name, the URI or the URI template. */
  readonly name: string;
  readonly access: AccessRule;
  readonly policies: readonly Type<Policy>[];
  readonly downstreams: readonly string[];
  /** When the tokens for the downstreams are obtained. */
  readonly exchange: 'eager' | 'lazy';
  /** Names of the servers that offer it. An empty list means all servers. */
  readonly servers: readonly string[];
  /** Milliseconds. */
  readonly timeoutMs: number | undefined;
  /** Whether its scopes are among the initial scopes. */
  readonly readOnly: boolean;
  /** Schema of the arguments. */
  readonly input: ArgumentsSchema | undefined;
  readonly host: MethodHost;
}

/** A method that completes an argument or lists a template's resources. The rules of its primitive apply. */
export interface Companion {
  readonly host: MethodHost;
}

/** How a tool runs as a task, so that the client need not wait. */
export interface TaskSupport {
  readonly required: boolean;
  /** Milliseconds. */
  readonly ttlMs: number;
  readonly pollIntervalMs: number;
}

export interface ToolDefinition extends Offer {
  readonly kind: 'tool';
  /** As `tools/list` shows it. */
  readonly listing: Tool;
  readonly output: ToolSchema | undefined;
  readonly parameterHeaders: readonly ParameterHeader[];
  readonly task: TaskSupport | undefined;
  /** Its part in the search of operations, if it has one. */
  readonly search: SearchRole | undefined;
}

export interface ResourceDefinition extends Offer {
  readonly kind: 'resource';
  readonly listing: Resource;
  /** Matches its URI alone. */
  readonly pattern: UriPattern;
  readonly cache: CacheHint | undefined;
}

export interface ResourceTemplateDefinition extends Offer {
  readonly kind: 'resourceTemplate';
  readonly listing: ResourceTemplateType;
  /** Matches the URIs of its resources. */
  readonly pattern: UriPattern;
  readonly cache: CacheHint | undefined;
  /** Lists its resources. */
  list?: Companion;
  readonly completions: Map<string, Companion>;
  /** Values that the schema enumerates for a variable. */
  readonly choices: ReadonlyMap<string, readonly string[]>;
}

export interface PromptDefinition extends Offer {
  readonly kind: 'prompt';
  readonly listing: Prompt;
  readonly completions: Map<string, Companion>;
  /** Values that the schema enumerates for an argument. */
  readonly choices: ReadonlyMap<string, readonly string[]>;
}

/** Anything that a server offers (MCP specification, server primitives). */
export type Primitive = ToolDefinition | ResourceDefinition | ResourceTemplateDefinition | PromptDefinition;

/** `OrderTools.find`, for messages to the developer. */
export function describePlace({ type, method }: Pick<MethodHost, 'type' | 'method'>): string {
  return `${type.name}.${method}`;
}

/** For messages: `@McpTool on OrderTools.find`, or `@McpDefaults on OrderTools` for an option of the class. */
export function describeDeclaration({ type, method, decorator, ofClass }: MethodHost, option: string): string {
  return ofClass?.has(option) ? `@McpDefaults on ${type.name}` : `${decorator} on ${describePlace({ type, method })}`;
}

/** Converts `findOrder` to `find_order`. */
export function toSnakeCase(method: string): string {
  return method
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase();
}
