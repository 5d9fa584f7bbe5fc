import { Inject, Injectable, Module } from '@nestjs/common';
import { DownstreamClient, McpTool } from 'nestjs-mcp-auth';
import createClient from 'openapi-fetch';
import { z } from 'zod';
import { ORDERS_URL } from './orders-url.js';
import type { paths } from './orders-paths.js';

/** A client that was generated from the API's OpenAPI document: it takes a `fetch`. */
@Injectable()
export class OpenApiOrderTools {
  private readonly orders;

  constructor(@Inject(DownstreamClient) downstream: DownstreamClient, @Inject(ORDERS_URL) baseUrl: string) {
    // With `fetchOk` what the API refuses reaches the MCP client; with `fetch` it would be in `error`.
    this.orders = createClient<paths>({ baseUrl, fetch: downstream.for('orders').fetchOk });
  }

  @McpTool({
    name: 'openapi_find_order',
    description: 'Find an order',
    input: z.object({ id: z.string() }),
    scopes: ['orders:read'],
    downstream: 'orders',
  })
  async find({ id }: { id: string }) {
    const { data } = await this.orders.GET('/orders/{id}', { params: { path: { id } } });
    return data;
  }

  @McpTool({
    name: 'openapi_change_order',
    description: 'Change what is ordered',
    input: z.object({ id: z.string(), item: z.string() }),
    scopes: ['orders:write'],
    downstream: 'orders',
  })
  async change({ id, item }: { id: string; item: string }) {
    const { data } = await this.orders.PUT('/orders/{id}', { params: { path: { id } }, body: { item } });
    return data;
  }
}

@Module({ providers: [OpenApiOrderTools] })
export class OpenApiFetchModule {}
