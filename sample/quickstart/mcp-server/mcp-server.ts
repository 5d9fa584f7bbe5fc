import type { Server } from 'node:http';
import { Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { clientSecretBasic, McpAuthModule } from 'nestjs-mcp-auth';
import { OrdersTools } from './orders.tools.js';

export interface StartMcpServerOptions {
  readonly server: Server;
  readonly resource: string;
  readonly issuer: string;
  readonly client: { readonly id: string; readonly secret: string };
  readonly ordersApi: { readonly audience: string; readonly baseUrl: string };
}

@Module({})
class McpServerModule {
  static forRoot({ resource, issuer, client, ordersApi }: StartMcpServerOptions): DynamicModule {
    return {
      module: McpServerModule,
      imports: [
        McpAuthModule.forRoot({
          server: { name: 'orders', version: '1.0.0' },
          resource,
          issuers: [{ issuer }],
          client: { id: client.id, authentication: clientSecretBasic(client.secret) },
          downstreams: { orders: { ...ordersApi } },
        }),
      ],
      providers: [OrdersTools],
    };
  }
}

export async function startMcpServer(options: StartMcpServerOptions): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(McpServerModule.forRoot(options), {
    logger: ['warn', 'error', 'fatal'],
  });
  await app.init();
  options.server.on('request', app.getHttpAdapter().getInstance());
  return app;
}
