import { Module, type DynamicModule } from '@nestjs/common';
import { clientSecretBasic, McpAuthModule } from 'nestjs-mcp-auth';
import type { McpServerOptions } from '../../../quickstart/mcp-server/mcp-server.js';
import { Orders } from '../../orders.js';
import { OrderContent } from './order.content.js';
import { OrderTools } from './order.tools.js';

/** The server after the move. The SDK, its transport, its middleware and the metadata route are gone. */
@Module({ providers: [Orders, OrderTools, OrderContent] })
export class OrdersModule {
  static forRoot({ resource, issuer, client, ordersApi }: McpServerOptions): DynamicModule {
    return {
      module: OrdersModule,
      imports: [
        McpAuthModule.forRoot({
          server: { name: 'orders', version: '1.0.0', instructions: 'Tools for orders.' },
          resource,
          issuers: [{ issuer }],
          client: { id: client.id, authentication: clientSecretBasic(client.secret) },
          downstreams: { orders: ordersApi },
        }),
      ],
    };
  }
}
