import { Injectable } from '@nestjs/common';
import { DownstreamClient, McpTool } from 'nestjs-mcp-auth';
import type { DownstreamServer } from '../downstream/downstream-server.js';
import { post, toolCall, type ToolResult } from '../support/mcp-request.js';
import { sendJson } from '../support/test-issuer.js';

/** The same tool twice: with a token that is there before it runs, and with one that it gets when it needs it. */
@Injectable()
export class EagerAndLazy {
  constructor(private readonly downstream: DownstreamClient) {}

  @McpTool({ description: 'x', downstream: 'orders', scopes: ['tool'] })
  eager() {
    return this.downstream.json('/orders');
  }

  @McpTool({ description: 'x', downstream: 'orders', scopes: ['tool'], exchange: 'lazy' })
  lazy() {
    return this.downstream.json('/orders');
  }
}

export interface Answer {
  readonly status: number;
  /** The header `WWW-Authenticate`. */
  readonly challenge: string | null;
  readonly result: (ToolResult & { _meta?: Record<string, unknown> }) | undefined;
  /** All of the body. */
  readonly text: string;
}

/** The API refuses both, with a header `WWW-Authenticate`. */
export function refuseAtApi({ orders }: DownstreamServer, status: number, challenge: string): void {
  orders.answers.set('/v1/orders', (_request, response) => {
    sendJson(response.setHeader('www-authenticate', challenge), status, {});
  });
}

/** The token endpoint refuses both. */
export function refuseAtProvider(
  { issuer }: DownstreamServer,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  issuer.answers.set('/token', (_request, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (typeof body === 'string') response.writeHead(status, { 'content-type': 'text/html' }).end(body);
    else sendJson(response, status, body);
  });
}

/** Calls one of the two with a token of its own, which no cache knows. */
export async function callEither(
  server: DownstreamServer,
  tool: string,
  claims: Record<string, unknown> = {},
): Promise<Answer> {
  const token = await server.token({ scope: 'tool', ...claims });
  const response = await post(server.resource, toolCall(tool), { token });
  const body = (await response.json()) as Pick<Answer, 'result'>;
  const challenge = response.headers.get('www-authenticate');
  return { status: response.status, challenge, result: body.result, text: JSON.stringify(body) };
}
