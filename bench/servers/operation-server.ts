import { Injectable, Module } from '@nestjs/common';
import { clientSecretBasic, DownstreamClient, McpAuthModule, McpOpenApi, McpTool } from 'nestjs-mcp-auth';
import { z } from 'zod';
import type { ServerUnderLoad } from './listen.js';
import { startNest } from './nest-application.js';

const document = {
  openapi: '3.1.0',
  info: { title: 'Orders', version: '1' },
  paths: {
    '/orders/{id}': {
      get: {
        operationId: 'getOrder',
        summary: 'Find an order',
        parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
        responses: {
          200: { description: 'The order', content: { 'application/json': { schema: { type: 'object' } } } },
        },
      },
    },
  },
};

/** A server with one tool that calls an API: written by hand, or generated from a document. */
export async function startOperationServer(
  by: 'written' | 'generated',
  issuer: string,
  api: string,
): Promise<ServerUnderLoad> {
  @Injectable()
  class WrittenTools {
    constructor(private readonly downstream: DownstreamClient) {}

    @McpTool({
      name: 'getOrder',
      description: 'Find an order',
      input: z.object({ id: z.string() }),
      downstream: 'orders',
    })
    async getOrder({ id }: { id: string }): Promise<unknown> {
      return await this.downstream.json(`/orders/${encodeURIComponent(id)}`);
    }
  }

  @McpOpenApi({ downstream: 'orders', document })
  class GeneratedTools {}

  return await startNest('fastify', (resource) => {
    @Module({
      imports: [
        McpAuthModule.forRoot({
          server: { name: 'orders', version: '1.0.0' },
          resource,
          issuers: [{ issuer }],
          client: { id: 'bench', authentication: clientSecretBasic('bench') },
          downstreams: { orders: { baseUrl: api, audience: 'orders' } },
          observability: { auditSink: { record: () => undefined } },
          limits: { rate: { acceptUnlimitedRequests: true } },
          doctor: false,
        }),
      ],
      providers: [by === 'written' ? WrittenTools : GeneratedTools],
    })
    class OrdersModule {}
    return OrdersModule;
  });
}
