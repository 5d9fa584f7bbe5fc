import { Injectable } from '@nestjs/common';
import { dialects, DownstreamClient, McpTool, type DownstreamOptions, type McpContext } from 'nestjs-mcp-auth';

/** The tools of a shop, some of which were set up badly. */
@Injectable()
export class OrderTools {
  constructor(private readonly downstream: DownstreamClient) {}

  @McpTool({ description: 'Says who is calling.', scopes: ['orders:read'] })
  whoAmI(_input: unknown, { caller }: McpContext): object {
    return { subject: caller?.subject, client: caller?.clientId, appOnly: caller?.appOnly };
  }

  @McpTool({ description: 'For users alone.', appOnly: 'deny' })
  ofUsers(): string {
    return 'done';
  }

  @McpTool({ description: 'Finds an order.', scopes: ['orders:read'], downstream: 'orders' })
  findOrder() {
    return this.downstream.json('/orders/1');
  }

  /** The audience of the ledger comes with a client scope that is optional. */
  @McpTool({ description: 'Books an order.', scopes: ['orders:write'], downstream: 'ledger' })
  bookOrder() {
    return this.downstream.json('/ledger');
  }

  /** The client scope of `orders:list` lacks the client of the MCP server as an audience. */
  @McpTool({ description: 'Lists orders.', scopes: ['orders:list'], downstream: 'orders' })
  listOrders() {
    return this.downstream.json('/orders');
  }

  /** No client scope has the audience of the archive. */
  @McpTool({ description: 'Reads the archive.', scopes: ['orders:read'], downstream: 'archive' })
  readArchive() {
    return this.downstream.json('/archive');
  }

  /** The realm has no such client. */
  @McpTool({ description: 'Reads what is not there.', scopes: ['orders:read'], downstream: 'ghost' })
  readGhost() {
    return this.downstream.json('/ghost');
  }

  /** The realm has no such client scope. */
  @McpTool({ description: 'Asks for a scope that is not there.', scopes: ['orders:read'], downstream: 'misspelt' })
  readMisspelt() {
    return this.downstream.json('/orders/1');
  }
}

/** What the tools call. */
export function downstreamsAt(origin: string): Record<string, DownstreamOptions> {
  const api = { baseUrl: origin, dialect: dialects.keycloak() };
  return {
    orders: { ...api, audience: 'orders-api', scopes: ['orders.view'] },
    ledger: { ...api, audience: 'ledger-api', scopes: ['ledger.book'] },
    archive: { ...api, audience: 'archive-api' },
    ghost: { ...api, audience: 'ghost-api' },
    misspelt: { ...api, audience: 'orders-api', scopes: ['orders.veiw'] },
  };
}
