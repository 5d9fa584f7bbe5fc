import { Injectable } from '@nestjs/common';
import { DownstreamClient, McpTool } from 'nestjs-mcp-auth';

/** The tools of the page on Keycloak. */
@Injectable()
export class DocumentedTools {
  constructor(private readonly downstream: DownstreamClient) {}

  @McpTool({ description: 'Finds an order.', scopes: ['orders:read'], downstream: 'orders' })
  findOrder() {
    return this.downstream.json('/orders/1');
  }

  @McpTool({ description: 'Cancels an order.', scopes: ['orders:write'], downstream: 'orders' })
  cancelOrder() {
    return this.downstream.json('/orders/1/cancel');
  }
}
