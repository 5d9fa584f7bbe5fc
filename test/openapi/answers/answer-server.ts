import type { ServerResponse } from 'node:http';
import { McpOpenApi, type McpOpenApiOptions } from 'nestjs-mcp-auth';
import {
  startDownstreamServer,
  type DownstreamChanges,
  type DownstreamServer,
} from '../../downstream/downstream-server.js';
import { callTool, type ToolResult } from '../../support/mcp-request.js';
import type { Platform } from '../../support/test-application.js';

/** What an API answers. */
export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Objects are written as JSON, with its media type. */
  readonly body?: unknown;
  /** Whether the connection ends after the body, though more was announced. */
  readonly breaksOff?: boolean;
}

export interface AnswerServer extends DownstreamServer {
  /** Calls the tool of an operation whose path the API answers so. */
  answer(tool: string, path: string, answer: Answer, args?: Record<string, unknown>): Promise<ToolResult>;
}

export interface AnswerParts {
  readonly platform?: Platform;
  readonly paths: Readonly<Record<string, unknown>>;
  readonly components?: Readonly<Record<string, unknown>>;
  readonly answers?: McpOpenApiOptions['answers'];
  readonly orders?: DownstreamChanges;
}

/** An MCP server whose tools are the operations of these paths. */
export async function startAnswerServer({
  platform = 'express',
  paths,
  components = {},
  answers,
  orders = {},
}: AnswerParts): Promise<AnswerServer> {
  const document = { openapi: '3.1.0', info: { title: 'Orders', version: '1' }, paths, components };
  @McpOpenApi({ downstream: 'orders', document, ...(answers && { answers }) })
  class OrdersApi {}
  const server = await startDownstreamServer({ platform, providers: [OrdersApi], orders });
  const token = await server.token({ sub: 'alice' });
  return {
    ...server,
    answer: async (tool, path, answer, args = {}) => {
      server.orders.answers.set(path, (_request, response) => {
        send(response, answer);
      });
      return await callTool(server.resource, token, tool, args);
    },
  };
}

function send(response: ServerResponse, { status = 200, headers = {}, body, breaksOff = false }: Answer): void {
  const isRaw = body === undefined || typeof body === 'string' || Buffer.isBuffer(body);
  response.writeHead(status, { ...(!isRaw && { 'content-type': 'application/json' }), ...headers });
  if (breaksOff) {
    response.write(isRaw ? body : JSON.stringify(body), () => response.destroy());
    return;
  }
  response.end(isRaw ? body : JSON.stringify(body));
}
