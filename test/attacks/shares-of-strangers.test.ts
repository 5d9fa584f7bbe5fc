import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { Injectable, type INestApplication } from '@nestjs/common';
import { Anonymous, McpTool } from 'nestjs-mcp-auth';
import { CallerLimits } from '../../lib/limits/caller-limits.js';
import { post, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

const waiting = new Set<() => void>();
let onWait: () => void = () => undefined;

@Anonymous()
@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  async wait() {
    await new Promise<void>((resolve) => {
      waiting.add(resolve);
      onWait();
    });
    return 'done';
  }
  @McpTool({ description: 'x' })
  ping() {
    return 'pong';
  }
}

let server: ProtectedServer;
const running: Promise<Response>[] = [];

beforeAll(async () => {
  server = await startProtectedServer({
    providers: [Tools],
    // An address has four times as much as a caller, and all without a token have a quarter of 40.
    options: { limits: { perCaller: { callsInFlight: 1 }, inAll: { callsInFlight: 40 } } },
    configure: (app: INestApplication) => {
      const express: { set: (name: string, value: unknown) => void } = app.getHttpAdapter().getInstance();
      express.set('trust proxy', true);
    },
  });
});
afterEach(async () => {
  for (const end of waiting) end();
  waiting.clear();
  await Promise.all(running.splice(0));
  const calls = server.app.get(CallerLimits, { strict: false }).of('callsInFlight');
  while (calls.count > 0) await new Promise((resolve) => setImmediate(resolve));
});
afterAll(async () => {
  await server.close();
});

const send = async (tool: string, address: string) =>
  await post(server.resource, toolCall(tool), { headers: { 'x-forwarded-for': address } });

async function begin(address: string): Promise<void> {
  const hasBegun = new Promise<void>((resolve) => (onWait = resolve));
  running.push(send('wait', address));
  await hasBegun;
}

test('a stranger who keeps calls running leaves the tools to strangers from elsewhere', async () => {
  for (let count = 0; count < 4; count += 1) await begin('192.0.2.1');
  const refused = await send('ping', '192.0.2.1');
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '2']);
  expect((await send('ping', '192.0.2.2')).status).toBe(200);
});

test('the addresses of one network of IPv6 are one', async () => {
  for (const host of ['1', '2', '3', 'ffff']) await begin(`2001:db8::${host}`);
  expect((await send('ping', '2001:db8::4')).status).toBe(429);
  expect((await send('ping', '2001:db8:0:1::4')).status).toBe(200);
});
