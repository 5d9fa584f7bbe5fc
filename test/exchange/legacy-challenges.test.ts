import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { startDownstreamServer, type DownstreamServer } from '../downstream/downstream-server.js';
import { post } from '../support/mcp-request.js';
import { OrderTools } from '../support/order-tools.js';
import { sendJson } from '../support/test-issuer.js';
import { refuseAtApi } from './eager-and-lazy.js';

let server: DownstreamServer;
/** Keep the connections of streams open. */
const ticks: (() => void)[] = [];

beforeAll(async () => {
  server = await startDownstreamServer({ providers: [OrderTools], orders: { scopeMap: { admin: ['orders:admin'] } } });
});
afterEach(() => {
  jest.restoreAllMocks();
  server.orders.answers.clear();
  ticks.length = 0;
});
afterAll(() => server.close());

const HEADERS = { 'mcp-protocol-version': '2025-11-25' };
const CALL = { jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name: 'order', arguments: {} } };

const TOO_LITTLE = 'Bearer error="insufficient_scope", scope="admin"';

async function call(): Promise<Response> {
  return await post(server.resource, CALL, { token: await server.token(), headers: HEADERS });
}

describe('a client of 2025-11-25, whose answers become streams with their first message', () => {
  test.each([
    [401, 'Bearer error="insufficient_user_authentication", acr_values="gold"', /acr_values="gold"/],
    [403, TOO_LITTLE, /error="insufficient_scope".*scope="orders:admin"/],
  ])('is challenged over HTTP for what the API says while the tool runs: %i', async (status, asked, told) => {
    refuseAtApi(server, status, asked);
    const response = await call();
    expect(response.status).toBe(status);
    expect(response.headers.get('www-authenticate')).toMatch(told);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    const [, error] = /error="(\w+)"/.exec(asked) ?? [];
    expect(await response.json()).toMatchObject({ error });
  });

  test('gets its result as JSON, if nothing was said before', async () => {
    const response = await call();
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json']);
    expect(await response.json()).toMatchObject({ id: 7, result: { structuredContent: { subject: 'alice' } } });
  });

  test('gets in the result what the challenge would have said, where the stream has begun', async () => {
    const usual = globalThis.setInterval;
    jest.spyOn(globalThis, 'setInterval').mockImplementation((run: () => void, delay?: number, ...rest: []) => {
      if (delay === 5_000) ticks.push(run, run, run);
      return usual(run, delay, ...rest);
    });
    let answer: () => void = () => undefined;
    const reached = new Promise<void>((resolve) => {
      server.orders.answers.set('/v1/orders', (_request, response) => {
        answer = () => {
          sendJson(response.setHeader('www-authenticate', TOO_LITTLE), 403, {});
        };
        resolve();
      });
    });
    const responding = call();
    await reached;
    for (const tick of ticks) tick();
    const response = await responding;
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([200, null]);
    answer();
    const text = await response.text();
    expect(text).toMatch(/^: keepalive\n\n/);
    const [, data = ''] = /^data: (.*)$/m.exec(text) ?? [];
    expect(JSON.parse(data)).toMatchObject({
      result: {
        isError: true,
        content: [{ text: expect.stringContaining('Your sign-in does not cover what this needs of the orders API.') }],
        _meta: {
          'io.modelcontextprotocol/authorization': {
            reason: 'insufficient_authorization',
            remediation: 'available',
            remediationHints: [
              {
                type: 'authorization_remediation',
                www_authenticate: expect.stringMatching(/^Bearer error="insufficient_scope".*scope="orders:admin"/),
              },
            ],
          },
        },
      },
    });
  });

  test('that is the official one calls as before', async () => {
    const requestInit = { headers: { authorization: `Bearer ${await server.token()}` } };
    const client = new ClientV1({ name: 'v1', version: '1.0.0' });
    await client.connect(new TransportV1(new URL(server.resource), { requestInit }));
    const { structuredContent } = await client.callTool({ name: 'order', arguments: {} });
    expect(structuredContent).toMatchObject({ subject: 'alice' });
    refuseAtApi(server, 403, TOO_LITTLE);
    await expect(client.callTool({ name: 'order', arguments: {} })).rejects.toThrow(/insufficient_scope|403/);
    await client.close();
  });
});
