import { Injectable } from '@nestjs/common';
import { DownstreamClient, McpTool } from 'nestjs-mcp-auth';
import { z } from 'zod';

const Order = z.object({ id: z.string(), owner: z.string() });

@Injectable()
export class OrderTools {
  constructor(private readonly downstream: DownstreamClient) {}

  @McpTool({
    description: 'Find an order',
    input: z.object({ id: z.string() }),
    output: Order,
    annotations: { readOnlyHint: true },
    scopes: ['orders:read'],
    downstream: 'orders',
  })
  async findOrder({ id }: { id: string }): Promise<z.infer<typeof Order>> {
    return await this.downstream.json<z.infer<typeof Order>>(`orders/${encodeURIComponent(id)}`);
  }

  @McpTool({
    description: 'Cancel an order',
    input: z.object({ id: z.string() }),
    scopes: ['orders:write'],
    downstream: 'orders',
  })
  async cancelOrder({ id }: { id: string }): Promise<string> {
    await this.downstream.fetchOk(`orders/${encodeURIComponent(id)}`, { method: 'DELETE' });
    return `Order ${id} is cancelled`;
  }
}
