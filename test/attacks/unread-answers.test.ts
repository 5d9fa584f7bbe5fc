import { connect, type Socket } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpTool, type McpContext } from 'nestjs-mcp-auth';
import { headersFor, post, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

const MESSAGE = 'x'.repeat(64 * 1024);
const MANY = 5_000;

let hasEnded: () => void = () => undefined;
let server: ProtectedServer;
let socket: Socket | undefined;

@Injectable()
class Tools {
  /** Tells of what happens, until it is cancelled. */
  @McpTool({ description: 'x' })
  async watch(_input: unknown, context: McpContext) {
    for (let count = 1; !context.signal.aborted; count += 1) {
      await context.progress(count, undefined, MESSAGE);
      await new Promise((resolve) => setImmediate(resolve));
    }
    hasEnded();
    return 'over';
  }
  @McpTool({ description: 'x' })
  async count(_input: unknown, context: McpContext) {
    for (let count = 1; count <= MANY; count += 1) await context.progress(count, MANY);
    return 'counted';
  }
}

function withProgress(tool: string): Record<string, unknown> {
  const body = toolCall(tool) as { params: { _meta: Record<string, unknown> } };
  body.params._meta.progressToken = 1;
  return body as unknown as Record<string, unknown>;
}

afterEach(async () => {
  socket?.destroy();
  await server.close();
});

test.each(['express', 'fastify'] as const)('on %s, a call ends whose client reads nothing of it', async (platform) => {
  server = await startProtectedServer({ platform, providers: [Tools] });
  const isOver = new Promise<void>((resolve) => (hasEnded = resolve));
  const body = JSON.stringify(withProgress('watch'));
  const headers = { ...headersFor(withProgress('watch'), await server.token()), host: new URL(server.origin).host };
  socket = connect(Number(new URL(server.origin).port), '127.0.0.1');
  socket.pause();
  socket.write(
    [
      'POST /mcp HTTP/1.1',
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      `content-length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n'),
  );
  await isOver;
});

test('thousands of notifications reach a client that reads them', async () => {
  server = await startProtectedServer({ providers: [Tools] });
  const response = await post(server.resource, withProgress('count'), { token: await server.token() });
  const text = await response.text();
  expect(text.match(/notifications\/progress/g)).toHaveLength(MANY);
  expect(text).toContain('"text":"counted"');
});
