import { Injectable } from '@nestjs/common';
import { DownstreamClient, McpTool, type McpContext } from 'nestjs-mcp-auth';
import { z } from 'zod';

const order = z.object({
  id: z.string(),
  item: z.string(),
  quantity: z.number(),
  owner: z.string().describe('Whose order it is'),
  status: z.enum(['placed', 'shipped', 'cancelled']),
});

type Order = z.infer<typeof order>;

const reference = z.object({ id: z.string().regex(/^\w+$/).describe('Number of the order, as list_orders shows it') });
const newOrder = z.object({ item: z.string().min(1).max(100), quantity: z.int().min(1).max(1000) });

/** The orders API as tools. Whose orders they are is up to the API, which sees the user behind each call. */
@Injectable()
export class OrderTools {
  constructor(private readonly downstream: DownstreamClient) {}

  @McpTool({
    description: 'Finds one of your orders by its number.',
    input: reference,
    output: order,
    annotations: { readOnlyHint: true },
    scopes: ['orders:read'],
    downstream: 'orders',
  })
  findOrder({ id }: z.infer<typeof reference>): Promise<Order> {
    return this.downstream.json(`/orders/${id}`);
  }

  @McpTool({
    description: 'Lists your orders.',
    output: z.object({ orders: z.array(order) }),
    annotations: { readOnlyHint: true },
    scopes: ['orders:read'],
    downstream: 'orders',
  })
  async listOrders(): Promise<{ orders: Order[] }> {
    return { orders: await this.downstream.json('/orders') };
  }

  @McpTool({
    description: 'Places an order.',
    input: newOrder,
    output: order,
    annotations: { destructiveHint: false },
    scopes: ['orders:write'],
    downstream: 'orders',
  })
  createOrder(json: z.infer<typeof newOrder>): Promise<Order> {
    return this.downstream.json('/orders', { method: 'POST', json });
  }

  @McpTool({
    description: 'Cancels one of your orders.',
    input: reference,
    output: order,
    annotations: { destructiveHint: true, idempotentHint: true },
    scopes: ['orders:write'],
    downstream: 'orders',
  })
  cancelOrder({ id }: z.infer<typeof reference>): Promise<Order> {
    return this.downstream.json(`/orders/${id}`, { method: 'DELETE' });
  }

  @McpTool({ description: 'Says who you are, and what you may do.', annotations: { readOnlyHint: true } })
  whoami(_input: unknown, { caller }: McpContext) {
    return { subject: caller?.subject, client: caller?.clientId, scopes: caller?.scopes };
  }
}
