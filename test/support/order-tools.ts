import { Injectable } from '@nestjs/common';
import { DownstreamClient, McpTool } from 'nestjs-mcp-auth';

/** One tool, `order`, that calls the downstream `orders` for its caller. */
@Injectable()
export class OrderTools {
  constructor(private readonly downstream: DownstreamClient) {}

  @McpTool({ description: 'x', downstream: 'orders' })
  order() {
    return this.downstream.json('/orders');
  }
}
