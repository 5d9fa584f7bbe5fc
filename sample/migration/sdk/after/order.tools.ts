import { Injectable, NotFoundException } from '@nestjs/common';
import { DownstreamClient, McpTool, type McpContext } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { order, Orders, type Order } from '../../orders.js';

const reference = z.object({ id: z.string().describe('Number of the order') });
type Reference = z.infer<typeof reference>;

@Injectable()
export class OrderTools {
  constructor(
    private readonly orders: Orders,
    private readonly api: DownstreamClient,
  ) {}

  @McpTool({
    description: 'Finds an order',
    input: reference,
    output: order,
    annotations: { readOnlyHint: true },
    scopes: ['orders:read'],
  })
  findOrder({ id }: Reference): Order {
    const found = this.orders.find(id);
    if (!found) throw new NotFoundException(`There is no order ${id}`);
    return found;
  }

  @McpTool({ description: 'Ships an order', input: reference, scopes: ['orders:write'] })
  async shipOrder({ id }: Reference, context: McpContext) {
    await context.progress(1, 2);
    await context.log('info', `Order ${id} is packed`);
    return `Order ${id} is on its way`;
  }

  @McpTool({ description: 'Cancels an order', input: reference, scopes: ['orders:write'] })
  async cancelOrder({ id }: Reference, context: McpContext) {
    const answer = await context.elicit(`Cancel order ${id}?`, z.object({ sure: z.boolean() }));
    return answer.action === 'accept' && answer.content.sure ? `Order ${id} is cancelled` : 'Nothing happened';
  }

  @McpTool({ description: 'Says where an order is', input: reference, scopes: ['orders:read'], downstream: 'orders' })
  trackOrder({ id }: Reference, { signal }: McpContext) {
    return this.api.json(`/orders/${encodeURIComponent(id)}`, { signal });
  }

  @McpTool({ description: 'Sends the bill of an order', input: reference, scopes: ['orders:write'] })
  billOrder(_input: Reference) {
    throw new Error('connect ECONNREFUSED 10.0.0.7:5432');
  }

  @McpTool({ description: 'Says who you are' })
  whoami(_input: unknown, { caller }: McpContext) {
    return `${String(caller?.subject)}, with ${String(caller?.clientId)}`;
  }
}
