import type { Icon } from '@modelcontextprotocol/server';
import type { AccessOptions, ArgumentsOf, ArgumentsSchema } from './access-options.js';
import { declareOffer } from './offer-declaration.js';

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
  /**
   * Schema of the arguments, an object of strings. Clients see the description of each argument, and whether it is
   * required.
   */
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
 * Offers a method as an MCP prompt. A returned string becomes one user message. A message, a list of messages and a
 * `GetPromptResult` are sent as they are. A method with {@link McpCompletion} completes arguments. Without one, the
 * values come from the schema, if it lists them.
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
  return declareOffer('@McpPrompt', MCP_PROMPT, options);
}
