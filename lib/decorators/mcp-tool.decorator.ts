import 'reflect-metadata';
import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ENTRY_PROVIDER_WATERMARK } from '@nestjs/common/constants.js';
import type { StandardSchemaWithJSON, ToolAnnotations } from '@modelcontextprotocol/server';
import type { ScopeRule } from '../authorization/scope-rule.js';
import type { McpContext } from '../serving/mcp-context.js';
import { defineParameters } from '../serving/tool-parameters.js';

/** A Standard Schema that also tells itself as JSON Schema, such as one of zod 4.2 or later. */
export type ToolSchema = StandardSchemaWithJSON;

/** What a tool offers to clients, and what it needs from callers. */
export interface McpToolOptions<Input extends ToolSchema = ToolSchema, Output extends ToolSchema = ToolSchema> {
  /** Name of the tool; letters, digits, `_`, `-` and `.`. Defaults to the method's name in snake_case. */
  name?: string;
  /** Name for people. */
  title?: string;
  /** What the tool does, for the model that chooses it. */
  description: string;
  /** Schema of the arguments, an object. Without it the tool takes none. */
  input?: Input;
  /** Schema of the method's return value, an object; offered to clients and enforced on every result. */
  output?: Output;
  /** Hints about the tool's behaviour (MCP schema, `ToolAnnotations`). `readOnlyHint` makes its scopes initial ones. */
  annotations?: ToolAnnotations;
  /**
   * Scopes that the caller needs: all of a list, `{ allOf, anyOf }`, or a function of the validated arguments that
   * returns one of these. Without scopes any valid token will do.
   */
  scopes?: ScopeRule | ((input: StandardSchemaWithJSON.InferOutput<Input>) => ScopeRule);
  /** Values of `acr`, one of which the user's sign-in has to have; else the client is asked to step up (RFC 9470). */
  acrValues?: readonly string[];
  /** Seconds since the user signed in (`auth_time`), at most; else the client is asked to have it done again (RFC 9470). */
  maxAge?: number;
  /** Whether a token that stands for no user will do. Defaults to `appOnly` of the module's options. */
  appOnly?: 'allow' | 'deny';
  /** The downstream, or downstreams, that the method may call through `DownstreamClient`. It reaches no other. */
  downstream?: string | readonly string[];
  /**
   * When the downstreams' tokens are got: `'eager'`, before the call, so that a sign-in, a consent or a scope that is
   * missing is asked for over HTTP; or `'lazy'`, when the method first calls. Defaults to `'eager'`.
   */
  exchange?: 'eager' | 'lazy';
}

/** A method that may carry `@McpTool`: it takes the validated arguments and the context of the call. */
type ToolMethod<Input extends ToolSchema> = (
  input: StandardSchemaWithJSON.InferOutput<Input>,
  context: McpContext,
) => unknown;

export const MCP_TOOL = 'nestjs-mcp-auth:tool';

/**
 * Offers a method of a provider or controller as an MCP tool.
 *
 * The method is called with the validated arguments and an {@link McpContext}, behind the guards, pipes and
 * interceptors that apply to it (`ExecutionContext.getType()` is `'mcp'`). What it returns becomes the result: a value
 * of `output`, or any object, as `structuredContent` and text; a string as text; a `CallToolResult` as it is.
 *
 * @param options - what the tool offers and needs
 */
export function McpTool<Input extends ToolSchema, Output extends ToolSchema>(
  options: McpToolOptions<Input, Output>,
): <Method extends ToolMethod<Input>>(
  target: object,
  key: string | symbol,
  method: TypedPropertyDescriptor<Method>,
) => void {
  return applyDecorators(
    SetMetadata(MCP_TOOL, options),
    // Makes Nest give the class the global guards and interceptors that are request-scoped or transient.
    (target: object, method?: string | symbol) => {
      Reflect.defineMetadata(ENTRY_PROVIDER_WATERMARK, true, target.constructor);
      if (method !== undefined) defineParameters(target.constructor, method);
    },
  );
}
