import type { IncomingMessage, ServerResponse } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer, Server } from '@modelcontextprotocol/server';
import { echo, echoInput, listToolNames, type EchoArguments } from './echo.js';
import { answer, type Message } from './json-echo.js';
import { listen, type ServerUnderLoad } from './listen.js';

/** Bare `node:http`: reads JSON, writes JSON. */
export async function startHttp(): Promise<ServerUnderLoad> {
  const origin = await listen((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      const text = JSON.stringify(answer(JSON.parse(body) as Message));
      response.writeHead(200, { 'content-type': 'application/json' }).end(text);
    });
  });
  return { url: `${origin}/mcp` };
}

/** Bare `node:http` that reads JSON, and answers with so many bytes that are there already. */
export async function startBytes(bytes: number): Promise<ServerUnderLoad> {
  const before = '{"jsonrpc":"2.0","id":1,"result":"';
  const text = `${before}${'x'.repeat(Math.max(bytes - before.length - 2, 0))}"}`;
  const origin = await listen((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      JSON.parse(body);
      response.writeHead(200, { 'content-type': 'application/json' }).end(text);
    });
  });
  return { url: `${origin}/mcp` };
}

/** The SDK's low-level server on `node:http`. Nobody is asked for a token. */
export async function startSdk(): Promise<ServerUnderLoad> {
  return await serve(() => {
    const server = new Server({ name: 'echo', version: '1.0.0' }, { capabilities: { tools: {} } });
    server.setRequestHandler('tools/call', ({ params }) => ({
      content: [{ type: 'text', text: echo(params.arguments as EchoArguments) }],
    }));
    return server;
  });
}

/** The SDK's `McpServer` on `node:http`, with so many tools. Nobody is asked for a token. */
export async function startMcpServer(tools: number): Promise<ServerUnderLoad> {
  const names = listToolNames(tools);
  return await serve(() => {
    const server = new McpServer({ name: 'echo', version: '1.0.0' });
    for (const name of names)
      server.registerTool(name, { description: 'Echo a text', inputSchema: echoInput }, (args) => ({
        content: [{ type: 'text', text: echo(args) }],
      }));
    return server;
  });
}

async function serve(create: () => Server | McpServer): Promise<ServerUnderLoad> {
  const handle = toNodeHandler(createMcpHandler(create)) as (
    request: IncomingMessage,
    response: ServerResponse,
  ) => Promise<void>;
  const origin = await listen((request, response) => void handle(request, response));
  return { url: `${origin}/mcp` };
}
