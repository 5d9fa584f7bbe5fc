import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { INestApplication } from '@nestjs/common';
import { McpRegistry } from 'nestjs-mcp-auth';
import { readProcessorTime } from './processor-time.js';
import type { Platform } from './servers/listen.js';
import { startProtected } from './servers/protected-server.js';

/** A server that clients listen to: one of this package, or Node's own, which knows nobody and checks nothing. */
export type ListenedTo = Platform | 'node:http';

/** Asks what is held; asks so when all connections are closed; or has something changed. */
export type Question = 'hold' | 'rest' | 'change';

/** What a process with listeners holds, in bytes, and what it has used, in microseconds of the processor. */
export interface Held {
  readonly heap: number;
  readonly rss: number;
  readonly cpu: number;
}

const [, , kind, issuer = ''] = process.argv as [string, string, ListenedTo, string?];

/** Milliseconds in which a process gives memory back, once nothing needs it. */
const REST = 2_000;

let app: INestApplication | undefined;
let server: Server | undefined;
/** Streams of Node's own server. */
const open = new Set<ServerResponse>();

process.send?.({ url: kind === 'node:http' ? await startBare() : (await startProtected(kind, 10, issuer, keep)).url });
process.on('message', (question) => void answer(question as Question));
process.on('disconnect', () => process.exit());

function keep(created: INestApplication): void {
  app = created;
  server = created.getHttpServer() as Server;
}

async function answer(question: Question): Promise<void> {
  if (question === 'rest') await rest();
  if (question !== 'change') for (let time = 0; time < 3; time += 1) globalThis.gc?.();
  else if (app) await app.get(McpRegistry).registerTool({ name: 'new', description: 'New' }, () => 1);
  else for (const response of open) writeEvent(response, 'notifications/tools/list_changed');
  const { heapUsed, rss } = process.memoryUsage();
  process.send?.({ heap: heapUsed, rss, cpu: readProcessorTime() } satisfies Held);
}

/** Waits until the connections are closed here, too, and what they held is given back. */
async function rest(): Promise<void> {
  while (server && (await promisify(server.getConnections.bind(server))()) > 0) await sleep(10);
  for (let slept = 0; slept < REST; slept += 100) {
    globalThis.gc?.();
    await sleep(100);
  }
}

async function startBare(): Promise<string> {
  const bare = createServer((request, response) => {
    request.resume().once('end', () => {
      open.add(response.writeHead(200, { 'content-type': 'text/event-stream' }));
      response.once('close', () => open.delete(response));
      writeEvent(response, 'notifications/subscriptions/acknowledged');
    });
  });
  server = bare;
  await new Promise<void>((resolve) => bare.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(bare.address() as AddressInfo).port}/mcp`;
}

function writeEvent(response: ServerResponse, method: string): void {
  response.write(`event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', method })}\n\n`);
}
