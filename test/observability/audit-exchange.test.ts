import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { callTool, post, textOf, toolCall } from '../support/mcp-request.js';
import { sendJson } from '../support/test-issuer.js';
import { CLIENT_SECRET, startAuditedServer, UUID, type AuditedServer } from './audited-server.js';

let server: AuditedServer;

beforeAll(async () => {
  server = await startAuditedServer();
});
afterAll(() => server.close());
beforeEach(() => {
  server.events.length = 0;
});

describe('token exchange', () => {
  test('each token fetched for a downstream is told, with its audience or resource; one from the cache is not', async () => {
    const token = await server.token('mail');
    await callTool(server.resource, token, 'sync');
    const common = {
      ...server.everyEvent(),
      caller: server.alice(),
      operation: { method: 'tools/call', name: 'sync' },
      scopesHeld: ['mail'],
      type: 'token_exchanged',
    };
    // Both are exchanged at once. Either may be the first.
    expect(new Set(server.events.slice(0, 2))).toEqual(
      new Set([
        { ...common, downstream: 'orders', audience: 'orders-api', targetResource: undefined, scopes: ['read'] },
        { ...common, downstream: 'billing', audience: undefined, targetResource: 'urn:billing', scopes: [] },
      ]),
    );
    server.events.length = 0;
    await callTool(server.resource, token, 'sync');
    expect(server.only().type).toBe('operation_allowed');
  });

  test.each<[string, number, Record<string, string>, string]>([
    ['refused', 400, { error: 'invalid_grant', error_description: 'AN ANSWER' }, 'caller_token_rejected'],
    ['not answered', 500, { error: 'AN ANSWER' }, 'issuer_unavailable'],
  ])(
    'one that is %s is told as failed, with its code and nothing that was answered',
    async (_n, status, body, code) => {
      server.issuer.answers.set('/token', (_request, response) => {
        sendJson(response, status, body);
      });
      await post(server.resource, toolCall('orders'), { token: await server.token() });
      server.issuer.answers.delete('/token');
      expect(server.events[0]).toMatchObject({
        type: 'token_exchange_failed',
        downstream: 'orders',
        audience: 'orders-api',
        scopes: ['read'],
        caller: server.alice(),
        code,
      });
      expect(JSON.stringify(server.events)).not.toContain('AN ANSWER');
    },
  );
});

describe('the correlation id', () => {
  test('is one for all events of a request, another for each request, and that of the context', async () => {
    const token = await server.token('orders:read');
    await callTool(server.resource, token, 'sync');
    expect(server.events.map(({ type }) => type)).toEqual(['token_exchanged', 'token_exchanged', 'operation_allowed']);
    expect(new Set(server.events.map(({ correlationId }) => correlationId)).size).toBe(1);
    const told = textOf(await callTool(server.resource, token, 'find'));
    expect(server.events[3]?.correlationId).toBe(told);
    expect(told).not.toBe(server.events[0]?.correlationId);
  });

  test.each(['fail', 'forbidden'])('is the reference that the answer of %s gives', async (tool) => {
    const text = textOf(await callTool(server.resource, await server.token('orders:read'), tool));
    expect(text).toMatch(new RegExp(`Reference for support: ${server.only().correlationId}$`));
  });

  test('is not for the client to choose', async () => {
    const chosen = '00000000-0000-4000-8000-000000000000';
    const names = ['correlationid', 'x-correlation-id', 'x-request-id', 'request-id', 'mcp-session-id'];
    const body = toolCall('find');
    const params = { ...(body.params as object), correlationId: chosen };
    const headers = Object.fromEntries(names.map((name) => [name, chosen]));
    const token = await server.token('orders:read');
    await post(server.resource, { ...body, id: chosen, params }, { token, headers });
    expect(server.only()).toMatchObject({ type: 'operation_allowed', correlationId: expect.stringMatching(UUID) });
    expect(JSON.stringify(server.only())).not.toContain(chosen);
  });
});

test('no event has a token, a secret or arguments', async () => {
  const token = await server.token('orders:read');
  await callTool(server.resource, token, 'sync', { query: 'AN ARGUMENT' });
  const rejected = await server.token('', { aud: 'other' });
  await post(server.resource, toolCall('find', { query: 'AN ARGUMENT' }), { token: rejected });
  expect(server.events.map(({ type }) => type)).toEqual(expect.arrayContaining(['token_exchanged', 'token_rejected']));
  const exchanged = server.api.requests.map(({ headers }) => headers.authorization?.replace('Bearer ', '') ?? '');
  expect(exchanged).toContainEqual(expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/));
  const told = JSON.stringify(server.events);
  for (const secret of [token, rejected, ...exchanged].flatMap((jwt) => jwt.split('.').slice(1)))
    expect(told).not.toContain(secret);
  expect(told).not.toContain('AN ARGUMENT');
  expect(told).not.toContain(CLIENT_SECRET);
});
