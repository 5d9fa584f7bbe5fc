import type { AccessOptions, ArgumentsOf, ArgumentsSchema } from './access-options.js';
import type { ResourceDescription } from './mcp-resource.decorator.js';
import { offered } from './offered.js';

/** What a resource template offers to clients, and what it needs from callers. */
export interface McpResourceTemplateOptions<Input extends ArgumentsSchema = ArgumentsSchema>
  extends ResourceDescription, AccessOptions<ArgumentsOf<Input>> {
  /** Template of URIs (RFC 6570), such as `orders://{id}`. */
  uriTemplate: string;
  /** Schema of the template's variables. Without it they are strings as they stand in the URI, and lists of them. */
  input?: Input;
}

/** A method that may carry `@McpResourceTemplate`: it takes the variables and the context. */
type ResourceTemplateMethod<Input extends ArgumentsSchema> = (input: ArgumentsOf<Input>, ...rest: never[]) => unknown;

export const MCP_RESOURCE_TEMPLATE = 'nestjs-mcp-auth:resource-template';

/**
 * Offers the resources whose URIs fit a template. What the method returns is read as {@link McpResource} has it; the method
 * gets the template's variables and an {@link McpContext}, whose operation names the URI. Which resources there are is told
 * by a method with {@link McpResourceList}, and values of variables by one with {@link McpCompletion}.
 *
 * @param options - what the template offers and needs
 */
export function McpResourceTemplate<Input extends ArgumentsSchema>(
  options: McpResourceTemplateOptions<Input>,
): <Method extends ResourceTemplateMethod<Input>>(
  target: object,
  key: string | symbol,
  method: TypedPropertyDescriptor<Method>,
) => void {
  return offered(MCP_RESOURCE_TEMPLATE, options);
}
