import 'reflect-metadata';
import type { CallToolResult } from '@modelcontextprotocol/client';
import type { Observable } from 'rxjs';
import { toSnakeCase } from '../resource-server/catalogue/primitive.js';
import { MCP_TOOL, type McpToolOptions } from '../resource-server/decorators/mcp-tool.decorator.js';

/** A method with `@McpTool`. */
export type ToolMethod = (...parameters: never[]) => unknown;

/** A class whose methods are tools. */
export type ToolClass<Instance extends object = object> = abstract new (...parameters: never[]) => Instance;

/** Names of the methods of a class. */
export type MethodName<Instance> = {
  [Key in keyof Instance]: Instance[Key] extends ToolMethod ? Key : never;
}[keyof Instance] &
  string;

/** The method with a given name. */
export type MethodOf<Instance, Key extends keyof Instance> = Instance[Key] extends ToolMethod ? Instance[Key] : never;

/** Type of a tool's input: the first parameter of its method. */
export type ToolInput<Method extends ToolMethod> = Method extends (input: infer Input, ...rest: never[]) => unknown
  ? unknown extends Input
    ? Readonly<Record<string, unknown>>
    : Input
  : never;

/** What follows the tool in a call: its arguments, optional if none is required, and `Options`. */
export type ToolArguments<Method extends ToolMethod, Options> =
  Partial<ToolInput<Method>> extends ToolInput<Method>
    ? [args?: ToolInput<Method>, options?: Options]
    : [args: ToolInput<Method>, options?: Options];

/** Type of a tool's value: the return value of its method after JSON serialization. */
export type ToolValue<Method extends ToolMethod> = ValueOf<Awaited<ReturnType<Method>>>;

/** Type of the value that a client reads from what a method returned. */
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

/** A type after a JSON round trip. */
export type Json<Type> = unknown extends Type
  ? unknown
  : Type extends { toJSON(): infer Written }
    ? Written
    : Type extends readonly (infer Element)[]
      ? Json<Element>[]
      : Type extends object
        ? { [Key in keyof Type as Type[Key] extends ToolMethod ? never : Key]: Json<Type[Key]> }
        : Type;

/** A tool: its method with `@McpTool`, its class and method name, or its own name. */
export type ToolReference = string | ToolMethod | readonly [ToolClass, string];

/**
 * Returns the name of a tool at the server.
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
  if (!options) throw new TypeError(`${place || 'The method'} is not a tool: it has no @McpTool.`);
  return options.name ?? toSnakeCase(key);
}
