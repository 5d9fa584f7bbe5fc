import type { IncomingMessage } from 'node:http';
import { Inject } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { McpController, McpRawRequest, Tool } from '@rekog/mcp-nest';
import { DownstreamClient, type Caller } from 'nestjs-mcp-auth';
import { z } from 'zod';

const reference = z.object({ id: z.string().describe('Number of the order') });

/** The tools that were there before. All that is new is `orders`, which calls the API as whoever calls the tool. */
@McpController()
export class OrderTools {
  constructor(@Inject(DownstreamClient) private readonly orders: DownstreamClient) {}

  @Tool({ name: 'find_order', description: 'Finds an order', parameters: reference })
  find(@Payload() { id }: z.infer<typeof reference>) {
    return this.orders.json(`/orders/${encodeURIComponent(id)}`);
  }

  @Tool({ name: 'cancel_order', description: 'Cancels an order', parameters: reference })
  cancel(@Payload() { id }: z.infer<typeof reference>) {
    return this.orders.json(`/orders/${encodeURIComponent(id)}`, { method: 'DELETE' });
  }

  @Tool({ name: 'purge_orders', description: 'Deletes all orders' })
  purge() {
    return this.orders.json('/orders', { method: 'DELETE' });
  }

  @Tool({ name: 'whoami', description: 'Says which client you use' })
  whoami(@McpRawRequest() { user }: IncomingMessage & { user?: Caller }) {
    return { client: user?.clientId, scopes: user?.scopes };
  }
}
