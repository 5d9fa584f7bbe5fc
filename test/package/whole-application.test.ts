import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { Client, discoverOAuthServerInfo, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { TestDownstream, TestIssuer } from 'nestjs-mcp-auth/testing';
import { headersFor, toolCall, type ToolResult } from '../support/mcp-request.js';
import { areExpected } from '../support/proxy-process.js';
import { RESOURCE, WholeApplication, type RunningApplication } from './whole-application.js';

jest.setTimeout(600_000);

const withNginx = areExpected('nginx') ? describe : describe.skip;

withNginx('the application of the documents', () => {
  let application: WholeApplication;
  let running: RunningApplication;
  let issuer: TestIssuer;
  let orders: TestDownstream;

  beforeAll(async () => {
    issuer = await TestIssuer.start({ path: '/realms/acme' });
    orders = await TestDownstream.start({ issuer, audience: 'orders-api', scopes: ['orders.view'] });
    orders.respond('GET /orders/7', ({ claims }) => ({ owner: claims?.sub }));
    application = await WholeApplication.create();
    running = await application.start({
      KEYCLOAK: issuer.origin,
      REALM: 'acme',
      CLIENT_SECRET: 'a secret of the client',
      ORDERS_URL: orders.origin,
      TIMEOUT_MS: '300',
    });
  });
  afterAll(async () => {
    await running.close();
    await Promise.all([application.remove(), orders.close(), issuer.close()]);
  });

  const token = async (scope = 'orders:read') => await issuer.token({ aud: RESOURCE, scope, sub: 'bob' });
  const origin = new URL(RESOURCE).origin;

  test('passes its own tests', async () => {
    expect(await application.test()).toMatch(/Tests: +4 passed/);
  });

  test('leads clients from the gateway to Keycloak', async () => {
    const { fetch } = running;
    const challenged = await fetch(RESOURCE, {
      method: 'POST',
      body: JSON.stringify(toolCall('find_order', { id: '7' })),
      headers: headersFor(toolCall('find_order')),
    });
    expect(challenged.status).toBe(401);
    expect(challenged.headers.get('www-authenticate')).toContain(
      `resource_metadata="${origin}/.well-known/oauth-protected-resource/orders/mcp"`,
    );
    const found = await discoverOAuthServerInfo(RESOURCE, { fetchFn: fetch });
    expect(found.resourceMetadata).toMatchObject({ resource: RESOURCE, authorization_servers: [issuer.issuer] });
    expect(found.authorizationServerMetadata).toMatchObject({ issuer: issuer.issuer });
  });

  test.each(['1.x', '2.x, 2025-11-25', '2.x, 2026-07-28'])('serves a client of SDK %s', async (version) => {
    const { client, close } = await connect(version, await token());
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['find_order', 'cancel_order', 'count_orders']),
    );
    const found = (await client.callTool({ name: 'find_order', arguments: { id: '7' } })) as ToolResult;
    expect(found.structuredContent).toMatchObject({ id: '7', owner: 'bob', orderedAt: expect.stringMatching(/T.*Z$/) });
    expect(orders.requests.at(-1)?.claims).toMatchObject({ sub: 'bob', aud: 'orders-api' });
    const slow = (await client.callTool({ name: 'count_orders', arguments: {} })) as ToolResult;
    expect(slow).toMatchObject({ isError: true, content: [{ text: 'Request Timeout' }] });
    await expect(client.callTool({ name: 'cancel_order', arguments: { id: '7' } })).rejects.toThrow();
    await close();
  });

  test('leaves routes of the application to its guard, wrapper, validation and filter', async () => {
    const at = (path: string) => `${origin}/orders/api${path}`;
    const send = async (path: string, init: RequestInit = {}) => {
      const response = await running.fetch(at(path), init);
      return [response.status, await response.json()];
    };
    expect(await send('/orders/status')).toEqual([200, { data: 'open' }]);
    expect(await send('/orders', { method: 'POST' })).toEqual([401, { statusCode: 401, path: '/api/orders' }]);
  });

  test('shows none of our routes in the documents of swagger', async () => {
    const response = await running.fetch(`${origin}/orders/docs-json`);
    expect(Object.keys(((await response.json()) as { paths: object }).paths)).toEqual([
      '/api/orders/status',
      '/api/orders',
    ]);
  });

  test('writes no credentials into its log', async () => {
    const secret = await token();
    const body = JSON.stringify(toolCall('find_order', { id: '7' }));
    const headers = {
      ...headersFor(toolCall('find_order')),
      authorization: `Bearer ${secret}`,
      cookie: `sid=${secret}`,
    };
    expect((await running.fetch(RESOURCE, { method: 'POST', body, headers })).status).toBe(200);
    await running.fetch(`${RESOURCE}?access_token=${secret}`, { method: 'POST', body, headers });
    expect(running.log).toContain('"method":"POST","url":"/mcp"');
    expect(running.log).not.toContain(secret);
    expect(running.log).not.toMatch(/ERR_HTTP_HEADERS_SENT|"level":50/);
  });

  async function connect(version: string, bearer: string) {
    const requestInit = { headers: { authorization: `Bearer ${bearer}` } };
    const options = { requestInit, fetch: running.fetch };
    if (version === '1.x') {
      const client = new ClientV1({ name: 'v1', version: '1.0.0' });
      await client.connect(new TransportV1(new URL(RESOURCE), options));
      return { client, close: () => client.close() };
    }
    const [, revision = ''] = version.split(', ');
    const mode = revision === '2025-11-25' ? 'legacy' : { pin: revision };
    const client = new Client({ name: 'v2', version: '1.0.0' }, { versionNegotiation: { mode } });
    await client.connect(new StreamableHTTPClientTransport(new URL(RESOURCE), options));
    return { client, close: () => client.close() };
  }
});
