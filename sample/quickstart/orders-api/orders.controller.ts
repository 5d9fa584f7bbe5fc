import { Body, Controller, Delete, Get, Inject, NotFoundException, Param, Post, UseGuards } from '@nestjs/common';
import { AccessTokenGuard } from './access-token.guard.js';
import { newOrderSchema, type NewOrder, type Order } from './order.js';
import { OrdersRepository } from './orders.repository.js';
import { RequireScope } from './require-scope.decorator.js';
import { Subject } from './subject.decorator.js';

@Controller('orders')
@UseGuards(AccessTokenGuard)
export class OrdersController {
  constructor(@Inject(OrdersRepository) private readonly orders: OrdersRepository) {}

  @Get()
  @RequireScope('orders:read')
  list(@Subject() owner: string): Order[] {
    return this.orders.list(owner);
  }

  @Get(':id')
  @RequireScope('orders:read')
  find(@Subject() owner: string, @Param('id') id: string): Order {
    return found(id, this.orders.find(owner, id));
  }

  @Post()
  @RequireScope('orders:write')
  create(@Subject() owner: string, @Body({ schema: newOrderSchema }) order: NewOrder): Order {
    return this.orders.create(owner, order);
  }

  @Delete(':id')
  @RequireScope('orders:write')
  cancel(@Subject() owner: string, @Param('id') id: string): Order {
    return found(id, this.orders.cancel(owner, id));
  }
}

/** An order of someone else is answered like one that does not exist. */
function found(id: string, order: Order | undefined): Order {
  if (!order) throw new NotFoundException(`There is no order ${id}.`);
  return order;
}
