import { HttpModule, HttpService } from '@nestjs/axios';
import { Inject, Injectable, Module } from '@nestjs/common';
import { DownstreamClient, McpTool } from 'nestjs-mcp-auth';
import { firstValueFrom, map, type Observable } from 'rxjs';
import { z } from 'zod';
import type { Order } from './orders-paths.js';
import { ORDERS_URL } from './orders-url.js';

/** Services that call an API by `HttpService` go on as they are. */
@Injectable()
export class OrdersService {
  constructor(@Inject(HttpService) private readonly http: HttpService) {}

  find(id: string): Observable<Order> {
    return this.http.get<Order>(`orders/${encodeURIComponent(id)}`).pipe(map(({ data }) => data));
  }

  change(id: string, item: string): Observable<Order> {
    return this.http.put<Order>(`orders/${encodeURIComponent(id)}`, { item }).pipe(map(({ data }) => data));
  }
}

@Injectable()
export class AxiosOrderTools {
  constructor(@Inject(OrdersService) private readonly orders: OrdersService) {}

  @McpTool({
    name: 'axios_find_order',
    description: 'Find an order',
    input: z.object({ id: z.string() }),
    scopes: ['orders:read'],
    downstream: 'orders',
  })
  async find({ id }: { id: string }) {
    return await firstValueFrom(this.orders.find(id));
  }

  @McpTool({
    name: 'axios_change_order',
    description: 'Change what is ordered',
    input: z.object({ id: z.string(), item: z.string() }),
    scopes: ['orders:write'],
    downstream: 'orders',
  })
  async change({ id, item }: { id: string; item: string }) {
    return await firstValueFrom(this.orders.change(id, item));
  }
}

@Module({
  imports: [
    HttpModule.registerAsync({
      inject: [DownstreamClient, ORDERS_URL],
      useFactory: (downstream: DownstreamClient, baseURL: string) => ({
        baseURL,
        adapter: 'fetch',
        env: { fetch: downstream.for('orders').fetchOk },
      }),
    }),
  ],
  providers: [OrdersService, AxiosOrderTools],
})
export class AxiosModule {}
