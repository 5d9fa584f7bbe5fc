import { Inject } from '@nestjs/common';
import { McpController, Tool } from '@rekog/mcp-nest';
import { Orders } from '../../orders.js';

/** `@ToolRoles` had to go at this step: a `Caller` has claims, and no `roles`. */
@McpController()
export class AdminTools {
  constructor(@Inject(Orders) private readonly orders: Orders) {}

  @Tool({ name: 'count_orders', description: 'Counts all orders' })
  count() {
    return { orders: this.orders.count() };
  }
}
