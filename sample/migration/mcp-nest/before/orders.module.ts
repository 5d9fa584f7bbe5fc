import { Controller, Module, UseGuards, type DynamicModule } from '@nestjs/common';
import { MCP_STRATEGY, McpHttpControllerFor, McpStrategy, StreamableHttpTransport } from '@rekog/mcp-nest';
import { Orders } from '../../orders.js';
import type { ServerOptions } from '../../server-options.js';
import { AdminTools } from './admin.tools.js';
import { OrderTools } from './order.tools.js';
import { Reports } from './reports.js';
import { TokenGuard } from './token.guard.js';

/** The server before the move: strategy, transport, and a controller with a guard that checks tokens. */
export function createOrdersServer(options: ServerOptions): { module: DynamicModule; strategy: McpStrategy } {
  const transport = new StreamableHttpTransport({ statefulMode: true });
  const strategy = new McpStrategy({
    name: 'orders',
    version: '1.0.0',
    instructions: 'Tools for orders.',
    allowUnauthenticatedAccess: true,
    transports: [transport],
  });

  @Controller('mcp')
  @UseGuards(new TokenGuard(options))
  class OrdersEndpoint extends McpHttpControllerFor(transport) {}

  @Module({})
  class OrdersModule {}

  const module = {
    module: OrdersModule,
    controllers: [OrdersEndpoint, OrderTools, AdminTools],
    providers: [Orders, Reports, { provide: MCP_STRATEGY, useValue: strategy }],
  };
  return { module, strategy };
}
