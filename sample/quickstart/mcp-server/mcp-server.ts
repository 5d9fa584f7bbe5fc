import type { RequestListener } from 'node:http';
import { Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { clientSecretBasic, McpAuthModule } from 'nestjs-mcp-auth';
import { OrderTools } from './order-tools.js';

export interface McpServerOptions {
  /** The URL that clients are given; they compare it with what the metadata says, letter by letter. */
  readonly resource: string;
  readonly issuer: string;
  readonly client: { readonly id: string; readonly secret: string };
  readonly ordersApi: { readonly audience: string; readonly baseUrl: string };
}

@Module({})
class McpServerModule {
  static forRoot({ resource, issuer, client, ordersApi }: McpServerOptions): DynamicModule {
    return {
      module: McpServerModule,
      imports: [
        McpAuthModule.forRoot({
          server: {
            name: 'orders',
            title: 'Orders',
            version: '1.0.0',
            instructions: 'Tools for the orders of the user who has signed in.',
          },
          resource,
          issuers: [{ issuer }],
          client: { id: client.id, authentication: clientSecretBasic(client.secret) },
          downstreams: { orders: ordersApi },
        }),
      ],
      providers: [OrderTools],
    };
  }
}

export interface McpServer {
  readonly handle: RequestListener;
  close(): Promise<void>;
}

export async function createMcpServer(options: McpServerOptions): Promise<McpServer> {
  const app = await NestFactory.create<NestExpressApplication>(McpServerModule.forRoot(options), {
    logger: ['warn', 'error', 'fatal'],
  });
  await app.init();
  return { handle: app.getHttpAdapter().getInstance(), close: () => app.close() };
}
