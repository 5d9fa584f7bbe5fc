import type {
  StandardSchemaWithJSON,
  ToolAnnotations,
  Icon,
  CallToolResult,
  InputRequiredResult,
} from '@modelcontextprotocol/server';
import type { Observable } from 'rxjs';
import type { Caller } from '../access/caller.js';
import type { McpContext } from './mcp-context.js';
import type { AccessOptions, ArgumentsOf, ArgumentsSchema, ToolSchema } from './access-options.js';
import { declareOffer } from './offer-declaration.js';

export type { ToolSchema } from './access-options.js';

/**
 * How a tool runs as a task, so that the client need not wait (extension `io.modelcontextprotocol/tasks`, SEP-2663).
 */
export interface ToolTaskOptions {
  /**
   * What clients without support for tasks get. `'optional'`: they can call the tool, and wait for the result.
   * `'required'`: they get an error that names the missing capability. Defaults to `'optional'`.
   */
  support?: 'optional' | 'required';
  /** Milliseconds for which the result is kept. Defaults to an hour. */
  ttlMs?: number;
  /** Milliseconds that clients are told to wait between two polls. Defaults to 2000. */
  pollIntervalMs?: number;
}

/** What a tool offers to clients, and what it needs from callers. */
export interface McpToolOptions<
  Input extends ArgumentsSchema = ArgumentsSchema,
  Output extends ToolSchema = ToolSchema,
> extends AccessOptions<ArgumentsOf<Input>> {
  /** Name of the tool; letters, digits, `_`, `-` and `.`. Defaults to the method's name in snake_case. */
  name?: string;
  /** Name for people. */
  title?: string;
  /** What the tool does, for the model that chooses it. */
  description: string;
  /** Schema of the arguments, an object; or a class with decorators of `class-validator`. Without it the tool takes none. */
  input?: Input;
  /** Schema of the method's return value, an object; offered to clients and enforced on every result. */
  output?: Output;
  /** Hints about the tool's behaviour (MCP schema, `ToolAnnotations`). `readOnlyHint` makes its scopes initial ones. */
  annotations?: ToolAnnotations;
  /** Pictures for people (MCP schema, `Icon`). */
  icons?: readonly Icon[];
  /** `_meta` of the tool, with names of the application's own (MCP specification, `_meta`). */
  meta?: Readonly<Record<string, unknown>>;
  /** Lets clients that support tasks fetch the result later. */
  task?: ToolTaskOptions | true;
}

/** What a method may return for a value: the value, a promise of it, or a stream. */
type Returned<Value> =
  | Value
  | Promise<Value>
  | Observable<unknown>
  | Promise<Observable<unknown>>
  | AsyncIterable<unknown>
  | Promise<AsyncIterable<unknown>>;

/** Whether the return type of a method fits `output`. A return value of type `unknown` is only checked at run time. */
export type FitsOutput<Method, Output extends ToolSchema> = Method extends (...args: never[]) => infer Result
  ? unknown extends Awaited<Result> | StandardSchemaWithJSON.InferInput<Output>
    ? unknown
    : Result extends Returned<StandardSchemaWithJSON.InferInput<Output> | CallToolResult | InputRequiredResult>
      ? unknown
      : { readonly mismatch: 'What the method returns does not fit its `output` schema' }
  : never;

/**
 * A method that may carry `@McpTool`. It takes the validated arguments and the context, or parameters with decorators.
 * The compiler does not see what the decorators inject.
 */
export type ToolMethod<Input extends ArgumentsSchema> =
  | ((input: ArgumentsOf<Input>, ...rest: never[]) => unknown)
  | ((decorated: Caller, ...rest: never[]) => unknown)
  | ((decorated: Caller | undefined, ...rest: never[]) => unknown)
  | ((decorated: McpContext, ...rest: never[]) => unknown)
  | ((decorated: string, ...rest: never[]) => unknown)
  | ((decorated: number, ...rest: never[]) => unknown)
  | ((decorated: boolean, ...rest: never[]) => unknown);

export const MCP_TOOL = 'nestjs-mcp-auth:tool';

/**
 * Offers a method of a provider or controller as an MCP tool. A controller's route keeps working.
 *
 * The method gets the validated arguments and an {@link McpContext}, or what the decorators of its parameters select.
 * The guards, pipes, interceptors and filters that apply to it run (`ExecutionContext.getType()` is `'mcp'`). The
 * return value becomes the result: a value of `output`, or any object, as `structuredContent` and text; a string as
 * text; content blocks and a `CallToolResult` as they are. Items of an `Observable` or an async iterable are sent as
 * progress.
 *
 * @param options - what the tool offers and needs
 */
export function McpTool<Input extends ArgumentsSchema, Output extends ToolSchema>(
  options: McpToolOptions<Input, Output>,
): <Method extends ToolMethod<Input>>(
  target: object,
  key: string | symbol,
  method: TypedPropertyDescriptor<Method> & FitsOutput<Method, Output>,
) => void {
  return declareOffer('@McpTool', MCP_TOOL, options);
}
