import 'reflect-metadata';
import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ENTRY_PROVIDER_WATERMARK } from '@nestjs/common/constants.js';
import type { McpOpenApiOptions } from './open-api-options.js';

export const MCP_OPEN_API = 'nestjs-mcp-auth:open-api';

/**
 * Offers the operations of an OpenAPI document as tools of a class. Guards, interceptors, filters, `@UsePolicy`,
 * `@McpDefaults` and `@Anonymous` of the class apply to each of them, as to a method with `@McpTool`. A method with
 * {@link McpOperation} takes the place of one operation.
 *
 * @param options - the document, the downstream, and what is offered
 */
export function McpOpenApi(options: McpOpenApiOptions): ClassDecorator {
  // Makes Nest give the class the global guards and interceptors that are request-scoped or transient.
  return applyDecorators(SetMetadata(MCP_OPEN_API, options), SetMetadata(ENTRY_PROVIDER_WATERMARK, true));
}
