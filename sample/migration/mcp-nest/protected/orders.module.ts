import { Controller, Module, type DynamicModule } from '@nestjs/common';
import { MCP_STRATEGY, McpHttpControllerFor, McpStrategy, StreamableHttpTransport } from '@rekog/mcp-nest';
import { McpAuthModule, ProtectedMcp } from 'nestjs-mcp-auth';
import { Orders } from '../../orders.js';
import type { ServerOptions } from '../../server-options.js';
import { AdminsOnly } from '../admins-only.js';
import { OrderTools } from '../before/order.tools.js';
import { Reports } from '../before/reports.js';
import { AdminTools } from './admin.tools.js';

/** The first step: the tools are those of before, but for `@ToolRoles`. `@ProtectedMcp` has taken the place of the guard. */
export function createOrdersServer({ resource, issuer }: ServerOptions): {
  module: DynamicModule;
  strategy: McpStrategy;
} {
  const transport = new StreamableHttpTransport({ statefulMode: true });
  const strategy = new McpStrategy({
    name: 'orders',
    version: '1.0.0',
    instructions: 'Tools for orders.',
    transports: [transport],
  });

  @Controller('mcp')
  @ProtectedMcp({
    tools: {
      find_order: { scopes: ['orders:read'] },
      ship_order: { scopes: { anyOf: ['orders:ship', 'orders:admin'] } },
      cancel_order: { scopes: ['orders:ship'] },
      count_orders: { policies: [AdminsOnly] },
      opening_hours: {},
      whoami: {},
      report_2026: { scopes: ['reports:read'] },
    },
    resources: { 'config://shop/currency': {}, 'orders://{id}': { scopes: ['orders:read'] } },
    prompts: { summarize: {} },
  })
  class OrdersEndpoint extends McpHttpControllerFor(transport) {}

  @Module({})
  class OrdersModule {}

  const module = {
    module: OrdersModule,
    imports: [
      McpAuthModule.forRoot({
        server: { name: 'orders', version: '1.0.0' },
        resource,
        endpoint: { mount: false },
        issuers: [{ issuer }],
      }),
    ],
    controllers: [OrdersEndpoint, OrderTools, AdminTools],
    providers: [Orders, Reports, { provide: MCP_STRATEGY, useValue: strategy }],
  };
  return { module, strategy };
}
