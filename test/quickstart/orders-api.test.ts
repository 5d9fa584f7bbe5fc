import type { Server } from 'node:http';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { JWTPayload } from 'jose';
import type { Order } from '../../sample/quickstart/orders-api/order.js';
import { startOrdersApi } from '../../sample/quickstart/orders-api/orders-api.js';
import type { RequestEvent } from '../../sample/quickstart/orders-api/request-events.js';
import { closeServer, listen, originOf } from '../../sample/quickstart/listen.js';
import { mcpResource, RunningAuthorizationServer } from './running-authorization-server.js';

let authorizationServer: RunningAuthorizationServer;
let server: Server;
let app: NestExpressApplication;
const events: RequestEvent[] = [];

beforeAll(async () => {
  authorizationServer = await RunningAuthorizationServer.start();
  server = await listen(0);
  const { issuer } = authorizationServer;
  const onRequest = (event: RequestEvent) => events.push(event);
  app = await startOrdersApi({ server, issuer, jwksUri: `${issuer}/jwks`, onRequest });
});
afterAll(async () => {
  await app.close();
  await closeServer(server);
  await authorizationServer.close();
});

async function request(path: string, claims: JWTPayload | null, init: RequestInit = {}): Promise<Response> {
  const token = claims && (await authorizationServer.accessTokenWith({ aud: originOf(server), ...claims }));
  const headers = { 'content-type': 'application/json', ...(token !== null && { authorization: `Bearer ${token}` }) };
  return fetch(new URL(path, originOf(server)), { ...init, headers });
}

async function orders(path: string, claims: JWTPayload): Promise<Order[]> {
  return (await (await request(path, claims)).json()) as Order[];
}

describe('access', () => {
  test('without a token is answered with a challenge alone', async () => {
    const response = await request('/orders', null);

    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="orders"');
  });

  test.each([
    ['for the MCP server', { aud: mcpResource }],
    ['of another issuer', { iss: 'https://other.example' }],
    ['that has expired', { exp: 1 }],
  ])('with a token %s is refused', async (_description, claims) => {
    const response = await request('/orders', claims);

    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer realm="orders", error="invalid_token"/);
  });

  test.each([
    ['GET', '/orders', 'orders:write', 'orders:read'],
    ['GET', '/orders/1001', 'orders:write', 'orders:read'],
    ['POST', '/orders', 'orders:read', 'orders:write'],
    ['DELETE', '/orders/1001', 'orders:read', 'orders:write'],
  ])('to %s %s with %s is refused, for it needs %s', async (method, path, scope, needed) => {
    const response = await request(path, { scope }, { method });

    expect(response.status).toBe(403);
    expect(response.headers.get('www-authenticate')).toBe(
      `Bearer realm="orders", error="insufficient_scope", scope="${needed}"`,
    );
  });
});

test('its OpenAPI document says what each route needs', async () => {
  const response = await request('/openapi.json', null);

  const { paths } = (await response.json()) as { paths: Record<string, Record<string, object>> };
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => [`${method} ${path}`, operation] as const),
  );
  expect(Object.fromEntries(operations)).toMatchObject({
    'get /orders': { operationId: 'listOrders', security: [{ oauth: ['orders:read'] }] },
    'get /orders/{id}': { operationId: 'findOrder', security: [{ oauth: ['orders:read'] }] },
    'post /orders': {
      operationId: 'createOrder',
      security: [{ oauth: ['orders:write'] }],
      requestBody: {
        content: { 'application/json': { schema: { type: 'object', required: ['item', 'quantity'] } } },
      },
    },
    'delete /orders/{id}': { operationId: 'cancelOrder', security: [{ oauth: ['orders:write'] }] },
  });
});

describe('orders', () => {
  test('are those of the user in sub', async () => {
    const ofAlice = await orders('/orders', { sub: 'alice' });
    const ofBob = await orders('/orders', { sub: 'bob' });

    expect(ofAlice.length).toBeGreaterThan(0);
    expect(ofBob.length).toBeGreaterThan(0);
    expect(new Set(ofAlice.map(({ owner }) => owner))).toEqual(new Set(['alice']));
    expect(new Set(ofBob.map(({ owner }) => owner))).toEqual(new Set(['bob']));
    expect(await orders('/orders', { sub: 'nightly-report' })).toEqual([]);
  });

  test('of another user are as unknown as those that do not exist', async () => {
    const foreign = await request('/orders/2001', { sub: 'alice' });
    const unknown = await request('/orders/9999', { sub: 'alice' });

    expect([foreign.status, unknown.status]).toEqual([404, 404]);
    expect(await foreign.text()).toBe((await unknown.text()).replaceAll('9999', '2001'));
    expect((await request('/orders/2001', { sub: 'alice' }, { method: 'DELETE' })).status).toBe(404);
    expect((await request('/orders/2001', { sub: 'bob' })).status).toBe(200);
  });

  test('can be created and cancelled', async () => {
    const init = { method: 'POST', body: JSON.stringify({ item: 'grinder', quantity: 2 }) };
    const response = await request('/orders', { sub: 'bob' }, init);
    const created = (await response.json()) as Order;

    expect(response.status).toBe(201);
    expect(created).toEqual({ id: created.id, item: 'grinder', quantity: 2, owner: 'bob', status: 'placed' });

    const cancelled = await request(`/orders/${created.id}`, { sub: 'bob' }, { method: 'DELETE' });

    expect(await cancelled.json()).toEqual({ ...created, status: 'cancelled' });
    expect(await (await request(`/orders/${created.id}`, { sub: 'bob' })).json()).toEqual({
      ...created,
      status: 'cancelled',
    });
  });

  test.each([
    ['no item', { quantity: 1 }],
    ['an empty item', { item: ' ', quantity: 1 }],
    ['no quantity', { item: 'grinder' }],
    ['a quantity of zero', { item: 'grinder', quantity: 0 }],
    ['half a quantity', { item: 'grinder', quantity: 0.5 }],
    ['an owner', { item: 'grinder', quantity: 1, owner: 'alice' }],
  ])('with %s are refused', async (_description, body) => {
    const response = await request('/orders', { sub: 'bob' }, { method: 'POST', body: JSON.stringify(body) });

    expect(response.status).toBe(400);
  });
});

test('events tell of each request and its token', async () => {
  const act = { sub: 'mcp-server' };
  await request('/orders/1001', { sub: 'alice', scope: 'orders:read', act });

  expect(events.at(-1)).toMatchObject({
    method: 'GET',
    path: '/orders/1001',
    status: 200,
    claims: { aud: originOf(server), sub: 'alice', scope: 'orders:read', act },
  });
});
