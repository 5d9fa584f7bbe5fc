import type { IncomingMessage, ServerResponse } from 'node:http';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { All, Controller, Inject, Req, Res } from '@nestjs/common';
import { DownstreamClient, ProtectedMcp } from 'nestjs-mcp-auth';
import { ordersServer } from './orders-server.js';

/** Express has Node's own request and response; Fastify has them in `raw`. */
type AnyRequest = IncomingMessage & { raw?: IncomingMessage; body?: unknown };
type AnyResponse = ServerResponse & { raw?: ServerResponse; hijack?: () => void };

/** At the path of `resource`. Its tool `purge_orders` has no rule, and so nobody can call it. */
@Controller('mcp')
@ProtectedMcp({
  tools: {
    find_order: { scopes: ['orders:read'], downstream: 'orders' },
    cancel_order: { scopes: ['orders:write'], downstream: 'orders', appOnly: 'deny' },
    whoami: {},
  },
})
export class OrdersController {
  constructor(@Inject(DownstreamClient) private readonly orders: DownstreamClient) {}

  @All()
  async handle(@Req() request: AnyRequest, @Res() response: AnyResponse): Promise<void> {
    response.hijack?.();
    const raw = response.raw ?? response;
    const server = ordersServer(this.orders);
    const transport = new StreamableHTTPServerTransport();
    raw.once('close', () => void server.close());
    await server.connect(transport);
    await transport.handleRequest(request.raw ?? request, raw, request.body);
  }
}
