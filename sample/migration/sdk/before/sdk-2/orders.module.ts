import { toNodeHandler, type NodeIncomingMessageLike, type NodeServerResponseLike } from '@modelcontextprotocol/node';
import { buildOAuthProtectedResourceMetadata, createMcpHandler } from '@modelcontextprotocol/server';
import { All, Controller, Get, Module, Req, Res, UseGuards, type DynamicModule } from '@nestjs/common';
import type { McpServerOptions } from '../../../../quickstart/mcp-server/mcp-server.js';
import { Orders } from '../../../orders.js';
import { BearerGuard } from './bearer.guard.js';
import { createOrdersServer } from './orders-server.js';

/** Express has Node's own request and response; Fastify has them in `raw`. */
type AnyRequest = NodeIncomingMessageLike & { raw?: NodeIncomingMessageLike; body?: unknown };
type AnyResponse = NodeServerResponseLike & { raw?: NodeServerResponseLike; hijack?: () => void };

/** The server in a Nest application, without sessions. In a function, so that there can be several. */
export function createOrdersModule(options: McpServerOptions): DynamicModule {
  const { resource, issuer, ordersApi } = options;
  const orders = new Orders();
  const serve = toNodeHandler(createMcpHandler(() => createOrdersServer(orders, ordersApi.baseUrl)));
  const metadata = buildOAuthProtectedResourceMetadata({
    oauthMetadata: {
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      response_types_supported: ['code'],
    },
    resourceServerUrl: new URL(resource),
    scopesSupported: ['orders:read', 'orders:write'],
  });

  @Controller('mcp')
  @UseGuards(new BearerGuard(options))
  class OrdersController {
    @All()
    async handle(@Req() request: AnyRequest, @Res() response: AnyResponse): Promise<void> {
      response.hijack?.();
      await serve(request.raw ?? request, response.raw ?? response, request.body);
    }
  }

  @Controller('.well-known/oauth-protected-resource/mcp')
  class MetadataController {
    @Get()
    read() {
      return metadata;
    }
  }

  @Module({})
  class OrdersModule {}

  return { module: OrdersModule, controllers: [OrdersController, MetadataController] };
}
