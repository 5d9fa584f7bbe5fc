import type { Provider } from '@nestjs/common';
import { McpOpenApi, type McpOpenApiOptions } from 'nestjs-mcp-auth';
import { startDownstreamServer, type DownstreamServerParts } from '../../downstream/downstream-server.js';
import { message, post } from '../../support/mcp-request.js';

/** A tool as `tools/list` shows it. */
export interface ListedTool {
  readonly name: string;
  readonly title?: string;
  readonly description: string;
  readonly inputSchema: Record<string, unknown>;
  readonly annotations?: Record<string, unknown>;
  readonly _meta?: Record<string, unknown>;
}

/** The tools that a server offers, and what it logged. */
export async function listTools(
  parts: DownstreamServerParts,
): Promise<{ readonly tools: readonly ListedTool[]; readonly log: readonly string[] }> {
  const server = await startDownstreamServer(parts);
  try {
    const response = await post(server.resource, message('tools/list'), { token: await server.token() });
    const { result } = (await response.json()) as { result: { tools: ListedTool[] } };
    return { tools: result.tools, log: server.log.lines };
  } finally {
    await server.close();
  }
}

/** A class with `@McpOpenApi`. */
export function classWith(options: Partial<McpOpenApiOptions> & Pick<McpOpenApiOptions, 'document'>): Provider {
  @McpOpenApi({ downstream: 'orders', ...options })
  class OrdersApi {}
  return OrdersApi;
}

/** The tools of one document, and what was logged. */
export async function offer(
  document: McpOpenApiOptions['document'],
  options: Partial<McpOpenApiOptions> = {},
): ReturnType<typeof listTools> {
  return await listTools({ providers: [classWith({ document, ...options })] });
}

/** A document with these paths. */
export function documentOf(
  paths: Record<string, unknown>,
  rest: Record<string, unknown> = {},
): Record<string, unknown> {
  return { openapi: '3.1.0', info: { title: 'Orders', version: '1' }, paths, ...rest };
}
