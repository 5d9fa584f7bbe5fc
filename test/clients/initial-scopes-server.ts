import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { clientSecretBasic, McpAuthModule, type IssuerOptions } from 'nestjs-mcp-auth';
import type { McpServer, McpServerOptions } from '../../sample/quickstart/mcp-server/mcp-server.js';
import { OrderTools } from '../../sample/quickstart/mcp-server/order-tools.js';

/**
 * The quickstart's MCP server, whose clients are to ask for these scopes when they sign in.
 *
 * @param trust - what is said of the issuer besides its name
 */
export function createServerWith(
  initial: readonly string[],
  trust: Partial<IssuerOptions> = {},
): (options: McpServerOptions) => Promise<McpServer> {
  return async ({ resource, issuer, client, ordersApi }) => {
    const module = {
      module: class OrdersModule {
        readonly of = 'tests';
      },
      imports: [
        McpAuthModule.forRoot({
          server: { name: 'orders', version: '1.0.0' },
          resource,
          issuers: [{ issuer, ...trust }],
          client: { id: client.id, authentication: clientSecretBasic(client.secret) },
          downstreams: { orders: ordersApi },
          scopes: { initial: [...initial] },
        }),
      ],
      providers: [OrderTools],
    };
    const app = await NestFactory.create<NestExpressApplication>(module, { logger: false });
    await app.init();
    return { handle: app.getHttpAdapter().getInstance(), close: () => app.close() };
  };
}

/** Refuses the first token that the server is shown, as if it had been revoked. */
export function refuseFirstToken(): Pick<IssuerOptions, 'validate'> {
  let refused: unknown;
  return { validate: ({ jti }) => jti !== (refused ??= jti) };
}
