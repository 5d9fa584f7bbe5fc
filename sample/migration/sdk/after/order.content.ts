import { Injectable } from '@nestjs/common';
import {
  McpCompletion,
  McpPrompt,
  McpResource,
  McpResourceList,
  McpResourceTemplate,
  type CompletionInput,
} from 'nestjs-mcp-auth';
import { z } from 'zod';
import { Orders } from '../../orders.js';

const reference = z.object({ id: z.string().describe('Number of the order') });

@Injectable()
export class OrderContent {
  constructor(private readonly orders: Orders) {}

  @McpResource({ uri: 'config://shop/currency', name: 'config', mimeType: 'application/json' })
  config() {
    return { currency: 'EUR' };
  }

  @McpResourceTemplate({
    uriTemplate: 'orders://{id}',
    name: 'order',
    mimeType: 'application/json',
    input: reference,
    scopes: ['orders:read'],
  })
  order({ id }: z.infer<typeof reference>) {
    return this.orders.find(id);
  }

  @McpResourceList({ resourceTemplate: 'orders://{id}' })
  listOrders() {
    return this.orders.list().map(({ id }) => ({
      uri: `orders://${id}`,
      name: `Order ${id}`,
      mimeType: 'application/json',
    }));
  }

  @McpPrompt({ description: 'Sums an order up', input: reference, scopes: ['orders:read'] })
  summarize({ id }: z.infer<typeof reference>) {
    return `Sum order ${id} up.`;
  }

  @McpCompletion({ prompt: 'summarize', argument: 'id' })
  completeSummary({ value }: CompletionInput) {
    return this.#findIds(value);
  }

  @McpCompletion({ resourceTemplate: 'orders://{id}', argument: 'id' })
  completeOrder({ value }: CompletionInput) {
    return this.#findIds(value);
  }

  #findIds(value: string): string[] {
    return this.orders.list().flatMap(({ id }) => (id.startsWith(value) ? [id] : []));
  }
}
