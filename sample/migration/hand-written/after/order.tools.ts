import { Injectable } from '@nestjs/common';
import { DownstreamClient, McpTool, UsePolicy, type McpContext } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { ShippersOnly } from './shippers-only.js';

const reference = z.object({ id: z.string().describe('Number of the order') });

/** Each `case` of the controller is a method. */
@Injectable()
export class OrderTools {
  constructor(private readonly orders: DownstreamClient) {}

  @McpTool({ description: 'Finds an order', input: reference, scopes: ['orders:read'], downstream: 'orders' })
  findOrder({ id }: z.infer<typeof reference>) {
    return this.orders.json(`/orders/${encodeURIComponent(id)}`);
  }

  @McpTool({ description: 'Ships an order', input: reference, scopes: ['orders:write'] })
  @UsePolicy(ShippersOnly)
  shipOrder({ id }: z.infer<typeof reference>) {
    return `Order ${id} is on its way`;
  }

  @McpTool({ description: 'Says who you are' })
  whoami(_input: unknown, { caller }: McpContext) {
    return String(caller?.subject);
  }
}
