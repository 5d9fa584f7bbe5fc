import type { IncomingMessage } from 'node:http';
import { Inject } from '@nestjs/common';
import { Ctx, Payload, RpcException } from '@nestjs/microservices';
import {
  McpContext,
  McpController,
  McpRawRequest,
  Prompt,
  PublicTool,
  Resource,
  ResourceTemplate,
  Tool,
  ToolScopes,
  type AuthenticatedUser,
} from '@rekog/mcp-nest';
import { z } from 'zod';
import { order, Orders, type Order } from '../../orders.js';

const reference = z.object({ id: z.string().describe('Number of the order') });

@McpController()
export class OrderTools {
  constructor(@Inject(Orders) private readonly orders: Orders) {}

  @Tool({
    name: 'find_order',
    description: 'Finds an order',
    parameters: reference,
    outputSchema: order,
    annotations: { readOnlyHint: true },
  })
  @ToolScopes(['orders:read'])
  find(@Payload() { id }: z.infer<typeof reference>): Order {
    const found = this.orders.find(id);
    if (!found) throw new RpcException(`There is no order ${id}`);
    return found;
  }

  @Tool({ name: 'ship_order', description: 'Ships an order', parameters: reference })
  @ToolScopes(['orders:ship', 'orders:admin'], { match: 'any' })
  async ship(@Payload() { id }: z.infer<typeof reference>, @Ctx() context: McpContext) {
    await context.reportProgress({ progress: 1, total: 2 });
    return { content: [{ type: 'text', text: `Order ${id} is on its way` }] };
  }

  @Tool({ name: 'cancel_order', description: 'Cancels an order', parameters: reference })
  @ToolScopes(['orders:ship'])
  async cancel(@Payload() { id }: z.infer<typeof reference>, @Ctx() context: McpContext) {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- the way to ask in a session
    const answer = await context.mcpServer.server.elicitInput(
      {
        message: `Cancel order ${id}?`,
        requestedSchema: { type: 'object', properties: { sure: { type: 'boolean' } }, required: ['sure'] },
      },
      // The question goes out on the stream of the call. Otherwise it is lost if the client has no other stream yet.
      { relatedRequestId: context.getArgs()[4]?.mcpReq.id },
    );
    const isSure = answer.action === 'accept' && answer.content?.sure === true;
    return { content: [{ type: 'text', text: isSure ? `Order ${id} is cancelled` : 'Nothing happened' }] };
  }

  @Tool({ name: 'opening_hours', description: 'Says when somebody is there' })
  @PublicTool()
  hours() {
    return { content: [{ type: 'text', text: 'Monday to Friday' }] };
  }

  @Tool({ name: 'whoami', description: 'Says who you are' })
  // A guard of MCP-Nest has claims there. `@ProtectedMcp` has a `Caller`.
  whoami(@McpRawRequest() { user }: IncomingMessage & { user?: AuthenticatedUser }) {
    return { content: [{ type: 'text', text: String(user?.subject ?? user?.sub) }] };
  }

  @Resource({ uri: 'config://shop/currency', name: 'config', mimeType: 'application/json' })
  config({ uri }: { uri: string }) {
    return { contents: [{ uri, mimeType: 'application/json', text: '{"currency":"EUR"}' }] };
  }

  @ResourceTemplate({ uriTemplate: 'orders://{id}', name: 'order', mimeType: 'application/json' })
  order({ uri, id }: { uri: string; id: string }) {
    return { contents: [{ uri, mimeType: 'application/json', text: JSON.stringify(this.orders.find(id)) }] };
  }

  @Prompt({
    name: 'summarize',
    description: 'Sums an order up',
    parameters: z.object({ id: z.string().describe('Number of the order') }),
  })
  summarize({ id }: { id: string }) {
    return { messages: [{ role: 'user', content: { type: 'text', text: `Sum order ${id} up.` } }] };
  }
}
