/**
 * A program of its own, because what it declares would count for all tests. It sees the types as they are published.
 * What must not compile is marked so.
 */
import { expectTypeOf } from 'expect-type';
import { McpAuthModule, McpTool, type DownstreamName, type ScopeName, type ServerName } from 'nestjs-mcp-auth';

declare module 'nestjs-mcp-auth' {
  interface Register {
    downstreams: 'orders' | 'crm';
    scopes: 'orders:read' | 'orders:write';
    servers: 'public' | 'admin';
  }
}

expectTypeOf<DownstreamName>().toEqualTypeOf<'orders' | 'crm'>();
expectTypeOf<ScopeName>().toEqualTypeOf<'orders:read' | 'orders:write'>();
expectTypeOf<ServerName>().toEqualTypeOf<'public' | 'admin'>();

export class Tools {
  @McpTool({ description: 'x', scopes: ['orders:read'], downstream: ['orders', 'crm'], server: 'admin' })
  known() {
    return 'x';
  }

  @McpTool({ description: 'x', scopes: { anyOf: ['orders:read', 'orders:write'] } })
  alternatives() {
    return 'x';
  }

  // @ts-expect-error a typing error
  @McpTool({ description: 'x', scopes: ['orders:raed'] })
  scope() {
    return 'x';
  }

  // @ts-expect-error a typing error
  @McpTool({ description: 'x', downstream: 'order' })
  downstream() {
    return 'x';
  }

  // @ts-expect-error a typing error
  @McpTool({ description: 'x', server: 'amdin' })
  server() {
    return 'x';
  }
}

McpAuthModule.forRoot({
  server: { name: 'public', version: '1' },
  resource: 'https://mcp.acme.example/mcp',
  issuers: [],
  // @ts-expect-error a downstream that nothing may name
  downstreams: { order: { baseUrl: 'https://orders.acme.example' } },
});
