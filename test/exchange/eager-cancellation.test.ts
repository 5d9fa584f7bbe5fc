import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { Injectable, Module, type MiddlewareConsumer, type NestModule } from '@nestjs/common';
import { DownstreamClient, McpTool } from 'nestjs-mcp-auth';
import { startDownstreamServer, type DownstreamServer } from '../downstream/downstream-server.js';
import { callTool, post, toolCall } from '../support/mcp-request.js';
import { sendJson } from '../support/test-issuer.js';

let runs = 0;
/** Answers of the server that have begun or not. */
const responses: ServerResponse[] = [];

@Injectable()
class Tools {
  constructor(private readonly downstream: DownstreamClient) {}

  @McpTool({ description: 'x', downstream: 'orders' })
  order() {
    runs += 1;
    return this.downstream.json('/orders');
  }
}

@Module({})
class Watch implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    const watch = (_request: unknown, response: ServerResponse, next: () => void) => {
      responses.push(response);
      next();
    };
    consumer.apply(watch).forRoutes('*path');
  }
}

let server: DownstreamServer;

beforeAll(async () => {
  server = await startDownstreamServer({
    providers: [Tools],
    imports: [Watch],
    // A call that is taken for one that still runs would let the next one wait, and the end of the server.
    options: { calls: { shutdownGraceMs: 600_000 }, limits: { perCaller: { callsInFlight: 1 } } },
  });
});
afterEach(() => {
  server.issuer.answers.clear();
  runs = 0;
});
afterAll(() => server.close());

/** A token endpoint that is asked, and answers when it is told to. */
async function holdToken(): Promise<() => Promise<void>> {
  return await new Promise((resolve) => {
    server.issuer.answers.set('/token', (_request, response) => {
      resolve(async () => {
        sendJson(response, 200, {
          access_token: await server.issuer.token({ aud: 'orders-api' }),
          token_type: 'Bearer',
          expires_in: 300,
          issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        });
      });
    });
  });
}

const LEGACY = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'order', arguments: {} } };

test.each<[string, unknown, Record<string, string>]>([
  ['2026-07-28', toolCall('order'), {}],
  ['2025-11-25', LEGACY, { 'mcp-protocol-version': '2025-11-25' }],
])('a tool does not run for a client that goes away while its token is got (%s)', async (_era, body, headers) => {
  const token = await server.token();
  const client = new AbortController();
  const asked = holdToken();
  const answer = post(server.resource, body, { token, headers, signal: client.signal });
  const give = await asked;
  const response = responses.at(-1);
  if (!response) throw new Error('There is no request');
  const closed = once(response, 'close');
  client.abort();
  await expect(answer).rejects.toThrow();
  await closed;
  await give();
  // What was got is not lost: the next call finds it, and is the first to run.
  server.issuer.answers.set('/token', (_request, refused) => {
    sendJson(refused, 400, { error: 'invalid_grant' });
  });
  expect((await callTool(server.resource, token, 'order')).isError).toBeUndefined();
  expect(runs).toBe(1);
});
