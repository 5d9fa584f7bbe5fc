import 'reflect-metadata';
import type { DownstreamClient } from '../../on-behalf-of/downstream/downstream-client.js';
import { Anonymous } from '../../resource-server/decorators/anonymous.decorator.js';
import type { McpContext } from '../../resource-server/decorators/mcp-context.js';
import {
  MCP_RESOURCE_TEMPLATE,
  type McpResourceTemplateOptions,
} from '../../resource-server/decorators/mcp-resource-template.decorator.js';
import { MCP_RESOURCE, type McpResourceOptions } from '../../resource-server/decorators/mcp-resource.decorator.js';
import { MCP_TOOL, type McpToolOptions } from '../../resource-server/decorators/mcp-tool.decorator.js';
import { listMediaTypes, listSuccesses } from '../answers/declared-responses.js';
import { toScheme } from '../resources/resource-options.js';
import { toResourceSchema } from '../resources/resource-schema.js';
import { listResourceUris, type ResourceUri } from '../resources/resource-uris.js';
import { createRead } from './create-call.js';
import type { OfferedOperation } from './offered-operation.js';

type Method = () => unknown;

/**
 * Makes the methods that read an operation as resources. What applies to its tool applies to them.
 *
 * @param tool - the method of its tool
 * @returns methods by URI, or the reason why there is none: the end of a sentence
 */
export function generateResources(
  offered: OfferedOperation,
  tool: Method,
  client: DownstreamClient,
): ReadonlyMap<string, Method> | string {
  const { operation, input, options } = offered;
  const uris = listResourceUris(operation, input, options.resourceScheme ?? toScheme(options.downstream));
  if (typeof uris === 'string') return uris;
  return new Map(uris.map((one) => [one.uri, generateResource(offered, tool, one, client)]));
}

function generateResource(
  offered: OfferedOperation,
  tool: Method,
  { uri, variables }: ResourceUri,
  client: DownstreamClient,
) {
  const read = createRead(offered, client);
  const method = async (input: object, { operation }: McpContext) =>
    await read(variables.length > 0 ? input : {}, operation.name ?? uri);
  if (offered.isAnonymous) Anonymous()(method);
  Object.defineProperty(method, 'name', { value: offered.name, configurable: true });
  const described = describeResource(offered, Reflect.getMetadata(MCP_TOOL, tool) as McpToolOptions);
  const declared: McpResourceOptions | McpResourceTemplateOptions =
    variables.length > 0
      ? { ...described, uriTemplate: uri, input: toResourceSchema(offered.input, variables) }
      : { ...described, uri };
  Reflect.defineMetadata(variables.length > 0 ? MCP_RESOURCE_TEMPLATE : MCP_RESOURCE, declared, method);
  return method as unknown as Method;
}

/** What the tool says of itself and of its callers, and what the document says of the content. */
function describeResource(
  { name, document, operation }: OfferedOperation,
  { title, description, scopes, acrValues, maxAgeMs, appOnly, downstream, exchange, server, timeoutMs }: McpToolOptions,
): Omit<McpResourceOptions, 'uri'> {
  const [mediaType, ...others] = new Set(listSuccesses(document, operation).flatMap(listMediaTypes));
  const isKnown = mediaType !== undefined && others.length === 0 && !mediaType.includes('*');
  const said = { title, description, scopes, acrValues, maxAgeMs, appOnly, downstream, exchange, server, timeoutMs };
  const known = Object.entries(said).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(known), name, ...(isKnown && { mimeType: mediaType }) };
}
