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
import { declareOffer } from './offered.js';

export type { ToolSchema } from './access-options.js';

/** How a tool's work goes on where the client need not wait (extension `io.modelcontextprotocol/tasks`, SEP-2663). */
export interface ToolTaskOptions {
  /**
   * Whether clients that do not know tasks can call the tool too, and then wait for it: `'optional'`; or get an error that
   * says what they lack: `'required'`. Defaults to `'optional'`.
   */
  support?: 'optional' | 'required';
  /** Milliseconds for which the result is kept. Defaults to an hour. */
  ttlMs?: number;
  /** Milliseconds that clients are told to wait between two looks. Defaults to 2000. */
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
  /** Lets clients that know tasks come back for the result. */
  task?: ToolTaskOptions | true;
}

/** What a method may return for a value: it, later, or one after another. */
type Returned<Value> =
  | Value
  | Promise<Value>
  | Observable<unknown>
  | Promise<Observable<unknown>>
  | AsyncIterable<unknown>
  | Promise<AsyncIterable<unknown>>;

/** Whether what a method returns can be a value of `output`; of what is `unknown`, that is found out when it is there. */
type FitsOutput<Method, Output extends ToolSchema> = Method extends (...args: never[]) => infer Result
  ? unknown extends Awaited<Result> | StandardSchemaWithJSON.InferInput<Output>
    ? unknown
    : Result extends Returned<StandardSchemaWithJSON.InferInput<Output> | CallToolResult | InputRequiredResult>
      ? unknown
      : { readonly mismatch: 'What the method returns does not fit its `output` schema' }
  : never;

/**
 * A method that may carry `@McpTool`: it takes the validated arguments, and the context; or parameters that have
 * decorators, whose types the compiler does not see.
 */
type ToolMethod<Input extends ArgumentsSchema> =
  | ((input: ArgumentsOf<Input>, ...rest: never[]) => unknown)
  | ((decorated: Caller, ...rest: never[]) => unknown)
  | ((decorated: Caller | undefined, ...rest: never[]) => unknown)
  | ((decorated: McpContext, ...rest: never[]) => unknown)
  | ((decorated: string, ...rest: never[]) => unknown)
  | ((decorated: number, ...rest: never[]) => unknown)
  | ((decorated: boolean, ...rest: never[]) => unknown);

export const MCP_TOOL = 'nestjs-mcp-auth:tool';

/**
 * Offers a method of a provider or controller as an MCP tool; a controller's route stays what it is besides.
 *
 * The method is called with the validated arguments and an {@link McpContext}, or with what the decorators of its
 * parameters say, behind the guards, pipes, interceptors and filters that apply to it (`ExecutionContext.getType()` is
 * `'mcp'`). What it returns becomes the result: a value of `output`, or any object, as `structuredContent` and text; a
 * string as text; blocks of content, and a `CallToolResult`, as they are. Items of an `Observable` or an async iterable
 * are told as progress.
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
  return declareOffer(MCP_TOOL, options);
}
