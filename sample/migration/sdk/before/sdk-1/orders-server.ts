import { completable } from '@modelcontextprotocol/sdk/server/completable.js';
import { McpServer, ResourceTemplate } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { order, type Orders } from '../../../orders.js';

const reference = { id: z.string().describe('Number of the order') };

/** A server for one session. */
export function createOrdersServer(orders: Orders, apiUrl: string): McpServer {
  const server = new McpServer(
    { name: 'orders', version: '1.0.0' },
    { instructions: 'Tools for orders.', capabilities: { logging: {} } },
  );
  registerTools(server, orders, apiUrl);
  registerContent(server, orders);
  return server;
}

function registerTools(server: McpServer, orders: Orders, apiUrl: string): void {
  server.registerTool(
    'find_order',
    {
      description: 'Finds an order',
      inputSchema: reference,
      outputSchema: order.shape,
      annotations: { readOnlyHint: true },
    },
    ({ id }) => {
      const found = orders.find(id);
      if (!found) throw new Error(`There is no order ${id}`);
      return { content: [{ type: 'text', text: JSON.stringify(found) }], structuredContent: found };
    },
  );

  server.registerTool(
    'ship_order',
    { description: 'Ships an order', inputSchema: reference },
    async ({ id }, { _meta, sendNotification }) => {
      const progressToken = _meta?.progressToken;
      if (progressToken !== undefined)
        await sendNotification({
          method: 'notifications/progress',
          params: { progressToken, progress: 1, total: 2 },
        });
      await sendNotification({
        method: 'notifications/message',
        params: { level: 'info', data: `Order ${id} is packed` },
      });
      return textOf(`Order ${id} is on its way`);
    },
  );

  server.registerTool(
    'cancel_order',
    { description: 'Cancels an order', inputSchema: reference },
    async ({ id }, { requestId }) => {
      const answer = await server.server.elicitInput(
        {
          message: `Cancel order ${id}?`,
          requestedSchema: { type: 'object', properties: { sure: { type: 'boolean' } }, required: ['sure'] },
        },
        { relatedRequestId: requestId },
      );
      const isSure = answer.action === 'accept' && answer.content?.sure === true;
      return textOf(isSure ? `Order ${id} is cancelled` : 'Nothing happened');
    },
  );

  // The API gets the token that was meant for this server.
  server.registerTool(
    'track_order',
    { description: 'Says where an order is', inputSchema: reference },
    async ({ id }, { authInfo, signal }) => {
      const headers = { authorization: `Bearer ${String(authInfo?.token)}` };
      const response = await fetch(`${apiUrl}/orders/${encodeURIComponent(id)}`, { headers, signal });
      return textOf(await response.text());
    },
  );

  server.registerTool('bill_order', { description: 'Sends the bill of an order', inputSchema: reference }, () => {
    throw new Error('connect ECONNREFUSED 10.0.0.7:5432');
  });

  server.registerTool('whoami', { description: 'Says who you are' }, ({ authInfo }) =>
    textOf(`${String(authInfo?.extra?.sub)}, with ${String(authInfo?.clientId)}`),
  );
}

function registerContent(server: McpServer, orders: Orders): void {
  server.registerResource('config', 'config://shop/currency', { mimeType: 'application/json' }, ({ href }) => ({
    contents: [{ uri: href, mimeType: 'application/json', text: '{"currency":"EUR"}' }],
  }));

  server.registerResource(
    'order',
    new ResourceTemplate('orders://{id}', {
      list: () => ({ resources: orders.list().map(({ id }) => ({ uri: `orders://${id}`, name: `Order ${id}` })) }),
      complete: { id: (value) => idsLike(orders, value) },
    }),
    { mimeType: 'application/json' },
    ({ href }, { id }) => ({
      contents: [{ uri: href, mimeType: 'application/json', text: JSON.stringify(orders.find(String(id))) }],
    }),
  );

  server.registerPrompt(
    'summarize',
    {
      description: 'Sums an order up',
      argsSchema: { id: completable(z.string().describe('Number of the order'), (value) => idsLike(orders, value)) },
    },
    ({ id }) => ({ messages: [{ role: 'user', content: { type: 'text', text: `Sum order ${id} up.` } }] }),
  );
}

function idsLike(orders: Orders, value: string): string[] {
  return orders.list().flatMap(({ id }) => (id.startsWith(value) ? [id] : []));
}

function textOf(text: string): CallToolResult {
  return { content: [{ type: 'text', text }] };
}
