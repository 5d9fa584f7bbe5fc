import {
  toNodeHandler,
  type NodeIncomingMessageLike,
  type NodeMcpRequestHandler,
  type NodeServerResponseLike,
} from '@modelcontextprotocol/node';
import { createMcpHandler } from '@modelcontextprotocol/server';
import { All, Controller, Inject, Req, Res } from '@nestjs/common';
import { DownstreamClient, ProtectedMcp } from 'nestjs-mcp-auth';
import { ordersServer } from './orders-server.js';

/** Express has Node's own request and response; Fastify has them in `raw`. */
type AnyRequest = NodeIncomingMessageLike & { raw?: NodeIncomingMessageLike; body?: unknown };
type AnyResponse = NodeServerResponseLike & { raw?: NodeServerResponseLike; hijack?: () => void };

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
  readonly #serve: NodeMcpRequestHandler;

  constructor(@Inject(DownstreamClient) orders: DownstreamClient) {
    this.#serve = toNodeHandler(createMcpHandler(() => ordersServer(orders)));
  }

  @All()
  async handle(@Req() request: AnyRequest, @Res() response: AnyResponse): Promise<void> {
    response.hijack?.();
    await this.#serve(request.raw ?? request, response.raw ?? response, request.body);
  }
}
