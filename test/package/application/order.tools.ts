import { Injectable } from '@nestjs/common';
import { DownstreamClient, McpTool } from 'nestjs-mcp-auth';
import { z } from 'zod';

@Injectable()
export class OrderTools {
  constructor(private readonly downstream: DownstreamClient) {}

  @McpTool({
    description: 'Find an order',
    input: z.object({ id: z.string() }),
    scopes: ['orders:read'],
    downstream: 'orders',
  })
  findOrder({ id }: { id: string }): Promise<{ id: string; owner: string }> {
    return this.downstream.json(`/orders/${encodeURIComponent(id)}`);
  }

  @McpTool({
    description: 'Cancel an order',
    input: z.object({ id: z.string() }),
    scopes: ['orders:write'],
    downstream: 'orders',
  })
  async cancelOrder({ id }: { id: string }): Promise<string> {
    await this.downstream.fetchOk(`/orders/${encodeURIComponent(id)}`, { method: 'DELETE' });
    return `Order ${id} is cancelled`;
  }
}
