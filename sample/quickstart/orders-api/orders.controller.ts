import { Body, Controller, Delete, Get, Inject, NotFoundException, Param, Post, UseGuards } from '@nestjs/common';
import { ApiBody, ApiCreatedResponse, ApiNotFoundResponse, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { AccessTokenGuard } from './access-token.guard.js';
import { toOpenApi } from './openapi-schema.js';
import { newOrderSchema, orderSchema, type NewOrder, type Order } from './order.js';
import { OrdersRepository } from './orders.repository.js';
import { RequireScope } from './require-scope.decorator.js';
import { Subject } from './subject.decorator.js';

@Controller('orders')
@UseGuards(AccessTokenGuard)
export class OrdersController {
  constructor(@Inject(OrdersRepository) private readonly orders: OrdersRepository) {}

  @Get()
  @ApiOperation({ operationId: 'listOrders', summary: 'Lists your orders.' })
  @ApiOkResponse({ description: 'Your orders', schema: toOpenApi(orderSchema.array()) })
  @RequireScope('orders:read')
  list(@Subject() owner: string): Order[] {
    return this.orders.list(owner);
  }

  @Get(':id')
  @ApiOperation({ operationId: 'findOrder', summary: 'Finds one of your orders by its number.' })
  @ApiOkResponse({ description: 'The order', schema: toOpenApi(orderSchema) })
  @ApiNotFoundResponse({ description: 'You have no such order' })
  @RequireScope('orders:read')
  find(@Subject() owner: string, @Param('id') id: string): Order {
    return found(id, this.orders.find(owner, id));
  }

  @Post()
  @ApiOperation({ operationId: 'createOrder', summary: 'Places an order.' })
  @ApiBody({ schema: toOpenApi(newOrderSchema) })
  @ApiCreatedResponse({ description: 'The order', schema: toOpenApi(orderSchema) })
  @RequireScope('orders:write')
  create(@Subject() owner: string, @Body({ schema: newOrderSchema }) order: NewOrder): Order {
    return this.orders.create(owner, order);
  }

  @Delete(':id')
  @ApiOperation({ operationId: 'cancelOrder', summary: 'Cancels one of your orders.' })
  @ApiOkResponse({ description: 'The cancelled order', schema: toOpenApi(orderSchema) })
  @ApiNotFoundResponse({ description: 'You have no such order' })
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
