import type { Resource } from '@modelcontextprotocol/server';
import type { McpContext } from './mcp-context.js';
import { declareOffer } from './offer-declaration.js';

/** The template whose resources a method lists. */
export interface McpResourceListOptions {
  /** `uriTemplate` of the {@link McpResourceTemplate}. */
  resourceTemplate: string;
}

/** A method that may carry `@McpResourceList`. */
type ResourceListMethod = (input: never, context: McpContext) => Resource[] | Promise<Resource[]>;

export const MCP_RESOURCE_LIST = 'nestjs-mcp-auth:resource-list';

/**
 * Makes a method list the resources of a template for its caller (`resources/list`). It runs for callers with the
 * template's scopes, and may call the template's downstreams.
 *
 * @param options - the template
 */
export function McpResourceList(
  options: McpResourceListOptions,
): <Method extends ResourceListMethod>(
  target: object,
  key: string | symbol,
  method: TypedPropertyDescriptor<Method>,
) => void {
  return declareOffer('@McpResourceList', MCP_RESOURCE_LIST, options);
}
