import { Module, type DynamicModule } from '@nestjs/common';
import { clientSecretBasic, McpAuthModule, McpOpenApiModule } from 'nestjs-mcp-auth';
import type { McpServerOptions } from '../quickstart/mcp-server/mcp-server.js';

/** Offers the API that was there before, by the OpenAPI document that it has. */
@Module({})
export class OrdersModule {
  static forRoot({ resource, issuer, client, ordersApi }: McpServerOptions): DynamicModule {
    return {
      module: OrdersModule,
      imports: [
        McpAuthModule.forRoot({
          server: { name: 'orders', version: '1.0.0' },
          resource,
          issuers: [{ issuer }],
          client: { id: client.id, authentication: clientSecretBasic(client.secret) },
          downstreams: { orders: ordersApi },
        }),
        McpOpenApiModule.forFeature({
          downstream: 'orders',
          document: `${ordersApi.baseUrl}/openapi.json`,
          allowOrigins: [ordersApi.baseUrl],
        }),
      ],
    };
  }
}
