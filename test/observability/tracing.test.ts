import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { context, SpanKind, SpanStatusCode, trace, type SpanContext } from '@opentelemetry/api';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { send } from '../proof/send.js';
import { callTool, message, post, toolCall } from '../support/mcp-request.js';
import { sendJson } from '../support/test-issuer.js';
import { CLIENT_SECRET, startAuditedServer, type AuditedServer } from './audited-server.js';
import { Telemetry } from './telemetry.js';

const telemetry = new Telemetry();

/** The attribute that names the downstream of a span. */
const DOWNSTREAM = 'nestjs_mcp_auth.downstream';
let server: AuditedServer;
/** What the application, or an instrumentation of its HTTP server, has going on around each request. */
let surrounding: SpanContext | undefined;

beforeAll(async () => {
  server = await startAuditedServer({
    configure: (app: INestApplication) => {
      app.use((_request: unknown, _response: unknown, next: () => void) => {
        const active = surrounding ? trace.setSpanContext(context.active(), surrounding) : context.active();
        context.with(active, next);
      });
    },
  });
});
afterAll(() => server.close());
beforeEach(() => {
  server.events.length = 0;
});

/** A trace that someone else began. */
const traceOf = (digit: string) => ({
  traceId: digit.repeat(32),
  spanId: digit.repeat(16),
  traceparent: `00-${digit.repeat(32)}-${digit.repeat(16)}-01`,
});

/** A call of `find` whose message says this of its trace. */
function callWithMeta(meta: Record<string, unknown>) {
  const body = toolCall('find') as { params: { _meta: object } };
  return { ...body, params: { ...body.params, _meta: { ...body.params._meta, ...meta } } };
}

test('without an SDK everything works, and there is no trace', async () => {
  const headers = { traceparent: traceOf('1').traceparent };
  const token = await server.token('orders:read');
  expect((await post(server.resource, toolCall('find'), { token, headers })).status).toBe(200);
  await callTool(server.resource, token, 'sync');
  expect(server.events.map(({ type }) => type)).toContain('token_exchanged');
  expect(server.events.map(({ traceId }) => traceId).filter((id) => id !== undefined)).toEqual([]);
});

describe('with an SDK', () => {
  beforeAll(() => {
    telemetry.register();
  });
  afterAll(() => telemetry.unregister());
  beforeEach(() => {
    telemetry.spans.length = 0;
  });
  afterEach(() => {
    surrounding = undefined;
  });

  test('a call is a server span with the method, the tool and the status', async () => {
    await callTool(server.resource, await server.token('orders:read'), 'find');
    expect(await telemetry.request()).toMatchObject({
      name: 'tools/call find',
      kind: SpanKind.SERVER,
      parentSpanContext: undefined,
      attributes: { 'mcp.method.name': 'tools/call', 'gen_ai.tool.name': 'find', 'http.response.status_code': 200 },
      status: { code: SpanStatusCode.UNSET },
      events: [],
      links: [],
      instrumentationScope: { name: 'nestjs-mcp-auth' },
    });
    expect(Object.keys((await telemetry.request()).attributes)).toHaveLength(3);
  });

  test.each<[string, string[]]>([
    ['2026-07-28', ['server/discover', 'tools/call find', 'tools/list']],
    // Whose GET asks for a stream that there is not.
    ['legacy', ['_OTHER', 'initialize', 'notifications/initialized', 'tools/call find', 'tools/list']],
  ])('each request of an MCP client (%s) is one', async (revision, expected) => {
    const mode = revision === 'legacy' ? revision : { pin: revision };
    const client = new Client({ name: 'traced', version: '1.0.0' }, { versionNegotiation: { mode } });
    const requestInit = { headers: { authorization: `Bearer ${await server.token('orders:read')}` } };
    await client.connect(new StreamableHTTPClientTransport(new URL(server.resource), { requestInit }));
    await client.listTools();
    await client.callTool({ name: 'find' });
    await client.close();
    const named = (await telemetry.requests(expected.length)).map(({ name }) => name);
    expect(named.sort()).toEqual(expected);
  });

  test.each<[string, string, string, number, Record<string, unknown> | undefined]>([
    ['no token', 'find', 'unauthorized', 401, undefined],
    ['a bad token', 'find', 'invalid_token', 401, { aud: 'other' }],
    ['a missing scope', 'find', 'insufficient_scope', 403, {}],
    ['a weak sign-in', 'pay', 'insufficient_user_authentication', 401, {}],
    ['a client that is not accepted', 'pay', 'client_not_allowed', 403, { client_id: 'other' }],
    ['no user', 'mine', 'app_only', 200, { sub: 'robot', client_id: 'robot' }],
    ['a policy', 'forbidden', 'policy', 200, {}],
    ['a tool that throws', 'fail', 'tool_error', 200, { scope: 'orders:read' }],
  ])('a call that fails for %s has an error status and its type', async (_name, tool, errorType, status, claims) => {
    const token = claims && (await server.token('', claims));
    expect((await post(server.resource, toolCall(tool), { token })).status).toBe(status);
    const { name, ...span } = await telemetry.request();
    expect(name).toBe(`tools/call ${tool}`);
    expect(span.status).toEqual({ code: SpanStatusCode.ERROR });
    expect(span.attributes).toEqual({
      'mcp.method.name': 'tools/call',
      'gen_ai.tool.name': tool,
      'error.type': errorType,
      'http.response.status_code': status,
    });
  });

  test('a request that is refused for where it comes from has an error status and its type', async () => {
    await send(server.resource, { body: toolCall('find'), headers: { host: 'rebound.example.com' } });
    const { attributes, status } = await telemetry.request();
    expect(attributes).toMatchObject({ 'error.type': 'host', 'http.response.status_code': 403 });
    expect(status.code).toBe(SpanStatusCode.ERROR);
  });

  describe('the trace of a request', () => {
    const header = traceOf('a');
    const meta = traceOf('b');
    const active = { traceId: 'c'.repeat(32), spanId: 'c'.repeat(16), traceFlags: 1 };

    test.each<[string, { header?: boolean; meta?: boolean; active?: boolean }, { traceId: string; spanId: string }]>([
      ['of the header, where there is no other', { header: true }, header],
      ['of the message, where there is no other', { meta: true }, meta],
      ['of the message before that of the header', { meta: true, header: true }, meta],
      ['around it before that of the header', { active: true, header: true }, active],
      ['of the message before the one around it', { active: true, meta: true, header: true }, meta],
    ])('is the one %s', async (_name, given, expected) => {
      surrounding = given.active ? active : undefined;
      const body = callWithMeta(given.meta ? { traceparent: meta.traceparent } : {});
      const headers: Record<string, string> = given.header ? { traceparent: header.traceparent } : {};
      await post(server.resource, body, { token: await server.token('orders:read'), headers });
      const span = await telemetry.request();
      expect(span.parentSpanContext).toMatchObject({ traceId: expected.traceId, spanId: expected.spanId });
      expect(span.spanContext().traceId).toBe(expected.traceId);
      expect(server.only().traceId).toBe(expected.traceId);
      // The one around it is not lost.
      const links = given.active && given.meta ? [expect.objectContaining({ context: active })] : [];
      expect(span.links).toEqual(links);
    });

    test.each<[string, unknown]>([
      ['is malformed', 'nonsense'],
      ['is of zeros', `00-${'0'.repeat(32)}-${'0'.repeat(16)}-01`],
      ['is of version ff', `ff-${'d'.repeat(32)}-${'d'.repeat(16)}-01`],
      ['has more than it may', `${traceOf('d').traceparent}-evil`],
      ['is no string', { toString: 'x' }],
      ['is a list', [traceOf('d').traceparent]],
    ])('begins with it where its traceparent %s, in the message and in the header', async (_name, traceparent) => {
      const token = await server.token('orders:read');
      const headers = { traceparent: typeof traceparent === 'string' ? traceparent : JSON.stringify(traceparent) };
      expect((await post(server.resource, callWithMeta({ traceparent }), { token, headers })).status).toBe(200);
      expect((await telemetry.request()).parentSpanContext).toBeUndefined();
    });

    test('is that of the header where that of the message is malformed', async () => {
      const headers = { traceparent: header.traceparent };
      const body = callWithMeta({ traceparent: 'nonsense' });
      await post(server.resource, body, { token: await server.token('orders:read'), headers });
      expect((await telemetry.request()).spanContext().traceId).toBe(header.traceId);
    });
  });

  test.each<[string, Record<string, unknown>, string, Record<string, unknown>]>([
    ['tool', toolCall('evil_tool'), 'tools/call', { 'mcp.method.name': 'tools/call' }],
    ['method', message('evil/method'), '_OTHER', { 'mcp.method.name': '_OTHER' }],
    ['tool of a method that has none', message('tools/list', { name: 'find' }), 'tools/list', {}],
    ['tool called like a member of objects', toolCall('constructor'), 'tools/call', {}],
  ])('the name of an unknown %s is not in the span', async (_name, body, name, attributes) => {
    const response = await post(server.resource, body, { token: await server.token('orders:read') });
    const span = await telemetry.request();
    expect(span.name).toBe(name);
    expect(span.attributes).toMatchObject({ ...attributes, 'http.response.status_code': response.status });
    expect(span.attributes).not.toHaveProperty(['gen_ai.tool.name']);
    expect(JSON.stringify([span.name, span.attributes, span.events])).not.toContain('evil');
  });

  describe('a token exchange', () => {
    const exchanges = () => telemetry.spans.filter(({ name }) => name === 'token_exchange');

    test('is a client span within that of the request, once for each downstream, and none where there is a cached one', async () => {
      const token = await server.token();
      await callTool(server.resource, token, 'sync');
      const request = await telemetry.request();
      // The two are exchanged at once, so either may end first.
      const byDownstream = exchanges().toSorted(({ attributes: one }, { attributes: other }) =>
        String(one[DOWNSTREAM]).localeCompare(String(other[DOWNSTREAM])),
      );
      expect(byDownstream).toEqual(
        ['billing', 'orders'].map((downstream) =>
          expect.objectContaining({
            name: 'token_exchange',
            attributes: { [DOWNSTREAM]: downstream },
            status: { code: SpanStatusCode.UNSET },
            parentSpanContext: request.spanContext(),
          }),
        ),
      );
      await callTool(server.resource, token, 'sync');
      await telemetry.requests(2);
      expect(exchanges()).toHaveLength(2);
    });

    test.each<[string, number, string]>([
      ['refused', 400, 'caller_token_rejected'],
      ['not answered', 500, 'issuer_unavailable'],
    ])('that is %s has an error status and its code, and nothing that was answered', async (_name, status, code) => {
      server.issuer.answers.set('/token', (_request, response) => {
        sendJson(response, status, { error: 'invalid_grant', error_description: 'AN ANSWER' });
      });
      await post(server.resource, toolCall('orders'), { token: await server.token() });
      server.issuer.answers.delete('/token');
      const { attributes } = await telemetry.request();
      expect(attributes).toMatchObject({ 'error.type': status === 400 ? 'invalid_token' : 'tool_error' });
      expect(exchanges()).toEqual([
        expect.objectContaining({
          attributes: { 'nestjs_mcp_auth.downstream': 'orders', 'error.type': code },
          status: { code: SpanStatusCode.ERROR },
          events: [],
        }),
      ]);
    });
  });

  test('no span has a token, a secret, an argument, a person, or the message of an error', async () => {
    const token = await server.token('orders:read', { sub: 'A PERSON' });
    const body = toolCall('find', { query: 'AN ARGUMENT' });
    await post(`${server.resource}?query=AN+ARGUMENT`, body, { token, headers: { cookie: 'session=SECRET' } });
    await callTool(server.resource, token, 'sync');
    await callTool(server.resource, token, 'fail');
    await post(server.resource, body, { token: await server.token('', { aud: 'A SECRET' }) });
    await telemetry.requests(4);
    const told = JSON.stringify(
      telemetry.spans.map(({ name, attributes, events, links, status }) => [name, attributes, events, links, status]),
    );
    const exchanged = server.api.requests.map(({ headers }) => headers.authorization?.replace('Bearer ', '') ?? '');
    for (const part of [token, ...exchanged].flatMap((jwt) => jwt.split('.').slice(1)))
      expect(told).not.toContain(part);
    for (const part of ['A PERSON', 'AN ARGUMENT', 'SECRET', 'test-client', CLIENT_SECRET])
      expect(told).not.toContain(part);
  });
});
