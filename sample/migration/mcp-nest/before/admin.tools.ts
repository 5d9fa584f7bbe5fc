import { Inject } from '@nestjs/common';
import { McpController, Tool, ToolRoles } from '@rekog/mcp-nest';
import { Orders } from '../../orders.js';

@McpController()
export class AdminTools {
  constructor(@Inject(Orders) private readonly orders: Orders) {}

  @Tool({ name: 'count_orders', description: 'Counts all orders' })
  @ToolRoles(['admin'])
  count() {
    return { orders: this.orders.count() };
  }
}
