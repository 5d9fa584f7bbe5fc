import { randomBytes } from 'node:crypto';
import { Injectable, Module } from '@nestjs/common';
import {
  clientSecretBasic,
  DownstreamClient,
  McpAuthModule,
  McpTool,
  type McpAuthModuleOptions,
} from 'nestjs-mcp-auth';
import type { ServerUnderLoad } from './listen.js';
import { startNest } from './nest-application.js';
import { PassingTools } from './passing-tools.js';

/** A server whose tools call APIs. */
export interface CallingServerParts {
  readonly issuer: string;
  readonly api: string;
  readonly downstreams: number;
  /** Where the tokens for the APIs come from. Defaults to the exchange. */
  readonly tokens?: 'static' | 'exchanged';
  readonly replicas?: NonNullable<McpAuthModuleOptions['replicas']>;
}

export async function startCallingServer({
  issuer,
  api,
  downstreams,
  tokens = 'exchanged',
  replicas,
}: CallingServerParts): Promise<ServerUnderLoad> {
  const names = Array.from({ length: downstreams }, (_, index) => `api-${index}`);
  const authorization = `Bearer ${randomBytes(600).toString('base64url')}`;

  @Injectable()
  class ExchangedTools {
    constructor(private readonly downstream: DownstreamClient) {}

    @McpTool({ description: 'Find an order', downstream: 'api-0' })
    async order(): Promise<unknown> {
      return await this.downstream.json('/orders/7');
    }

    @McpTool({ description: 'Find an order at each API', downstream: names })
    async allOrders(): Promise<{ orders: unknown[] }> {
      return { orders: await Promise.all(names.map((name) => this.downstream.for(name).json('/orders/7'))) };
    }
  }

  @Injectable()
  class StaticTools {
    @McpTool({ description: 'Find an order' })
    async order(): Promise<unknown> {
      const response = await fetch(`${api}/orders/7`, { headers: { accept: 'application/json', authorization } });
      return await response.json();
    }
  }

  return await startNest('fastify', (resource) => {
    @Module({
      imports: [
        McpAuthModule.forRoot({
          server: { name: 'orders', version: '1.0.0' },
          resource,
          issuers: [{ issuer }],
          client: { id: 'bench', authentication: clientSecretBasic('bench') },
          downstreams: Object.fromEntries(names.map((name) => [name, { baseUrl: api, audience: name }])),
          observability: { auditSink: { record: () => undefined } },
          limits: { rate: { acceptUnlimitedRequests: true } },
          doctor: false,
          ...(replicas && { replicas }),
        }),
      ],
      providers: tokens === 'static' ? [StaticTools] : [ExchangedTools, PassingTools],
    })
    class OrdersModule {}
    return OrdersModule;
  });
}
