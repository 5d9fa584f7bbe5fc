import { Module, type DynamicModule } from '@nestjs/common';
import { clientSecretBasic, McpAuthModule } from 'nestjs-mcp-auth';
import type { McpServerOptions } from '../../../quickstart/mcp-server/mcp-server.js';
import { OrderTools } from './order.tools.js';
import { ShippersOnly } from './shippers-only.js';

/** The server after the move. Controller, strategy and key are gone. */
@Module({ providers: [OrderTools, ShippersOnly] })
export class OrdersModule {
  static forRoot({ resource, issuer, client, ordersApi }: McpServerOptions): DynamicModule {
    return {
      module: OrdersModule,
      imports: [
        McpAuthModule.forRoot({
          server: { name: 'orders', version: '1.0.0', instructions: 'Tools for orders.' },
          resource,
          issuers: [{ issuer, validate: ({ blocked }) => blocked !== true }],
          client: { id: client.id, authentication: clientSecretBasic(client.secret) },
          // A job calls with a token that has no user. The API then gets a token of this server.
          downstreams: { orders: { ...ordersApi, onAppOnly: 'clientCredentials' } },
        }),
      ],
    };
  }
}
