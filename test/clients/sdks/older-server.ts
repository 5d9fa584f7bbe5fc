import type { IncomingMessage, ServerResponse } from 'node:http';
import { McpServer as SdkServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { All, Controller, Req, Res } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { clientSecretBasic, McpAuthModule, ProtectedMcp } from 'nestjs-mcp-auth';
import { z } from 'zod';
import type { McpServer, McpServerOptions } from '../../../sample/quickstart/mcp-server/mcp-server.js';

@Controller('mcp')
@ProtectedMcp({
  tools: { find_order: { scopes: ['orders:read'] }, create_order: { scopes: ['orders:write'] } },
})
class OrdersController {
  @All()
  async handle(@Req() request: IncomingMessage & { body?: unknown }, @Res() response: ServerResponse): Promise<void> {
    const server = new SdkServer({ name: 'orders', version: '1.0.0' });
    const order = { id: z.string(), item: z.string() };
    server.registerTool('find_order', { inputSchema: { id: z.string() }, outputSchema: order }, ({ id }) =>
      answer({ id, item: 'gear' }),
    );
    const newOrder = { item: z.string(), quantity: z.number() };
    server.registerTool('create_order', { inputSchema: newOrder, outputSchema: order }, ({ item }) =>
      answer({ id: '2', item }),
    );
    const transport = new StreamableHTTPServerTransport();
    response.once('close', () => void server.close());
    await server.connect(transport);
    await transport.handleRequest(request, response, request.body);
  }
}

function answer(order: { id: string; item: string }) {
  return { content: [{ type: 'text' as const, text: JSON.stringify(order) }], structuredContent: order };
}

/** A server of `@modelcontextprotocol/sdk` 1.x, which knows no later revision than 2025-11-25, behind the guards. */
export async function createOlderServer({ resource, issuer, client }: McpServerOptions): Promise<McpServer> {
  const module = {
    module: class OrdersModule {
      readonly of = 'tests';
    },
    imports: [
      McpAuthModule.forRoot({
        server: { name: 'orders', version: '1.0.0' },
        resource,
        issuers: [{ issuer }],
        client: { id: client.id, authentication: clientSecretBasic(client.secret) },
        endpoint: { mount: false },
      }),
    ],
    controllers: [OrdersController],
  };
  const app = await NestFactory.create<NestExpressApplication>(module, { logger: false });
  await app.init();
  return { handle: app.getHttpAdapter().getInstance(), close: () => app.close() };
}
