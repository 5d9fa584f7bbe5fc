import { Controller, Module, type DynamicModule, type Type } from '@nestjs/common';
import { McpHttpControllerFor, McpStrategy, StreamableHttpTransport } from '@rekog/mcp-nest';
import { clientSecretBasic, McpAuthModule, ProtectedMcp } from 'nestjs-mcp-auth';
import type { McpServerOptions } from '../quickstart/mcp-server/mcp-server.js';
import { OrderTools } from './order-tools.js';

export interface OrdersServer {
  readonly module: DynamicModule;
  /** To be connected to the application as a microservice. */
  readonly strategy: McpStrategy;
}

/** A server in its usual parts: transport, strategy, controller. In a function, so that there can be several. */
export function createOrdersServer({ resource, issuer, client, ordersApi }: McpServerOptions): OrdersServer {
  const transport = new StreamableHttpTransport();
  const strategy = new McpStrategy({ name: 'orders', version: '1.0.0', transports: [transport] });

  /** At the path of `resource`. The tool `purge_orders` has no rule, and so nobody can call it. */
  @Controller('mcp')
  @ProtectedMcp({
    tools: {
      find_order: { scopes: ['orders:read'], downstream: 'orders' },
      cancel_order: { scopes: ['orders:write'], downstream: 'orders', appOnly: 'deny' },
      whoami: {},
    },
  })
  class OrdersEndpoint extends McpHttpControllerFor(transport) {}

  const auth = McpAuthModule.forRoot({
    server: { name: 'orders', version: '1.0.0' },
    resource,
    endpoint: { mount: false },
    issuers: [{ issuer }],
    client: { id: client.id, authentication: clientSecretBasic(client.secret) },
    downstreams: { orders: ordersApi },
  });
  return { module: moduleOf(auth, [OrdersEndpoint, OrderTools]), strategy };
}

function moduleOf(auth: DynamicModule, controllers: Type[]): DynamicModule {
  @Module({})
  class OrdersModule {}

  return { module: OrdersModule, imports: [auth], controllers };
}
