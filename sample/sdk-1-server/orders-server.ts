import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import type { DownstreamClient } from 'nestjs-mcp-auth';
import { z } from 'zod';

const reference = { id: z.string().describe('Number of the order') };

/** The server that was there before. All that is new is `orders`, which calls the API as whoever calls the tool. */
export function ordersServer(orders: DownstreamClient): McpServer {
  const server = new McpServer({ name: 'orders', version: '1.0.0' });

  server.registerTool('find_order', { description: 'Finds an order', inputSchema: reference }, async ({ id }) =>
    textOf(await orders.json(`/orders/${encodeURIComponent(id)}`)),
  );
  server.registerTool('cancel_order', { description: 'Cancels an order', inputSchema: reference }, async ({ id }) =>
    textOf(await orders.json(`/orders/${encodeURIComponent(id)}`, { method: 'DELETE' })),
  );
  server.registerTool('purge_orders', { description: 'Deletes all orders' }, async () =>
    textOf(await orders.json('/orders', { method: 'DELETE' })),
  );
  server.registerTool('whoami', { description: 'Says which client you use' }, ({ authInfo }) =>
    textOf({ client: authInfo?.clientId, scopes: authInfo?.scopes }),
  );
  return server;
}

function textOf(value: unknown): CallToolResult {
  return { content: [{ type: 'text', text: JSON.stringify(value) }] };
}
