import type { IncomingMessage, ServerResponse } from 'node:http';
import { completable } from '@modelcontextprotocol/sdk/server/completable.js';
import { McpServer, ResourceTemplate } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { All, Controller, Inject, Req, Res, type Provider } from '@nestjs/common';
import {
  clientSecretBasic,
  DownstreamClient,
  ProtectedMcp,
  type IssuerOptions,
  type McpAuthModuleOptions,
} from 'nestjs-mcp-auth';
import { z } from 'zod';
import { post, type PostOptions } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import { TestApi } from '../support/test-api.js';
import type { Platform } from '../support/test-application.js';

/** What the tool gets to see of the request. */
export interface Seen {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly auth: unknown;
}

type Body = (client: DownstreamClient, seen: Seen) => unknown;

export interface ForeignServerParts {
  readonly rules: Parameters<typeof ProtectedMcp>[0];
  readonly platform?: Platform;
  readonly options?: Partial<McpAuthModuleOptions>;
  readonly providers?: Provider[];
  /** What is said of the issuer besides its name. */
  readonly trust?: Partial<IssuerOptions>;
}

export interface ForeignServer extends ProtectedServer {
  readonly api: TestApi;
  /** What ran, in order. */
  readonly ran: string[];
  /** Methods of the requests that the other server got. */
  readonly reached: string[];
  /** Headers of the last request that it got, in each form in which Node has them. */
  arrived: readonly unknown[];
  /** Called when an answer is over, whichever way; on Express. */
  onClose: () => void;
  /** What the tool `run` does. */
  body: Body;
  /** Sends a message as clients of the revision 2025-11-25 do. */
  readonly send: (method: string, params: Record<string, unknown>, options?: PostOptions) => Promise<Response>;
  /** Calls the tool `run`. */
  readonly run: (options?: PostOptions) => Promise<Response>;
}

/** A server of the SDK 1.x that answers a stream of events, behind rules. */
export async function startForeignServer(parts: ForeignServerParts): Promise<ForeignServer> {
  const { rules, platform = 'express', options = {}, providers = [], trust = {} } = parts;
  const ran: string[] = [];
  const reached: string[] = [];
  const api = await TestApi.start();

  @Controller('mcp')
  @ProtectedMcp(rules)
  class Endpoint {
    constructor(@Inject(DownstreamClient) private readonly client: DownstreamClient) {}

    @All()
    async handle(
      @Req() request: IncomingMessage & { raw?: IncomingMessage; body?: unknown },
      @Res() response: ServerResponse & { raw?: ServerResponse; hijack?: () => void },
    ) {
      reached.push(request.method ?? '');
      const { headers, rawHeaders, headersDistinct } = request.raw ?? request;
      server.arrived = [request.headers, headers, rawHeaders, headersDistinct];
      response.hijack?.();
      const mcp = otherServer(ran, (seen) => server.body(this.client, seen));
      const transport = new StreamableHTTPServerTransport();
      await mcp.connect(transport);
      await transport.handleRequest(request.raw ?? request, response.raw ?? response, request.body);
    }
  }

  const started = await startProtectedServer({
    platform,
    trust,
    options: {
      endpoint: { mount: false },
      client: { id: 'mcp', authentication: clientSecretBasic('s3cret') },
      downstreams: { orders: { baseUrl: api.origin, audience: 'orders-api' } },
      ...options,
    },
    controllers: [Endpoint],
    configure: (app) => {
      if (platform === 'fastify') return;
      app.use((_request: IncomingMessage, response: ServerResponse, next: () => void) => {
        response.once('close', () => {
          server.onClose();
        });
        next();
      });
    },
    providers,
  }).catch(async (error: unknown) => {
    await api.close();
    throw error;
  });
  const send: ForeignServer['send'] = async (method, params, { headers = {}, ...rest } = {}) =>
    await post(
      started.resource,
      { jsonrpc: '2.0', id: 1, method, params },
      { headers: { 'mcp-protocol-version': '2025-11-25', ...headers }, ...rest },
    );
  const server: ForeignServer = {
    ...started,
    api,
    ran,
    reached,
    arrived: [],
    onClose: () => undefined,
    body: () => 'done',
    send,
    run: async (init) => await send('tools/call', { name: 'run', arguments: {} }, init),
    close: async () => {
      await started.close();
      await api.close();
    },
  };
  return server;
}

function otherServer(ran: string[], run: (seen: Seen) => unknown): McpServer {
  const server = new McpServer({ name: 'other', version: '1.0.0' });
  server.registerTool('run', {}, async ({ requestInfo, authInfo }) => {
    ran.push('run');
    const value = await run({ headers: requestInfo?.headers ?? {}, auth: authInfo });
    return { content: [{ type: 'text', text: String(value) }] };
  });
  server.registerResource('one', 'orders://one', {}, ({ href }) => {
    ran.push(href);
    return { contents: [{ uri: href, text: 'one' }] };
  });
  const template = new ResourceTemplate('orders://{id}/lines', { list: undefined });
  server.registerResource('lines', template, {}, ({ href }) => {
    ran.push(href);
    return { contents: [{ uri: href, text: 'lines' }] };
  });
  const complete = () => {
    ran.push('complete');
    return ['Ada'];
  };
  server.registerPrompt('greet', { argsSchema: { name: completable(z.string(), complete) } }, () => {
    ran.push('greet');
    return { messages: [] };
  });
  return server;
}

/** The only message of an answer, which is a stream of events. */
export async function messageIn(response: Response): Promise<Record<string, unknown>> {
  const data = /^data: (.+)$/m.exec(await response.text())?.[1];
  if (data === undefined) throw new Error(`${response.status} without a message`);
  return JSON.parse(data) as Record<string, unknown>;
}
