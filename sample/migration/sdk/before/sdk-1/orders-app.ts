import { randomUUID } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js';
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js';
import {
  getOAuthProtectedResourceMetadataUrl,
  mcpAuthMetadataRouter,
} from '@modelcontextprotocol/sdk/server/auth/router.js';
import { createMcpExpressApp } from '@modelcontextprotocol/sdk/server/express.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { isInitializeRequest } from '@modelcontextprotocol/sdk/types.js';
import type { McpServerOptions } from '../../../../quickstart/mcp-server/mcp-server.js';
import { Orders } from '../../../orders.js';
import { createTokenReader } from '../token.js';
import { createOrdersServer } from './orders-server.js';

const requiredScopes = ['orders:read', 'orders:write'];

/** The server on Express alone, with a session for each client. */
export function createOrdersApp({ resource, issuer, ordersApi }: McpServerOptions): RequestListener {
  const resourceServerUrl = new URL(resource);
  const readToken = createTokenReader(issuer);
  const orders = new Orders();
  const sessions = new Map<string, StreamableHTTPServerTransport>();

  const openSession = async (): Promise<StreamableHTTPServerTransport> => {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, transport),
      onsessionclosed: (id) => void sessions.delete(id),
    });
    await createOrdersServer(orders, ordersApi.baseUrl).connect(transport);
    return transport;
  };

  const app = createMcpExpressApp();
  app.use(
    mcpAuthMetadataRouter({
      oauthMetadata: {
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        response_types_supported: ['code'],
      },
      resourceServerUrl,
      scopesSupported: requiredScopes,
    }),
  );
  app.all(
    '/mcp',
    requireBearerAuth({
      verifier: {
        verifyAccessToken: (token) =>
          readToken(token).catch(() => {
            throw new InvalidTokenError('The token is not good');
          }),
      },
      requiredScopes,
      expectedResource: resourceServerUrl,
      resourceMetadataUrl: getOAuthProtectedResourceMetadataUrl(resourceServerUrl),
    }),
    async (request, response) => {
      const id = request.headers['mcp-session-id'];
      const session = typeof id === 'string' ? sessions.get(id) : undefined;
      if (!session && !isInitializeRequest(request.body)) {
        response.status(404).json({ jsonrpc: '2.0', error: { code: -32001, message: 'Session not found' }, id: null });
        return;
      }
      await (session ?? (await openSession())).handleRequest(request, response, request.body);
    },
  );
  return app;
}
