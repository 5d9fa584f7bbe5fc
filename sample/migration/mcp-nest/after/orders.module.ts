import { Module, type DynamicModule } from '@nestjs/common';
import { McpAuthModule } from 'nestjs-mcp-auth';
import { Orders } from '../../orders.js';
import type { ServerOptions } from '../../server-options.js';
import { OrderTools } from './order.tools.js';
import { Reports } from './reports.js';

/** The server after the move. Strategy, transport, controller and guard are gone. */
@Module({ providers: [Orders, OrderTools, Reports] })
export class OrdersModule {
  static forRoot({ resource, issuer }: ServerOptions): DynamicModule {
    return {
      module: OrdersModule,
      imports: [
        McpAuthModule.forRoot({
          server: { name: 'orders', version: '1.0.0', instructions: 'Tools for orders.' },
          resource,
          issuers: [{ issuer }],
        }),
      ],
    };
  }
}
