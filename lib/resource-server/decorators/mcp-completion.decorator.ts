import type { McpContext } from './mcp-context.js';
import { declareOffer } from './offer-declaration.js';

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

/** All values, or the first ones with the total and whether there are more. */
export type CompletionValues =
  readonly string[] | { readonly values: readonly string[]; readonly total?: number; readonly hasMore?: boolean };

/** A method that may carry `@McpCompletion`. */
type CompletionMethod = (input: CompletionInput, context: McpContext) => CompletionValues | Promise<CompletionValues>;

export const MCP_COMPLETION = 'nestjs-mcp-auth:completion';

/**
 * Makes a method complete an argument while the user types it. It runs for callers with the scopes of the prompt or
 * template, and may call the same downstreams. Clients get at most the first 100 values.
 *
 * @param options - the argument to complete
 */
export function McpCompletion(
  options: McpCompletionOptions,
): <Method extends CompletionMethod>(
  target: object,
  key: string | symbol,
  method: TypedPropertyDescriptor<Method>,
) => void {
  return declareOffer('@McpCompletion', MCP_COMPLETION, options);
}
