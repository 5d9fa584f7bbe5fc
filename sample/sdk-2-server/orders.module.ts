import { Module, type DynamicModule } from '@nestjs/common';
import { clientSecretBasic, McpAuthModule } from 'nestjs-mcp-auth';
import type { McpServerOptions } from '../quickstart/mcp-server/mcp-server.js';
import { OrdersController } from './orders.controller.js';

@Module({ controllers: [OrdersController] })
export class OrdersModule {
  static forRoot({ resource, issuer, client, ordersApi }: McpServerOptions): DynamicModule {
    return {
      module: OrdersModule,
      imports: [
        McpAuthModule.forRoot({
          server: { name: 'orders', version: '1.0.0' },
          resource,
          endpoint: { mount: false },
          issuers: [{ issuer }],
          client: { id: client.id, authentication: clientSecretBasic(client.secret) },
          downstreams: { orders: ordersApi },
        }),
      ],
    };
  }
}
