import { Inject, Injectable } from '@nestjs/common';
import { DownstreamClient, McpTool, type McpContext } from 'nestjs-mcp-auth';
import { z } from 'zod';

const id = z.object({ id: z.string().regex(/^\w+$/) });
const newOrder = z.object({ item: z.string(), quantity: z.int() });

@Injectable()
export class OrdersTools {
  constructor(@Inject(DownstreamClient) private readonly orders: DownstreamClient) {}

  @McpTool({
    description: 'Finds an order.',
    input: id,
    annotations: { readOnlyHint: true },
    scopes: ['orders:read'],
    downstream: 'orders',
  })
  findOrder({ id }: { id: string }) {
    return this.orders.json(`orders/${id}`);
  }

  @McpTool({
    description: 'Lists the orders.',
    annotations: { readOnlyHint: true },
    scopes: ['orders:read'],
    downstream: 'orders',
  })
  async listOrders() {
    return { orders: await this.orders.json('orders') };
  }

  @McpTool({ description: 'Places an order.', input: newOrder, scopes: ['orders:write'], downstream: 'orders' })
  createOrder(order: z.infer<typeof newOrder>) {
    return this.orders.json('orders', { method: 'POST', json: order });
  }

  @McpTool({ description: 'Cancels an order.', input: id, scopes: ['orders:write'], downstream: 'orders' })
  cancelOrder({ id }: { id: string }) {
    return this.orders.json(`orders/${id}`, { method: 'DELETE' });
  }

  @McpTool({ description: 'Says who is calling.', annotations: { readOnlyHint: true } })
  whoami(_input: unknown, { caller }: McpContext) {
    return { subject: caller?.subject };
  }
}
