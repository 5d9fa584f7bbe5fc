import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpTool } from 'nestjs-mcp-auth';
import { send } from '../proof/send.js';
import { callTool, message, post, toolCall } from '../support/mcp-request.js';
import { sendJson } from '../support/test-issuer.js';
import { startAuditedServer, type AuditedServer } from './audited-server.js';

let server: AuditedServer;

beforeAll(async () => {
  server = await startAuditedServer();
});
afterAll(() => server.close());
beforeEach(() => {
  server.events.length = 0;
});

test('a tool that is about to run is told as allowed, with who calls it and with what', async () => {
  const before = Date.now();
  await callTool(server.resource, await server.token('orders:read mail'), 'find');
  expect(server.only()).toEqual({
    ...server.everyEvent(),
    type: 'operation_allowed',
    caller: server.alice(),
    operation: { method: 'tools/call', name: 'find' },
    scopesHeld: ['orders:read', 'mail'],
    scopes: ['orders:read'],
  });
  const time = Date.parse(server.only().time);
  expect(time).toBeGreaterThanOrEqual(before);
  expect(time).toBeLessThanOrEqual(Date.now());
});

test('a tool that fails was allowed all the same', async () => {
  expect((await callTool(server.resource, await server.token('orders:read'), 'fail')).isError).toBe(true);
  expect(server.only()).toMatchObject({ type: 'operation_allowed', operation: { name: 'fail' } });
});

test.each<[string, { tool: string; claims?: Record<string, unknown> }, Record<string, unknown>]>([
  ['a scope is missing', { tool: 'find' }, { reason: 'insufficient_scope', scopes: ['orders:read'] }],
  ['the sign-in is too weak', { tool: 'pay' }, { reason: 'insufficient_user_authentication' }],
  ['a policy objects', { tool: 'forbidden' }, { reason: 'policy', policy: 'Never' }],
  [
    'there is no user',
    { tool: 'mine', claims: { sub: 'robot', client_id: 'robot' } },
    { reason: 'app_only', caller: { subject: 'robot', clientId: 'robot', appOnly: true } },
  ],
  [
    'the client is not one of those accepted',
    { tool: 'pay', claims: { client_id: 'other' } },
    { reason: 'client_not_allowed', caller: { clientId: 'other' } },
  ],
])('where %s, the operation is told as denied, once, and why', async (_name, { tool, claims }, expected) => {
  await post(server.resource, toolCall(tool), { token: await server.token('mail', claims) });
  const { caller, ...denial } = expected;
  expect(server.only()).toEqual({
    ...server.everyEvent(),
    type: 'operation_denied',
    caller: { ...server.alice(), ...(caller as object | undefined) },
    operation: { method: 'tools/call', name: tool },
    scopesHeld: ['mail'],
    scopes: [],
    detail: expect.any(String),
    fix: expect.any(String),
    ...denial,
  });
});

test('a call of a tool that is hidden from the caller is told as denied, and answered as if there were none', async () => {
  const hiding = await startAuditedServer({ providers: [HiddenTool], options: { lists: { show: 'permitted' } } });
  const ask = async (name: string) => {
    const response = await post(hiding.resource, toolCall(name), { token: await hiding.token('mail') });
    return (await response.text()).replaceAll(name, '-');
  };
  const hidden = await ask('secret_tool');
  expect(hiding.only()).toMatchObject({
    type: 'operation_denied',
    reason: 'insufficient_scope',
    operation: { name: 'secret_tool' },
    scopes: ['admin'],
  });
  hiding.events.length = 0;
  expect(await ask('nosuch_tool')).toBe(hidden);
  expect(hiding.events).toEqual([]);
  await hiding.close();
});

@Injectable()
class HiddenTool {
  @McpTool({ description: 'x', scopes: ['admin'] })
  secretTool(): string {
    return 'secret';
  }
}

test('what is no call of a tool is no event', async () => {
  const token = await server.token();
  for (const method of ['tools/list', 'server/discover', 'nothing/known'])
    await post(server.resource, message(method), { token });
  expect(server.events).toEqual([]);
});

describe('tokens', () => {
  test.each<[string, () => Promise<Record<string, string>>, number, string, string | RegExp]>([
    [
      'for another server',
      async () => ({ authorization: `Bearer ${await server.token('', { aud: 'https://other.example.com' })}` }),
      401,
      'The token is not valid for this server',
      'its aud is "https://other.example.com", and wanted is "RESOURCE"',
    ],
    [
      'of an issuer that nobody trusts',
      async () => ({ authorization: `Bearer ${await server.token('', { iss: 'https://evil.example.com' })}` }),
      401,
      'The token is not a JWT of an issuer that is trusted here',
      'its iss is "https://evil.example.com", and wanted is "ISSUER"',
    ],
    [
      'with control characters and much text for an issuer',
      async () => ({ authorization: `Bearer ${await server.token('', { iss: `\n\u001b[31m${'x'.repeat(5_000)}` })}` }),
      401,
      'The token is not a JWT of an issuer that is trusted here',
      `its iss is "\\u000a\\u001b[31m${'x'.repeat(194)}...", and wanted is "ISSUER"`,
    ],
    [
      'whose issuer is no text',
      async () => ({ authorization: `Bearer ${await server.token('', { iss: [['deep']] as never })}` }),
      401,
      'The token is not a JWT of an issuer that is trusted here',
      'its iss is a list, and wanted is "ISSUER"',
    ],
    [
      'that has expired',
      async () => ({ authorization: `Bearer ${await server.token('', { exp: 1 })}` }),
      401,
      'The token has expired',
      /^its exp is 1970-01-01T00:00:01\.000Z, and wanted is a time after /,
    ],
    [
      'that is none',
      () => Promise.resolve({ authorization: 'Bearer opaque' }),
      401,
      'The token is not a JWT of an issuer that is trusted here',
      'it is opaque or damaged (6 characters, 1 parts, and a JWT has 3), and no issuer has `introspection`',
    ],
  ])(
    'one %s is told as rejected, with the reason and the status, and nobody is named',
    async (_n, make, status, reason, detail) => {
      const headers = await make();
      expect((await post(server.resource, toolCall('find'), { headers })).status).toBe(status);
      expect(server.only()).toEqual({
        ...server.everyEvent(),
        type: 'token_rejected',
        caller: undefined,
        operation: { method: 'tools/call', name: 'find' },
        scopesHeld: undefined,
        reason,
        detail:
          typeof detail === 'string'
            ? detail.replace('RESOURCE', server.resource).replace('ISSUER', server.issuer.issuer)
            : expect.stringMatching(detail),
        fix: expect.any(String),
        status,
      });
    },
  );

  test('one in the query is told as rejected, without it', async () => {
    const token = await server.token('orders:read');
    expect((await post(`${server.resource}?access_token=${token}`, toolCall('find'))).status).toBe(400);
    expect(server.only()).toMatchObject({
      type: 'token_rejected',
      status: 400,
      reason: expect.stringContaining('query'),
    });
    expect(JSON.stringify(server.events)).not.toContain(token);
  });

  test('one that cannot be checked is told as rejected, with the issuer that is down', async () => {
    const lonely = await startAuditedServer();
    lonely.issuer.answers.set('/jwks', (_request, response) => {
      sendJson(response, 500, {});
    });
    expect((await post(lonely.resource, toolCall('find'), { token: await lonely.token() })).status).toBe(503);
    expect(lonely.only()).toMatchObject({
      type: 'token_rejected',
      status: 503,
      reason: expect.stringContaining(lonely.issuer.issuer),
    });
    await lonely.close();
  });

  test('none at all is no event, since every client starts so', async () => {
    expect((await post(server.resource, toolCall('find'))).status).toBe(401);
    expect(server.events).toEqual([]);
  });
});

test.each<[string, string, Record<string, string>, number]>([
  ['host', 'find', { host: 'rebound.example.com' }, 403],
  ['origin', 'find', { origin: 'https://evil.example.com' }, 403],
  ['size', 'x'.repeat(2_000), { 'mcp-name': 'find' }, 413],
])(
  'a request whose %s is not allowed is told as refused, and its token not looked at',
  async (reason, tool, headers, status) => {
    const authorization = `Bearer ${await server.token('orders:read')}`;
    const answer = await send(server.resource, { body: toolCall(tool), headers: { authorization, ...headers } });
    expect(answer.status).toBe(status);
    expect(server.only()).toEqual({
      ...server.everyEvent(),
      type: 'request_refused',
      reason,
      detail: expect.any(String),
      fix: expect.any(String),
      caller: undefined,
      operation: undefined,
      scopesHeld: undefined,
    });
  },
);
