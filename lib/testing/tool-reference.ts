import 'reflect-metadata';
import type { CallToolResult } from '@modelcontextprotocol/client';
import type { Observable } from 'rxjs';
import { toSnakeCase } from '../resource-server/catalogue/primitive.js';
import { MCP_TOOL, type McpToolOptions } from '../resource-server/decorators/mcp-tool.decorator.js';

/** A method that has `@McpTool`. */
export type ToolMethod = (...parameters: never[]) => unknown;

/** A class whose methods are tools. */
export type ToolClass<Instance extends object = object> = abstract new (...parameters: never[]) => Instance;

/** Names of a class's methods. */
export type MethodName<Instance> = {
  [Key in keyof Instance]: Instance[Key] extends ToolMethod ? Key : never;
}[keyof Instance] &
  string;

/** A method of a class, by its name. */
export type MethodOf<Instance, Key extends keyof Instance> = Instance[Key] extends ToolMethod ? Instance[Key] : never;

/** What a tool may be called with: the first parameter of its method. */
export type ToolInput<Method extends ToolMethod> = Method extends (input: infer Input, ...rest: never[]) => unknown
  ? unknown extends Input
    ? Readonly<Record<string, unknown>>
    : Input
  : never;

/** What follows the tool in a call: its arguments, which may be left out where none is required, and `Options`. */
export type ToolArguments<Method extends ToolMethod, Options> =
  Partial<ToolInput<Method>> extends ToolInput<Method>
    ? [args?: ToolInput<Method>, options?: Options]
    : [args: ToolInput<Method>, options?: Options];

/** What comes back from a tool: what its method returns, as JSON has it. */
export type ToolValue<Method extends ToolMethod> = ValueOf<Awaited<ReturnType<Method>>>;

/** What a client reads of what a tool's method returned. */
type ValueOf<Returned> = unknown extends Returned
  ? unknown
  : Returned extends string
    ? string
    : Returned extends
          CallToolResult | readonly unknown[] | number | boolean | bigint | AsyncIterable<unknown> | Observable<unknown>
      ? unknown
      : Returned extends object
        ? Json<Returned>
        : undefined;

/** A type after it was written as JSON and read again. */
export type Json<Type> = unknown extends Type
  ? unknown
  : Type extends { toJSON(): infer Written }
    ? Written
    : Type extends readonly (infer Element)[]
      ? Json<Element>[]
      : Type extends object
        ? { [Key in keyof Type as Type[Key] extends ToolMethod ? never : Key]: Json<Type[Key]> }
        : Type;

/** A tool: a method that has `@McpTool`, its class and name, or the tool's own name. */
export type ToolReference = string | ToolMethod | readonly [ToolClass, string];

/**
 * The name that a tool goes by at the server.
 *
 * @throws TypeError if the method has no `@McpTool`
 */
export function resolveToolName(tool: ToolReference): string {
  if (typeof tool === 'string') return tool;
  if (typeof tool === 'function') return readName(tool, tool.name, tool.name);
  const [type, key] = tool;
  const method = (type.prototype as Record<string, unknown>)[key];
  return readName(method, key, `${type.name}.${key}`);
}

function readName(method: unknown, key: string, place: string): string {
  const options =
    typeof method === 'function' ? (Reflect.getMetadata(MCP_TOOL, method) as McpToolOptions | undefined) : undefined;
  if (!options) throw new TypeError(`${place || 'The method'} is no tool: it has no @McpTool.`);
  return options.name ?? toSnakeCase(key);
}
