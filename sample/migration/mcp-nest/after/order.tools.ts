import { Injectable, NotFoundException } from '@nestjs/common';
import {
  Anonymous,
  McpPrompt,
  McpResource,
  McpResourceTemplate,
  McpTool,
  UsePolicy,
  type McpContext,
} from 'nestjs-mcp-auth';
import { z } from 'zod';
import { order, Orders, type Order } from '../../orders.js';
import { AdminsOnly } from '../admins-only.js';

const reference = z.object({ id: z.string().describe('Number of the order') });

@Injectable()
export class OrderTools {
  constructor(private readonly orders: Orders) {}

  @McpTool({
    description: 'Finds an order',
    input: reference,
    output: order,
    annotations: { readOnlyHint: true },
    scopes: ['orders:read'],
  })
  findOrder({ id }: z.infer<typeof reference>): Order {
    const found = this.orders.find(id);
    if (!found) throw new NotFoundException(`There is no order ${id}`);
    return found;
  }

  @McpTool({
    description: 'Ships an order',
    input: reference,
    scopes: { anyOf: ['orders:ship', 'orders:admin'] },
  })
  async shipOrder({ id }: z.infer<typeof reference>, context: McpContext) {
    await context.progress(1, 2);
    return `Order ${id} is on its way`;
  }

  @McpTool({ description: 'Cancels an order', input: reference, scopes: ['orders:ship'] })
  async cancelOrder({ id }: z.infer<typeof reference>, context: McpContext) {
    const answer = await context.elicit(`Cancel order ${id}?`, z.object({ sure: z.boolean() }));
    return answer.action === 'accept' && answer.content.sure ? `Order ${id} is cancelled` : 'Nothing happened';
  }

  @McpTool({ description: 'Counts all orders' })
  @UsePolicy(AdminsOnly)
  countOrders() {
    return { orders: this.orders.count() };
  }

  @Anonymous()
  @McpTool({ description: 'Says when somebody is there' })
  openingHours() {
    return 'Monday to Friday';
  }

  @McpTool({ description: 'Says who you are' })
  whoami(_input: unknown, { caller }: McpContext) {
    return String(caller?.subject);
  }

  @McpResource({ uri: 'config://shop/currency', name: 'config', mimeType: 'application/json' })
  config() {
    return { currency: 'EUR' };
  }

  @McpResourceTemplate({
    uriTemplate: 'orders://{id}',
    name: 'order',
    mimeType: 'application/json',
    input: z.object({ id: z.string() }),
    scopes: ['orders:read'],
  })
  order({ id }: { id: string }) {
    return this.orders.find(id);
  }

  @McpPrompt({ description: 'Sums an order up', input: reference })
  summarize({ id }: z.infer<typeof reference>) {
    return `Sum order ${id} up.`;
  }
}
