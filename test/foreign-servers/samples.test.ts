import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { post, toolCall } from '../support/mcp-request.js';
import { SAMPLES, startSample, type SampleServer } from './sample-servers.js';

interface Connected {
  call(name: string, args?: Record<string, unknown>): Promise<unknown>;
  list(): Promise<string[]>;
  close(): Promise<void>;
}

const CLIENTS = {
  '1.x': async (url: string, token: string): Promise<Connected> => {
    const client = new ClientV1({ name: 'v1', version: '1.0.0' });
    await client.connect(new TransportV1(new URL(url), headersFor(token)));
    return {
      call: async (name, args = {}) => valueOf(await client.callTool({ name, arguments: args })),
      list: async () => (await client.listTools()).tools.map(({ name }) => name),
      close: () => client.close(),
    };
  },
  '2.x, 2025-11-25': (url: string, token: string) => connectV2('legacy', url, token),
  '2.x, 2026-07-28': (url: string, token: string) => connectV2({ pin: '2026-07-28' }, url, token),
};

const VERSIONS = Object.keys(CLIENTS) as (keyof typeof CLIENTS)[];

async function connectV2(mode: 'legacy' | { pin: string }, url: string, token: string): Promise<Connected> {
  const client = new Client({ name: 'v2', version: '1.0.0' }, { versionNegotiation: { mode } });
  await client.connect(new StreamableHTTPClientTransport(new URL(url), headersFor(token)));
  return {
    call: async (name, args = {}) => valueOf(await client.callTool({ name, arguments: args })),
    list: async () => (await client.listTools()).tools.map(({ name }) => name),
    close: () => client.close(),
  };
}

function headersFor(token: string) {
  return { requestInit: { headers: { authorization: `Bearer ${token}` } } };
}

/** What the tools of the samples answer as text. */
function valueOf(result: unknown): unknown {
  const { content, isError } = result as { content: { text: string }[]; isError?: boolean };
  const text = content.map((block) => block.text).join('');
  if (isError) throw new Error(text);
  return JSON.parse(text) as unknown;
}

const CASES = SAMPLES.flatMap((sample) => (['express', 'fastify'] as const).map((platform) => ({ sample, platform })));

describe.each(CASES)('$sample on $platform', ({ sample, platform }) => {
  let server: SampleServer;
  // Servers of the SDK 1.x know no later revision than 2025-11-25.
  const versions = VERSIONS.filter((version) => sample !== 'sdk-1-server' || version !== '2.x, 2026-07-28');

  beforeAll(async () => {
    server = await startSample(sample, platform);
  });
  afterEach(() => {
    server.api.requests.length = 0;
    server.issuer.exchanges.length = 0;
  });
  afterAll(() => server.close());

  test('says to whoever brings no token where to get one', async () => {
    const response = await post(server.resource, toolCall('find_order', { id: '7' }));
    expect(response.status).toBe(401);
    const metadata = `${server.origin}/.well-known/oauth-protected-resource/mcp`;
    expect(response.headers.get('www-authenticate')).toBe(
      `Bearer scope="orders:read", resource_metadata="${metadata}"`,
    );
    expect(await (await fetch(metadata)).json()).toMatchObject({
      resource: server.resource,
      authorization_servers: [server.issuer.issuer],
      scopes_supported: ['orders:read', 'orders:write'],
    });
    expect(server.api.requests).toEqual([]);
  });

  test.each([
    ['of another issuer', { iss: 'https://evil.example' }],
    ['for another audience', { aud: 'https://other.example/mcp' }],
    ['that has expired', { exp: 1_000_000_000 }],
  ])('takes no token %s', async (_what, claims) => {
    const token = await server.token('orders:read', claims);
    const response = await post(server.resource, toolCall('find_order', { id: '7' }), { token });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toContain('error="invalid_token"');
    expect(server.api.requests).toEqual([]);
  });

  test.each(versions)(
    'lets a client of %s connect, list and call, and calls the API as its user, with a token for the API',
    async (version) => {
      const token = await server.token('orders:read');
      const client = await CLIENTS[version](server.resource, token);
      expect(await client.list()).toEqual(expect.arrayContaining(['find_order', 'cancel_order', 'whoami']));
      expect(await client.call('find_order', { id: 'a/b' })).toEqual({
        path: '/orders/a%2Fb',
        subject: 'alice',
        audience: 'orders-api',
      });
      expect(server.api.last.headers.authorization).not.toContain(token);
      expect(server.issuer.exchanges).toEqual([expect.objectContaining({ subject_token: token })]);
      expect(await client.call('whoami')).toEqual({ client: 'test-client', scopes: ['orders:read'] });
      await client.close();
    },
  );

  test.each(versions)('asks a client of %s for the scopes of the tool, and of no other', async (version) => {
    const client = await CLIENTS[version](server.resource, await server.token('orders:read'));
    await expect(client.call('cancel_order', { id: '7' })).rejects.toThrow();
    await client.close();
    expect(server.api.requests).toEqual([]);
    expect(server.issuer.exchanges).toEqual([]);
  });

  test('says which scope the tool takes', async () => {
    const token = await server.token('orders:read');
    const response = await post(server.resource, toolCall('cancel_order', { id: '7' }), { token });
    expect(response.status).toBe(403);
    expect(response.headers.get('www-authenticate')).toBe(
      `Bearer error="insufficient_scope", error_description="The token lacks a scope that the operation needs", scope="orders:write", resource_metadata="${server.origin}/.well-known/oauth-protected-resource/mcp"`,
    );
  });

  test.each(['purge_orders', 'PURGE_ORDERS', 'toString', '__proto__', 'constructor', '*', ''])(
    'refuses the tool %p, which has no rule, and nothing of it runs',
    async (name) => {
      const token = await server.token('orders:read orders:write');
      const response = await post(server.resource, toolCall(name), { token });
      expect(response.status).toBe(403);
      expect(server.api.requests).toEqual([]);
      expect(server.issuer.exchanges).toEqual([]);
    },
  );

  test('refuses a token without a user where the rule says so', async () => {
    const token = await server.token('orders:write', { sub: 'test-client' });
    const response = await post(server.resource, toolCall('cancel_order', { id: '7' }), { token });
    expect(response.status).toBe(403);
    expect(server.api.requests).toEqual([]);
    expect(server.issuer.exchanges).toEqual([]);
  });

  test.each(versions)('does not mix up callers who call at the same time with clients of %s', async (version) => {
    const names = ['alice', 'bob'];
    const clients = await Promise.all(
      names.map(async (sub) => await CLIENTS[version](server.resource, await server.token('orders:read', { sub }))),
    );
    const calls = Array.from({ length: 20 }, (_value, index) => index);
    const answers = await Promise.all(
      calls.map(async (index) => await clients[index % 2]?.call('find_order', { id: `${names[index % 2]}-${index}` })),
    );
    expect(answers).toEqual(
      calls.map((index) => ({
        path: `/orders/${names[index % 2]}-${index}`,
        subject: names[index % 2],
        audience: 'orders-api',
      })),
    );
    for (const { path, claims } of server.api.requests) expect(path).toContain(`/${String(claims?.sub)}-`);
    expect(server.api.requests).toHaveLength(20);
    await Promise.all(clients.map((client) => client.close()));
  });

  test.each(['GET', 'DELETE'])('takes no %s without a token, and has nothing for it with one', async (method) => {
    const headers = { accept: 'text/event-stream', 'mcp-protocol-version': '2025-11-25' };
    expect((await fetch(server.resource, { method, headers })).status).toBe(401);
    const authorization = `Bearer ${await server.token('orders:read')}`;
    const abort = new AbortController();
    const response = await fetch(server.resource, {
      method,
      headers: { ...headers, authorization },
      signal: abort.signal,
    });
    // A server of the SDK 1.x opens a stream, on which nothing comes, and takes it that a session has ended.
    expect([200, 405]).toContain(response.status);
    abort.abort();
  });
});
