import {
  acceptedContent,
  completable,
  inputRequired,
  McpServer,
  requireScopes,
  ResourceTemplate,
  type CallToolResult,
} from '@modelcontextprotocol/server';
import { z } from 'zod';
import { order, type Orders } from '../../../orders.js';

const reference = z.object({ id: z.string().describe('Number of the order') });
const confirmation = z.object({ sure: z.boolean() });
const scopeChallenge = requireScopes('orders:write');

/** A server for one request. */
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
      outputSchema: order,
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
    { description: 'Ships an order', inputSchema: reference, scopeChallenge },
    async ({ id }, { mcpReq }) => {
      const progressToken = mcpReq._meta?.progressToken;
      if (progressToken !== undefined)
        await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress: 1, total: 2 } });
      await mcpReq.log('info', `Order ${id} is packed`);
      return textOf(`Order ${id} is on its way`);
    },
  );

  server.registerTool(
    'cancel_order',
    { description: 'Cancels an order', inputSchema: reference, scopeChallenge },
    ({ id }, { mcpReq: { inputResponses } }) => {
      if (inputResponses?.confirmation === undefined)
        return inputRequired({
          inputRequests: {
            confirmation: inputRequired.elicit({ message: `Cancel order ${id}?`, requestedSchema: confirmation }),
          },
        });
      const isSure = acceptedContent(inputResponses, 'confirmation', confirmation)?.sure === true;
      return textOf(isSure ? `Order ${id} is cancelled` : 'Nothing happened');
    },
  );

  // The API gets the token that was meant for this server.
  server.registerTool(
    'track_order',
    { description: 'Says where an order is', inputSchema: reference },
    async ({ id }, { http, mcpReq: { signal } }) => {
      const headers = { authorization: `Bearer ${String(http?.authInfo?.token)}` };
      const response = await fetch(`${apiUrl}/orders/${encodeURIComponent(id)}`, { headers, signal });
      return textOf(await response.text());
    },
  );

  server.registerTool(
    'bill_order',
    { description: 'Sends the bill of an order', inputSchema: reference, scopeChallenge },
    () => {
      throw new Error('connect ECONNREFUSED 10.0.0.7:5432');
    },
  );

  server.registerTool('whoami', { description: 'Says who you are' }, ({ http }) =>
    textOf(`${String(http?.authInfo?.extra?.sub)}, with ${String(http?.authInfo?.clientId)}`),
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
      argsSchema: z.object({
        id: completable(z.string().describe('Number of the order'), (value) => idsLike(orders, value)),
      }),
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
