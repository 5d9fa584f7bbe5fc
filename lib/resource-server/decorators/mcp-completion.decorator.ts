import type { McpContext } from './mcp-context.js';
import { declareOffer } from './offered.js';

/** What a method completes: an argument of a prompt, or a variable of a resource template. */
export type McpCompletionOptions =
  | {
      /** Name of the prompt. */
      prompt: string;
      argument: string;
    }
  | {
      /** `uriTemplate` of the resource template. */
      resourceTemplate: string;
      argument: string;
    };

/** What a client asks to have completed (MCP specification, Completion). */
export interface CompletionInput {
  /** What has been typed so far. */
  readonly value: string;
  /** Arguments that have a value already. */
  readonly arguments: Readonly<Record<string, string>>;
}

/** Values; or the first of them, how many there are in all, and whether there are more. */
export type CompletionValues =
  readonly string[] | { readonly values: readonly string[]; readonly total?: number; readonly hasMore?: boolean };

/** A method that may carry `@McpCompletion`. */
type CompletionMethod = (input: CompletionInput, context: McpContext) => CompletionValues | Promise<CompletionValues>;

export const MCP_COMPLETION = 'nestjs-mcp-auth:completion';

/**
 * Makes a method tell values for an argument while it is typed. It runs for callers with the scopes of the prompt or
 * template, and may call the same downstreams. Of more than 100 values clients get the first 100.
 *
 * @param options - of which argument
 */
export function McpCompletion(
  options: McpCompletionOptions,
): <Method extends CompletionMethod>(
  target: object,
  key: string | symbol,
  method: TypedPropertyDescriptor<Method>,
) => void {
  return declareOffer(MCP_COMPLETION, options);
}
