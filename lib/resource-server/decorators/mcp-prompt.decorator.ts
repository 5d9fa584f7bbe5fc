import type { Icon } from '@modelcontextprotocol/server';
import type { AccessOptions, ArgumentsOf, ArgumentsSchema } from './access-options.js';
import { declareOffer } from './offered.js';

/** What a prompt offers to clients, and what it needs from callers. */
export interface McpPromptOptions<Input extends ArgumentsSchema = ArgumentsSchema> extends AccessOptions<
  ArgumentsOf<Input>
> {
  /** Name of the prompt. Defaults to the method's name in snake_case. */
  name?: string;
  /** Name for people. */
  title?: string;
  /** What the prompt is for. */
  description?: string;
  /** Schema of the arguments, an object of strings; what each is for, and whether it is needed, is told to clients. */
  input?: Input;
  /** Pictures for people (MCP schema, `Icon`). */
  icons?: readonly Icon[];
  /** `_meta`, with names of the application's own. */
  meta?: Readonly<Record<string, unknown>>;
}

/** A method that may carry `@McpPrompt`: it takes the validated arguments and the context. */
type PromptMethod<Input extends ArgumentsSchema> = (input: ArgumentsOf<Input>, ...rest: never[]) => unknown;

export const MCP_PROMPT = 'nestjs-mcp-auth:prompt';

/**
 * Offers a method as an MCP prompt. A string becomes one message of the user; messages, one or a list, and a
 * `GetPromptResult` are taken as they are. Values of arguments are told by a method with {@link McpCompletion}, or by the
 * schema where it has a list of them.
 *
 * @param options - what the prompt offers and needs
 */
export function McpPrompt<Input extends ArgumentsSchema>(
  options: McpPromptOptions<Input>,
): <Method extends PromptMethod<Input>>(
  target: object,
  key: string | symbol,
  method: TypedPropertyDescriptor<Method>,
) => void {
  return declareOffer(MCP_PROMPT, options);
}
