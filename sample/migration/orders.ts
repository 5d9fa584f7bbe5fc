import { z } from 'zod';

export const order = z.object({ id: z.string(), item: z.string(), status: z.string() });
export type Order = z.infer<typeof order>;

/** What the tools of the samples share. It stays as it is when a server moves. */
export class Orders {
  readonly #orders = new Map<string, Order>([['7', { id: '7', item: 'chair', status: 'open' }]]);

  find(id: string): Order | undefined {
    return this.#orders.get(id);
  }

  list(): Order[] {
    return [...this.#orders.values()];
  }

  count(): number {
    return this.#orders.size;
  }
}
