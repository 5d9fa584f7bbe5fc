import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, jest, test } from '@jest/globals';
import type { Histogram } from '@opentelemetry/sdk-metrics';
import { send } from '../proof/send.js';
import { callTool, message, post, toolCall } from '../support/mcp-request.js';
import { sendJson } from '../support/test-issuer.js';
import { startAuditedServer, type AuditedServer } from './audited-server.js';
import { Telemetry } from './telemetry.js';

const DURATION = 'mcp.server.operation.duration';
const REJECTED = 'nestjs_mcp_auth.tokens.rejected';
const DENIED = 'nestjs_mcp_auth.operations.denied';
const EXCHANGES = 'nestjs_mcp_auth.token_exchanges';

let telemetry: Telemetry;
let server: AuditedServer;

beforeAll(async () => {
  server = await startAuditedServer();
});
afterAll(() => server.close());
beforeEach(() => {
  telemetry = new Telemetry();
  telemetry.register();
});
afterEach(() => telemetry.unregister());

/** How many durations were recorded, for each set of attributes. */
async function durations() {
  return (await telemetry.counted<Histogram>(DURATION)).map(([attributes, { count }]) => [attributes, count]);
}

const call = { 'mcp.method.name': 'tools/call' };

test('the instruments are what operators are told they are', async () => {
  const token = await server.token();
  await callTool(server.resource, token, 'sync');
  await callTool(server.resource, token, 'forbidden');
  await post(server.resource, toolCall('find'), { token: 'opaque' });
  await telemetry.requests(3);
  expect((await telemetry.instrument(DURATION))?.descriptor).toMatchObject({ unit: 's', type: 'HISTOGRAM' });
  for (const name of [REJECTED, DENIED, EXCHANGES])
    expect((await telemetry.instrument(name))?.descriptor).toMatchObject({ type: 'COUNTER' });
});

describe('durations', () => {
  test('are counted once for each request, by method, tool and error', async () => {
    const token = await server.token('orders:read');
    await callTool(server.resource, token, 'find');
    await callTool(server.resource, token, 'find');
    await callTool(server.resource, token, 'fail');
    await post(server.resource, message('tools/list'), { token });
    await post(server.resource, message('tools/list'));
    await fetch(server.resource);
    await telemetry.requests(6);
    expect(await durations()).toEqual([
      [{ ...call, 'gen_ai.tool.name': 'find' }, 2],
      [{ ...call, 'gen_ai.tool.name': 'fail', 'error.type': 'tool_error' }, 1],
      [{ 'mcp.method.name': 'tools/list' }, 1],
      [{ 'mcp.method.name': 'tools/list', 'error.type': 'unauthorized' }, 1],
      [{ 'mcp.method.name': '_OTHER', 'error.type': 'unauthorized' }, 1],
    ]);
  });

  test('are in the buckets of the OpenTelemetry conventions for MCP', async () => {
    const start = Math.ceil(performance.now());
    const clock = jest.spyOn(performance, 'now').mockReturnValue(start);
    server.api.answers.set('/orders', (_request, response) => {
      clock.mockReturnValue(start + 2_500);
      sendJson(response, 200, {});
    });
    await callTool(server.resource, await server.token(), 'orders');
    server.api.answers.clear();
    clock.mockRestore();
    await telemetry.request();
    const [[, { sum, buckets }] = [{}, {} as Histogram]] = await telemetry.counted<Histogram>(DURATION);
    expect(buckets.boundaries).toEqual([0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300]);
    expect(sum).toBe(2.5);
  });

  test('make no series for what strangers make up', async () => {
    const token = await server.token();
    for (const name of ['a', 'b', '__proto__']) {
      await post(server.resource, toolCall(name), { token });
      await post(server.resource, toolCall(name), { token: name });
      await post(server.resource, message(`evil/${name}`), { token });
      await send(server.resource, { body: toolCall('find'), headers: { host: `${name}.example.com` } });
    }
    await telemetry.requests(12);
    const counts = new Map((await durations()).map(([attributes, count]) => [JSON.stringify(attributes), count]));
    expect(counts).toEqual(
      new Map([
        [JSON.stringify(call), 3],
        [JSON.stringify({ ...call, 'error.type': 'invalid_token' }), 3],
        [JSON.stringify({ 'mcp.method.name': '_OTHER' }), 3],
        // Nobody has looked what such a request names.
        [JSON.stringify({ ...call, 'error.type': 'host' }), 3],
      ]),
    );
    expect(await telemetry.counted(REJECTED)).toEqual([[{ 'http.response.status_code': 401 }, 3]]);
  });
});

test('rejected tokens are counted by status, and requests without one are not', async () => {
  const lonely = await startAuditedServer();
  lonely.issuer.answers.set('/jwks', (_request, response) => {
    sendJson(response, 500, {});
  });
  await post(lonely.resource, toolCall('find'), { token: await lonely.token() });
  await post(lonely.resource, toolCall('find'));
  await post(server.resource, toolCall('find'), { token: await server.token('', { exp: 1 }) });
  await post(server.resource, toolCall('find'), { token: await server.token('', { aud: 'other' }) });
  await post(`${server.resource}?access_token=x`, toolCall('find'));
  await callTool(server.resource, await server.token('orders:read'), 'find');
  await telemetry.requests(6);
  await lonely.close();
  expect(await telemetry.counted(REJECTED)).toEqual([
    [{ 'http.response.status_code': 503 }, 1],
    [{ 'http.response.status_code': 401 }, 2],
    [{ 'http.response.status_code': 400 }, 1],
  ]);
});

test('denied operations are counted by reason, and allowed ones are not', async () => {
  const ask = async (tool: string, claims: Record<string, unknown> = {}) =>
    await post(server.resource, toolCall(tool), { token: await server.token('', claims) });
  await ask('find');
  await ask('find', { sub: 'bob' });
  await ask('pay');
  await ask('pay', { acr: 'mfa' });
  await ask('forbidden');
  await ask('mine', { sub: 'robot', client_id: 'robot' });
  await ask('mine', { client_id: 'other' });
  await telemetry.requests(7);
  expect(await telemetry.counted(DENIED)).toEqual([
    [{ reason: 'insufficient_scope' }, 2],
    [{ reason: 'insufficient_user_authentication' }, 1],
    [{ reason: 'policy' }, 1],
    [{ reason: 'app_only' }, 1],
    [{ reason: 'client_not_allowed' }, 1],
  ]);
});

test('token exchanges are counted by downstream and outcome, and what comes from the cache is not', async () => {
  const token = await server.token();
  await callTool(server.resource, token, 'sync');
  await callTool(server.resource, token, 'sync');
  for (const status of [400, 500]) {
    server.issuer.answers.set('/token', (_request, response) => {
      sendJson(response, status, { error: `made_up_${status}` });
    });
    await callTool(server.resource, await server.token(), 'orders');
  }
  server.issuer.answers.delete('/token');
  await telemetry.requests(4);
  // Either of the first two may be there before the other.
  expect(new Set(await telemetry.counted(EXCHANGES))).toEqual(
    new Set([
      [{ downstream: 'orders', outcome: 'exchanged' }, 1],
      [{ downstream: 'billing', outcome: 'exchanged' }, 1],
      [{ downstream: 'orders', outcome: 'exchange_misconfigured' }, 1],
      [{ downstream: 'orders', outcome: 'issuer_unavailable' }, 1],
    ]),
  );
});

test('the counters go on where a second SDK takes over from the first', async () => {
  await post(server.resource, toolCall('find'), { token: 'opaque' });
  await telemetry.request();
  await telemetry.unregister();
  telemetry = new Telemetry();
  telemetry.register();
  await post(server.resource, toolCall('find'), { token: 'opaque' });
  await telemetry.request();
  expect(await telemetry.counted(REJECTED)).toEqual([[{ 'http.response.status_code': 401 }, 1]]);
});
