import type { Resource } from '@modelcontextprotocol/server';
import type { McpContext } from './mcp-context.js';
import { declareOffer } from './offered.js';

/** Which template a method lists the resources of. */
export interface McpResourceListOptions {
  /** `uriTemplate` of the {@link McpResourceTemplate}. */
  resourceTemplate: string;
}

/** A method that may carry `@McpResourceList`. */
type ResourceListMethod = (input: never, context: McpContext) => Resource[] | Promise<Resource[]>;

export const MCP_RESOURCE_LIST = 'nestjs-mcp-auth:resource-list';

/**
 * Makes a method say which resources of a template there are for its caller, for `resources/list`. It runs for callers with
 * the template's scopes, with the template's downstreams.
 *
 * @param options - of which template
 */
export function McpResourceList(
  options: McpResourceListOptions,
): <Method extends ResourceListMethod>(
  target: object,
  key: string | symbol,
  method: TypedPropertyDescriptor<Method>,
) => void {
  return declareOffer(MCP_RESOURCE_LIST, options);
}
