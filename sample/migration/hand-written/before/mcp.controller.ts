import { Body, Controller, HttpCode, Inject, Post, Req, UseGuards } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import type { User } from './jwt.strategy.js';

export const ORDERS_API = Symbol('OrdersApi');

export interface OrdersApi {
  readonly url: string;
  readonly key: string;
}

interface Message {
  readonly id?: string | number;
  readonly method: string;
  readonly params?: { readonly name?: string; readonly arguments?: { readonly id?: string } };
}

const reference = {
  type: 'object',
  properties: { id: { type: 'string', description: 'Number of the order' } },
  required: ['id'],
};

const tools = [
  { name: 'find_order', description: 'Finds an order', inputSchema: reference },
  { name: 'ship_order', description: 'Ships an order', inputSchema: reference },
  { name: 'whoami', description: 'Says who you are', inputSchema: { type: 'object' } },
];

/** Answers JSON-RPC by itself, and calls the API with one key for all users. */
@Controller('mcp')
@UseGuards(AuthGuard('jwt'))
export class McpController {
  constructor(@Inject(ORDERS_API) private readonly api: OrdersApi) {}

  @Post()
  @HttpCode(200)
  async handle(@Body() body: Message | Message[], @Req() { user }: { user: User }): Promise<unknown> {
    if (!Array.isArray(body)) return await this.#answer(body, user);
    return await Promise.all(body.map((message) => this.#answer(message, user)));
  }

  async #answer({ id, method, params = {} }: Message, user: User): Promise<unknown> {
    if (id === undefined) return undefined;
    switch (method) {
      case 'initialize':
        return resultOf(id, {
          protocolVersion: '2025-11-25',
          serverInfo: { name: 'orders', version: '1.0.0' },
          capabilities: { tools: {} },
          instructions: 'Tools for orders.',
        });
      case 'tools/list':
        return resultOf(id, { tools });
      case 'tools/call':
        return await this.#call(id, params.name, params.arguments?.id, user);
      default:
        return errorOf(id, -32601, 'Method not found');
    }
  }

  async #call(id: string | number, name: string | undefined, order: string | undefined, user: User): Promise<unknown> {
    switch (name) {
      case 'find_order': {
        const headers = { 'x-api-key': this.api.key };
        const response = await fetch(`${this.api.url}/orders/${String(order)}`, { headers });
        return textOf(id, await response.text());
      }
      case 'ship_order':
        if (!user.roles.includes('shipper')) return errorOf(id, -32000, 'Only shippers may do this');
        return textOf(id, `Order ${String(order)} is on its way`);
      case 'whoami':
        return textOf(id, user.id);
      default:
        return errorOf(id, -32601, 'Method not found');
    }
  }
}

function textOf(id: string | number, text: string) {
  return resultOf(id, { content: [{ type: 'text', text }] });
}

function resultOf(id: string | number, result: unknown) {
  return { jsonrpc: '2.0', id, result };
}

function errorOf(id: string | number, code: number, message: string) {
  return { jsonrpc: '2.0', id, error: { code, message } };
}
