import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type { Server } from 'node:http';
import { startAuthorizationServer } from './authorization-server/authorization-server.js';
import type { TokenEvent } from './authorization-server/token-events.js';
import { closeServer, listen, originOf } from './listen.js';
import { createMcpServer, type McpServer, type McpServerOptions } from './mcp-server/mcp-server.js';
import { startOrdersApi } from './orders-api/orders-api.js';
import type { RequestEvent } from './orders-api/request-events.js';

/** A port of 0 lets the system choose one. */
export interface QuickstartPorts {
  readonly mcpPort: number;
  readonly authPort: number;
  readonly apiPort: number;
}

export interface QuickstartEvents {
  /** The authorization server's token endpoint has answered. */
  token: [TokenEvent];
  /** The orders API has answered. */
  request: [RequestEvent];
}

export interface Quickstart {
  readonly mcpUrl: string;
  readonly issuer: string;
  readonly apiUrl: string;
  readonly events: EventEmitter<QuickstartEvents>;
  close(): Promise<void>;
}

/**
 * Boots the MCP server, the authorization server and the orders API in this process.
 *
 * @param createServer - makes the MCP server
 * @param accessTokenLifetime - in seconds, of the tokens that clients get; by default an hour
 */
export async function startQuickstart(
  { mcpPort, authPort, apiPort }: QuickstartPorts,
  createServer: (options: McpServerOptions) => Promise<McpServer> = createMcpServer,
  accessTokenLifetime?: number,
): Promise<Quickstart> {
  const cleanups: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  };
  const listenOn = async (port: number): Promise<Server> => {
    const server = await listen(port);
    cleanups.push(() => closeServer(server));
    return server;
  };

  try {
    const mcpHttpServer = await listenOn(mcpPort);
    const authHttpServer = await listenOn(authPort);
    const apiHttpServer = await listenOn(apiPort);
    const mcpUrl = `${originOf(mcpHttpServer)}/mcp`;
    const localhostUrl = mcpUrl.replace('127.0.0.1', 'localhost');
    const apiUrl = originOf(apiHttpServer);
    const client = { id: 'mcp-server', secret: randomBytes(32).toString('base64url') };
    const events = new EventEmitter<QuickstartEvents>();

    const { issuer, jwksUri } = await startAuthorizationServer({
      server: authHttpServer,
      mcpResources: [mcpUrl, localhostUrl],
      ordersAudience: apiUrl,
      mcpServerClient: client,
      accessTokenLifetime,
      onToken: (event) => events.emit('token', event),
    });
    const ordersApi = await startOrdersApi({
      server: apiHttpServer,
      issuer,
      jwksUri,
      onRequest: (event) => events.emit('request', event),
    });
    cleanups.push(() => ordersApi.close());
    const createServerAt = async (resource: string) => {
      const mcpServer = await createServer({
        resource,
        issuer,
        client,
        ordersApi: { audience: apiUrl, baseUrl: apiUrl },
      });
      cleanups.push(() => mcpServer.close());
      return mcpServer;
    };
    // A client compares the URL that it was given with the resource in the metadata, so each name needs a server.
    const [named, numbered] = [await createServerAt(localhostUrl), await createServerAt(mcpUrl)];
    mcpHttpServer.on('request', (request, response) => {
      (/^localhost(:|$)/i.test(request.headers.host ?? '') ? named : numbered).handle(request, response);
    });
    return { mcpUrl, issuer, apiUrl, events, close };
  } catch (error) {
    await close();
    throw error;
  }
}
