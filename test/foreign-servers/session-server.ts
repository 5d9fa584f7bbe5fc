import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport, type EventStore } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { NodeStreamableHTTPServerTransport } from '@modelcontextprotocol/node';
import { McpServer } from '@modelcontextprotocol/server';
import { All, Controller, Req, Res } from '@nestjs/common';
import { McpController, McpStrategy, StreamableHttpTransport, Tool } from '@rekog/mcp-nest';
import { ProtectedMcp, type McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import type { Platform } from '../support/test-application.js';
import type { Kind } from './files-server.js';

/** The events of one session, in their order. */
class KeptEvents implements EventStore {
  readonly #events: { readonly stream: string; readonly message: Parameters<EventStore['storeEvent']>[1] }[] = [];

  storeEvent(stream: string, message: Parameters<EventStore['storeEvent']>[1]): Promise<string> {
    return Promise.resolve(String(this.#events.push({ stream, message }) - 1));
  }

  async replayEventsAfter(last: string, { send }: Parameters<EventStore['replayEventsAfter']>[1]): Promise<string> {
    const stream = this.#events[Number(last)]?.stream ?? '';
    for (const [id, event] of this.#events.entries())
      if (id > Number(last) && event.stream === stream) await send(String(id), event.message);
    return stream;
  }
}

/** What a server that keeps sessions has of them. Replicas of it share this. */
export class KeptSessions {
  /** As the server knows them, in the order in which they began. */
  readonly ids: string[] = [];
  readonly transports = new Map<string, StreamableHTTPServerTransport | NodeStreamableHTTPServerTransport>();
  /** The requests that reached the server: method, session id and last event. */
  readonly reached: { method: string; session: string | undefined; lastEvent: string | undefined }[] = [];

  /** Whether streams can be resumed. */
  resumes = false;

  readonly generate = (): string => {
    const id = randomUUID();
    this.ids.push(id);
    return id;
  };

  note({ method = '', headers }: IncomingMessage): void {
    this.reached.push({
      method,
      session: headers['mcp-session-id']?.toString(),
      lastEvent: headers['last-event-id']?.toString(),
    });
  }
}

/** A real server that keeps sessions, with the tool `run`. */
export async function startSessionServer(
  kind: Kind,
  platform: Platform,
  kept: KeptSessions,
  options: Partial<McpAuthModuleOptions> = {},
  rules: Parameters<typeof ProtectedMcp>[0] = { tools: { run: {} } },
): Promise<ProtectedServer> {
  const transport = new StreamableHttpTransport({ statefulMode: true, sessionIdGenerator: kept.generate });
  const strategy = new McpStrategy({ name: 'kept', version: '1.0.0', transports: [transport] });
  const serve = kind === 'mcp-nest' ? serveByNest(transport) : serveBySdk(kind, kept);

  @Controller('mcp')
  @ProtectedMcp(rules)
  class Endpoint {
    @All()
    async handle(@Req() request: NodeRequest, @Res() response: NodeResponse) {
      kept.note(request.raw ?? request);
      await serve(request, response);
    }
  }

  const server = await startProtectedServer({
    platform,
    options: { endpoint: { mount: false }, ...options },
    controllers: [Endpoint, Tools],
    configure: (app) => {
      if (kind === 'mcp-nest') app.connectMicroservice({ strategy });
    },
  });
  if (kind === 'mcp-nest') await server.app.startAllMicroservices();
  return server;
}

type NodeRequest = IncomingMessage & { raw?: IncomingMessage; body?: unknown };
type NodeResponse = ServerResponse & { raw?: ServerResponse; hijack?: () => void };
type Serve = (request: NodeRequest, response: NodeResponse) => Promise<void> | void;

@McpController()
class Tools {
  @Tool({ name: 'run', description: 'x' })
  run() {
    return 'ran';
  }
}

function serveByNest({ httpHandlers }: StreamableHttpTransport): Serve {
  return async (request, response) => {
    const { handlePost, handleGet, handleDelete } = httpHandlers;
    const handle = { POST: handlePost, GET: handleGet, DELETE: handleDelete }[request.method ?? ''];
    await handle?.(request, response);
  };
}

function serveBySdk(kind: Kind, kept: KeptSessions): Serve {
  const connect = async () => {
    const parts = {
      sessionIdGenerator: kept.generate,
      ...(kept.resumes && { eventStore: new KeptEvents() }),
      onsessioninitialized: (id: string) => void kept.transports.set(id, transport),
    };
    const isFirst = kind === 'SDK 1.x';
    const transport = isFirst ? new StreamableHTTPServerTransport(parts) : new NodeStreamableHTTPServerTransport(parts);
    const info = { name: 'kept', version: '1.0.0' };
    const server = (isFirst ? new McpServerV1(info) : new McpServer(info)) as McpServer;
    server.registerTool('run', {}, () => ({ content: [{ type: 'text', text: 'ran' }] }));
    await server.connect(transport as never);
    return transport;
  };
  return async (request, response) => {
    const [node, raw] = [request.raw ?? request, response.raw ?? response];
    response.hijack?.();
    const id = node.headers['mcp-session-id']?.toString();
    const transport = id === undefined ? await connect() : kept.transports.get(id);
    if (transport) await transport.handleRequest(node, raw, request.body);
    else raw.writeHead(404).end();
  };
}
