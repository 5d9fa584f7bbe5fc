import { Injectable } from '@nestjs/common';
import type { NewOrder, Order } from './order.js';

/** Every method takes the user whose orders it is about: there is no way to reach those of another. */
@Injectable()
export class OrdersRepository {
  private readonly orders = new Map<string, Order>(
    [
      { id: '1001', item: 'espresso machine', quantity: 1, owner: 'alice', status: 'shipped' } as const,
      { id: '1002', item: 'coffee beans, 1 kg', quantity: 4, owner: 'alice', status: 'placed' } as const,
      { id: '2001', item: 'bicycle bell', quantity: 2, owner: 'bob', status: 'placed' } as const,
      { id: '2002', item: 'inner tube, 28 inch', quantity: 6, owner: 'bob', status: 'placed' } as const,
      { id: '2003', item: 'rain jacket', quantity: 1, owner: 'bob', status: 'shipped' } as const,
    ].map((order) => [order.id, order]),
  );
  private lastId = 3000;

  list(owner: string): Order[] {
    return [...this.orders.values()].filter((order) => order.owner === owner);
  }

  find(owner: string, id: string): Order | undefined {
    const order = this.orders.get(id);
    return order?.owner === owner ? order : undefined;
  }

  create(owner: string, { item, quantity }: NewOrder): Order {
    this.lastId += 1;
    return this.store({ id: String(this.lastId), item, quantity, owner, status: 'placed' });
  }

  cancel(owner: string, id: string): Order | undefined {
    const order = this.find(owner, id);
    return order && this.store({ ...order, status: 'cancelled' });
  }

  private store(order: Order): Order {
    this.orders.set(order.id, order);
    return order;
  }
}
