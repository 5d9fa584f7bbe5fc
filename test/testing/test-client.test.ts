import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ChallengeError, TestClient, TestIssuer, ToolCallError } from 'nestjs-mcp-auth/testing';
import 'nestjs-mcp-auth/testing/jest';
import { listen } from '../support/listen.js';
import { OrderTools, startOrders, type OrdersApp } from './orders-app.js';

let server: OrdersApp;

beforeAll(async () => {
  server = await startOrders();
});

afterAll(() => server.close());

beforeEach(() => {
  server.issuer.exchangeRequests.length = 0;
  server.orders.requests.length = 0;
});

const { findOrder } = OrderTools.prototype;
const reader = { sub: 'bob', scopes: ['orders:read'] };

describe.each(['2026-07-28', '2025-11-25'] as const)('in the era %s', (era) => {
  let client: TestClient;

  beforeEach(() => {
    client = server.clientOf({ era });
  });

  test('a tool is called as any caller, by its method', async () => {
    const call = await client.as(reader).callTool(findOrder, { id: '7' });
    expect(call.value.owner).toBe('bob');
    expect(call.structuredContent).toEqual({ id: '7', owner: 'bob' });
    expect(server.issuer).toHaveExchangedFor({ audience: 'orders-api', scopes: ['orders:read'], subject: 'bob' });
    expect(server.orders).toHaveBeenCalledOnBehalfOf('bob', { method: 'GET', path: '/orders/7' });
    expect(server.orders).not.toHaveBeenCalledOnBehalfOf('alice');
  });

  test('a scope that is missing is a challenge', async () => {
    const call = client.as(reader).callTool([OrderTools, 'cancel'], { id: '7' });
    await expect(call).toChallengeFor('orders:write', 'orders:read');
    await expect(call).rejects.toBeInstanceOf(ChallengeError);
    await expect(call).rejects.toMatchObject({
      status: 403,
      scheme: 'Bearer',
      error: 'insufficient_scope',
      scopes: ['orders:read', 'orders:write'],
      resourceMetadata: 'https://mcp.acme.example/.well-known/oauth-protected-resource/mcp',
    });
  });

  test('a token that has expired is a challenge', async () => {
    const call = client.as({ ...reader, expiresInMs: -3_600_000 }).callTool(findOrder, { id: '7' });
    await expect(call).toRequireAuthentication();
    await expect(call).rejects.toMatchObject({ status: 401, error: 'invalid_token' });
  });

  test('whoever has no token gets what is open to everyone, and for the rest a challenge without an error', async () => {
    const anonymous = client.anonymously();
    expect((await anonymous.listTools()).tools.map(({ name }) => name)).toEqual(['opening_hours']);
    const { value } = await anonymous.callTool([OrderTools, 'openingHours']);
    expect(value).toEqual({ from: '1970-01-01T00:00:00.000Z', days: ['mo', 'tu'] });
    const call = anonymous.callTool(findOrder, { id: '7' });
    await expect(call).toRequireAuthentication();
    await expect(call).rejects.toMatchObject({ status: 401, error: undefined });
  });

  test('an error of the tool is a result, whose value cannot be read', async () => {
    const call = await client.as({ scopes: ['orders:read', 'orders:write'] }).callTool('orders.cancel', { id: 'sent' });
    expect(call).toBeToolError('sent already');
    expect(call).toBeToolError(/^It has been/);
    expect(() => call.value).toThrow(ToolCallError);
    expect(() => call.value).toThrow('orders.cancel answered with an error: It has been sent already');
  });

  test('an exchange that fails is what the provider said, and passes when it is mended', async () => {
    const caller = client.as({ ...reader, sub: `carol ${era}` });
    server.issuer.failExchange({ error: 'invalid_grant' });
    await expect(caller.callTool(findOrder, { id: '7' })).toRequireAuthentication();
    server.issuer.failExchange({ error: 'invalid_target', status: 400, description: 'no such API' });
    await expect(client.as(reader).callTool(findOrder, { id: '7' })).toBeToolError('not set up');
    expect(server.issuer.exchangeRequests.map(({ error }) => error)).toEqual(['invalid_grant', 'invalid_target']);
    expect(server.orders.requests).toEqual([]);
    expect(server.issuer).not.toHaveExchangedFor({});
    server.issuer.restoreExchange();
    await expect(client.as(reader).callTool(findOrder, { id: '7' })).resolves.toMatchObject({
      value: { owner: 'bob' },
    });
  });
});

test('the value of a text is the text, and of nothing is undefined', async () => {
  const caller = server.client.as({ scopes: ['orders:read', 'orders:write'] });
  expect((await caller.callTool([OrderTools, 'cancel'], { id: '7' })).value).toBe('Cancelled 7');
  expect((await caller.callTool([OrderTools, 'nothing'])).value).toBeUndefined();
});

test('the value is not among what is compared and printed', async () => {
  const call = await server.client.as().callTool([OrderTools, 'nothing']);
  expect(Object.keys(call)).not.toContain('value');
});

test('a caller has one token for all calls, which is for the server', async () => {
  const caller = server.client.as({ sub: 'dora', scopes: ['orders:read'] });
  await caller.callTool(findOrder, { id: '7' });
  await caller.callTool(findOrder, { id: '7' });
  expect(server.issuer.exchangeRequests).toHaveLength(1);
  const [, claims = ''] = (await caller.token())?.split('.') ?? [];
  expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({
    sub: 'dora',
    aud: 'https://mcp.acme.example/mcp',
    scope: 'orders:read',
  });
});

test('a token that is made already is sent as it is', async () => {
  const stranger = await TestIssuer.start();
  const token = await stranger.token({ audience: 'https://mcp.acme.example/mcp', scopes: ['orders:read'] });
  await expect(server.client.withToken(token).callTool(findOrder, { id: '7' })).toRequireAuthentication();
  await stranger.close();
});

test('a method that is no tool is told apart before anything is sent', async () => {
  await expect(server.client.as().callTool([OrderTools, 'notATool'], { id: '7' })).rejects.toThrow(
    'OrderTools.notATool is not a tool: it has no @McpTool.',
  );
  await expect(server.client.as().callTool(OrderTools.prototype.notATool, { id: '7' })).rejects.toThrow(TypeError);
});

test('the official client is there for everything else', async () => {
  const client = await server.client.as().connect();
  expect(client.getServerVersion()).toMatchObject({ name: 'orders' });
  await client.close();
});

test('what a server says with the token in it gets into no error', async () => {
  const echo = await listen((request, response) => {
    const token = request.headers.authorization?.replace('Bearer ', '') ?? '';
    const challenge = `Basic realm="a, b", Bearer error="invalid_token", error_description="not \\"${token}\\"", max_age=60`;
    response.writeHead(401, { 'www-authenticate': challenge }).end(token);
  });
  const caller = TestClient.for(echo.origin, server.issuer).as();
  const error: unknown = await caller.listTools().catch((caught: unknown) => caught);
  expect(error).toMatchObject({
    message: 'The server refused the request: 401 Bearer invalid_token (not "(token)")',
    maxAgeMs: 60_000,
    challenges: [
      { scheme: 'Basic', parameters: { realm: 'a, b' } },
      { scheme: 'Bearer', parameters: { error: 'invalid_token' } },
    ],
  });
  const token = await caller.token();
  const all = JSON.stringify(error) + String((error as Error).stack) + String((error as Error).cause);
  expect(all).not.toContain(token);
  await echo.close();
});
