import type { IncomingMessage, ServerResponse } from 'node:http';
import { McpServer as McpServerV1, ResourceTemplate as TemplateV1 } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { toNodeHandler, type NodeIncomingMessageLike } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer, ResourceTemplate } from '@modelcontextprotocol/server';
import { All, Controller, Req, Res } from '@nestjs/common';
import {
  McpController,
  McpStrategy,
  Prompt,
  Resource,
  ResourceTemplate as NestTemplate,
  StreamableHttpTransport,
  Tool,
} from '@rekog/mcp-nest';
import { ProtectedMcp, type McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import type { Platform } from '../support/test-application.js';
import type { Kind } from './files-server.js';

/** Names of what the server has of each kind. */
export const NAMES = ['open', 'secret', 'computed', 'unruled'] as const;

export interface ListingServer extends ProtectedServer {
  /** Tells listeners that a resource has changed. */
  readonly change: (uri: string) => void;
}

export interface ListingServerParts {
  readonly kind: Kind;
  readonly platform?: Platform;
  /** Whether answers are streams of events. */
  readonly streams: boolean;
  readonly rules: Parameters<typeof ProtectedMcp>[0];
  readonly options?: Partial<McpAuthModuleOptions>;
}

/** A real server with lists: of tools, prompts, resources and templates, each with one of {@link NAMES}. */
export async function startListingServer(parts: ListingServerParts): Promise<ListingServer> {
  const { kind, platform = 'express', streams, rules, options = {} } = parts;
  const transport = new StreamableHttpTransport({
    enableJsonResponse: !streams,
    responseMode: streams ? 'sse' : 'auto',
  });
  // Whoever asks for them keeps the transport from having a route of its own.
  const { httpHandlers } = transport;
  const strategy = new McpStrategy({ name: 'lists', version: '1.0.0', transports: [transport] });
  const handler = createMcpHandler(createSecond, { responseMode: streams ? 'sse' : 'auto' });
  const handle = toNodeHandler(handler);
  const serve: Record<Kind, Serve> = {
    'mcp-nest': (request, response) => httpHandlers.handlePost(request, response),
    'SDK 2.x': async (request, response) => {
      response.hijack?.();
      await handle((request.raw ?? request) as NodeIncomingMessageLike, response.raw ?? response, request.body);
    },
    'SDK 1.x': async (request, response) => {
      response.hijack?.();
      const one = new StreamableHTTPServerTransport({ enableJsonResponse: !streams });
      await createFirst().connect(one);
      await one.handleRequest(request.raw ?? request, response.raw ?? response, request.body);
    },
  };

  @Controller('mcp')
  @ProtectedMcp(rules)
  class Endpoint {
    @All()
    async handle(@Req() request: NodeRequest, @Res() response: NodeResponse) {
      await serve[kind](request, response);
    }
  }

  const server = await startProtectedServer({
    platform,
    options: { endpoint: { mount: false }, ...options },
    controllers: [Endpoint, Offers],
    configure: (app) => {
      if (kind === 'mcp-nest') app.connectMicroservice({ strategy });
    },
  });
  if (kind === 'mcp-nest') await server.app.startAllMicroservices();
  return {
    ...server,
    change: (uri) => {
      handler.notify.resourceUpdated(uri);
    },
  };
}

type NodeRequest = IncomingMessage & { raw?: IncomingMessage; body?: unknown };
type NodeResponse = ServerResponse & { raw?: ServerResponse; hijack?: () => void };
type Serve = (request: NodeRequest, response: NodeResponse) => Promise<void> | void;

function createFirst(): McpServerV1 {
  const capabilities = { resources: { subscribe: true } };
  const server = new McpServerV1({ name: 'lists', version: '1.0.0' }, { capabilities });
  for (const name of NAMES) {
    server.registerTool(name, {}, async ({ sendNotification }) => {
      for (const one of NAMES)
        await sendNotification({ method: 'notifications/resources/updated', params: { uri: `files://${one}` } });
      return { content: [] };
    });
    server.registerPrompt(name, {}, () => ({ messages: [] }));
    server.registerResource(name, `files://${name}`, {}, ({ href }) => ({ contents: [{ uri: href, text: 'x' }] }));
    const template = new TemplateV1(`files://${name}/{id}`, { list: undefined });
    server.registerResource(`${name}s`, template, {}, ({ href }) => ({ contents: [{ uri: href, text: 'x' }] }));
  }
  return server;
}

function createSecond(): McpServer {
  const capabilities = { resources: { subscribe: true } };
  const server = new McpServer({ name: 'lists', version: '1.0.0' }, { capabilities });
  for (const name of NAMES) {
    server.registerTool(name, {}, () => ({ content: [] }));
    server.registerPrompt(name, {}, () => ({ messages: [] }));
    server.registerResource(name, `files://${name}`, {}, ({ href }) => ({ contents: [{ uri: href, text: 'x' }] }));
    const template = new ResourceTemplate(`files://${name}/{id}`, { list: undefined });
    server.registerResource(`${name}s`, template, {}, ({ href }) => ({ contents: [{ uri: href, text: 'x' }] }));
  }
  return server;
}

@McpController()
class Offers {}

// The decorators of mcp-nest, once for each name.
for (const name of NAMES) {
  const define = (of: string, decorator: MethodDecorator) => {
    const method = `${name}${of}`;
    const value = () => (of === 'Tool' ? 'x' : of === 'Prompt' ? { messages: [] } : { contents: [] });
    Object.defineProperty(Offers.prototype, method, { value, configurable: true, writable: true });
    const descriptor = Object.getOwnPropertyDescriptor(Offers.prototype, method) as PropertyDescriptor;
    decorator(Offers.prototype, method, descriptor);
  };
  define('Tool', Tool({ name, description: 'x' }));
  define('Prompt', Prompt({ name, description: 'x' }));
  define('Resource', Resource({ name, uri: `files://${name}` }));
  define('Template', NestTemplate({ name: `${name}s`, uriTemplate: `files://${name}/{id}` }));
}
