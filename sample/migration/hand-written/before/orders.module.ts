import { Module, type DynamicModule } from '@nestjs/common';
import type { McpServerOptions } from '../../../quickstart/mcp-server/mcp-server.js';
import { API_KEY } from '../../orders-api.js';
import { JwtStrategy } from './jwt.strategy.js';
import { McpController, ORDERS_API, type OrdersApi } from './mcp.controller.js';

/** The server before the move: a controller, a strategy, and the key of the API. */
@Module({ controllers: [McpController] })
export class OrdersModule {
  static forRoot({ issuer, ordersApi }: McpServerOptions): DynamicModule {
    const api: OrdersApi = { url: ordersApi.baseUrl, key: API_KEY };
    return {
      module: OrdersModule,
      providers: [
        { provide: JwtStrategy, useFactory: () => new JwtStrategy(issuer) },
        { provide: ORDERS_API, useValue: api },
      ],
    };
  }
}
