import { Injectable } from '@nestjs/common';
import {
  clientSecretBasic,
  DownstreamClient,
  McpAuthModule,
  McpTool,
  type DownstreamOptions,
  type IssuerOptions,
  type McpContext,
} from 'nestjs-mcp-auth';
import { post, toolCall, type ToolResult } from '../support/mcp-request.js';
import { optionsFor } from '../support/module-options.js';
import { startApplication, type TestApplication } from '../support/test-application.js';
import { TestApi } from '../support/test-api.js';
import { SECRET } from './sign-in.js';

export const RESOURCE = 'https://mcp.acme.example/mcp';

@Injectable()
class Tools {
  constructor(private readonly downstream: DownstreamClient) {}

  @McpTool({ description: 'x' })
  whoami(_input: unknown, { caller }: McpContext): object {
    const { subject, clientId, appOnly, scopes } = caller ?? {};
    return { subject, clientId, appOnly, scopes };
  }

  @McpTool({ description: 'x', scopes: ['orders:read'], downstream: 'orders' })
  findOrder() {
    return this.downstream.json('/orders/1');
  }
}

/** An MCP server between a real authorization server and an API. */
export interface OrdersServer extends TestApplication {
  readonly api: TestApi;
  /** What a tool answers, or the status that the token is refused with. */
  call(token: string, tool?: string): Promise<unknown>;
}

/** @param clientId - its own client at the issuer */
export async function startOrdersServer(
  issuer: IssuerOptions,
  clientId: string,
  orders: Omit<DownstreamOptions, 'baseUrl'>,
): Promise<OrdersServer> {
  const api = await TestApi.start();
  const application = await startApplication({
    imports: () => [
      McpAuthModule.forRoot(
        optionsFor('', '', {
          resource: RESOURCE,
          issuers: [issuer],
          client: { id: clientId, authentication: clientSecretBasic(SECRET) },
          downstreams: { orders: { baseUrl: api.origin, ...orders } },
          endpoint: { allowedHosts: 'any' },
        }),
      ),
    ],
    providers: [Tools],
  });
  return {
    ...application,
    api,
    async call(token, tool = 'whoami') {
      const response = await post(`${application.origin}/mcp`, toolCall(tool), { token });
      if (response.status !== 200) return response.status;
      const { result } = (await response.json()) as { result: ToolResult };
      return result.structuredContent ?? result;
    },
    async close() {
      await application.close();
      await api.close();
    },
  };
}
