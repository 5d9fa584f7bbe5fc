import type { IncomingMessage, ServerResponse } from 'node:http';
import { InMemoryTaskStore } from '@modelcontextprotocol/sdk/experimental/tasks';
import { McpServer as McpServerV1, ResourceTemplate as TemplateV1 } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { toNodeHandler, type NodeIncomingMessageLike } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer, ResourceTemplate } from '@modelcontextprotocol/server';
import { All, Controller, Req, Res, type Type } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import {
  McpController,
  McpHttpControllerFor,
  McpStrategy,
  ResourceTemplate as NestTemplate,
  Tool,
  StreamableHttpTransport,
} from '@rekog/mcp-nest';
import { ProtectedMcp } from 'nestjs-mcp-auth';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import type { Platform } from '../support/test-application.js';

export const KINDS = ['SDK 1.x', 'SDK 2.x', 'mcp-nest'] as const;

export type Kind = (typeof KINDS)[number];

export interface FilesServer extends ProtectedServer {
  /** What ran, in order: of a resource, what it was read as. */
  readonly ran: string[];
  /** Tells listeners that a resource has changed. */
  readonly change: (uri: string) => void;
}

/** A real server of files, which has others for administrators, behind rules. */
export async function startFilesServer(
  kind: Kind,
  rules: Parameters<typeof ProtectedMcp>[0],
  platform: Platform = 'express',
): Promise<FilesServer> {
  const ran: string[] = [];
  const { controllers, strategy, change } = SERVERS[kind](rules, ran);
  const server = await startProtectedServer({
    platform,
    options: { endpoint: { mount: false } },
    controllers,
    configure: (app) => {
      if (strategy) app.connectMicroservice({ strategy });
    },
  });
  if (strategy) await server.app.startAllMicroservices();
  return { ...server, ran, change };
}

interface Parts {
  readonly controllers: Type[];
  readonly strategy?: McpStrategy;
  readonly change: (uri: string) => void;
}

type Rules = Parameters<typeof ProtectedMcp>[0];
type NodeRequest = IncomingMessage & { raw?: IncomingMessage; body?: unknown };
type NodeResponse = ServerResponse & { raw?: ServerResponse; hijack?: () => void };

const SERVERS: Readonly<Record<Kind, (rules: Rules, ran: string[]) => Parts>> = {
  'SDK 1.x': (rules, ran) => {
    const taskStore = new InMemoryTaskStore();
    const createServer = () => {
      const capabilities = { tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } };
      const server = new McpServerV1({ name: 'files', version: '1.0.0' }, { capabilities, taskStore });
      const read = (name: string) => (uri: URL, variables: Record<string, string | string[]>) => {
        ran.push(`${name} ${JSON.stringify(variables)}`);
        return { contents: [{ uri: uri.href, text: name }] };
      };
      server.registerResource('admin', new TemplateV1('files://admin/{name}', { list: undefined }), {}, read('admin'));
      server.registerResource('file', new TemplateV1('files://{+path}', { list: undefined }), {}, read('file'));
      server.registerTool('look', {}, () => ({ content: [], _meta: void ran.push('look') }));
      server.experimental.tasks.registerToolTask(
        'payroll',
        {},
        {
          createTask: async ({ taskStore: tasks }) => {
            const task = await tasks.createTask({ ttl: null });
            await tasks.storeTaskResult(task.taskId, 'completed', { content: [{ type: 'text', text: 'the payroll' }] });
            return { task };
          },
          getTask: async ({ taskId, taskStore: tasks }) => await tasks.getTask(taskId),
          getTaskResult: async ({ taskId, taskStore: tasks }) => (await tasks.getTaskResult(taskId)) as never,
        },
      );
      return server;
    };

    @Controller('mcp')
    @ProtectedMcp(rules)
    class Endpoint {
      @All()
      async handle(@Req() request: NodeRequest, @Res() response: NodeResponse) {
        response.hijack?.();
        const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
        await createServer().connect(transport);
        await transport.handleRequest(request.raw ?? request, response.raw ?? response, request.body);
      }
    }
    return { controllers: [Endpoint], change: () => undefined };
  },

  'SDK 2.x': (rules, ran) => {
    const handler = createMcpHandler(() => {
      const server = new McpServer(
        { name: 'files', version: '1.0.0' },
        { capabilities: { resources: { subscribe: true } } },
      );
      const read = (name: string) => (uri: URL, variables: Record<string, string | string[]>) => {
        ran.push(`${name} ${JSON.stringify(variables)}`);
        return { contents: [{ uri: uri.href, text: name }] };
      };
      server.registerResource(
        'admin',
        new ResourceTemplate('files://admin/{name}', { list: undefined }),
        {},
        read('admin'),
      );
      server.registerResource('file', new ResourceTemplate('files://{+path}', { list: undefined }), {}, read('file'));
      server.registerTool('look', {}, () => {
        ran.push('look');
        return { content: [] };
      });
      return server;
    });
    const handle = toNodeHandler(handler);

    @Controller('mcp')
    @ProtectedMcp(rules)
    class Endpoint {
      @All()
      async handle(@Req() request: NodeRequest, @Res() response: NodeResponse) {
        response.hijack?.();
        await handle((request.raw ?? request) as NodeIncomingMessageLike, response.raw ?? response, request.body);
      }
    }
    return {
      controllers: [Endpoint],
      change: (uri) => {
        handler.notify.resourceUpdated(uri);
      },
    };
  },

  'mcp-nest': (rules, ran) => {
    @McpController()
    class Files {
      @NestTemplate({ name: 'admin', uriTemplate: 'files://admin/{name}' })
      admin(@Payload() { name, uri }: { name: string; uri: string }) {
        ran.push(`admin ${JSON.stringify({ name })}`);
        return { contents: [{ uri, text: 'admin' }] };
      }
      @NestTemplate({ name: 'file', uriTemplate: 'files://{path*}' })
      file(@Payload() { path, uri }: { path: string; uri: string }) {
        ran.push(`file ${JSON.stringify({ path })}`);
        return { contents: [{ uri, text: 'file' }] };
      }
      @Tool({ name: 'look', description: 'x' })
      look() {
        ran.push('look');
        return 'seen';
      }
    }
    const transport = new StreamableHttpTransport();
    const strategy = new McpStrategy({ name: 'files', version: '1.0.0', transports: [transport] });

    @Controller('mcp')
    @ProtectedMcp(rules)
    class Endpoint extends McpHttpControllerFor(transport) {}

    return { controllers: [Endpoint, Files], strategy, change: () => undefined };
  },
};
