import { once } from 'node:events';
import { request as send, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { DownstreamClient, McpPrompt, McpResourceTemplate, McpTool, type McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { startForeignServer } from '../foreign-servers/foreign-server.js';
import { headersFor, message, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import { TestApi } from '../support/test-api.js';
import { sendJson } from '../support/test-issuer.js';
import { auditSink, events, tellingOptions, watchTelemetry } from './told-to-operators.js';

/** Whoever writes into the log can forge its lines, steer the terminal that shows it, or fill it. */

/** What ends lines, what terminals obey, what turns the direction of writing, what is not seen, and half a character. */
const HOSTILE =
  'a\r\n[Nest] 1 LOG forged\u2028b\u2029c\u0085d\u001b[2Je\u009b31mf\u0000g\u007fh\u202ei\u2066j\u200bk\ufeffl\u{e0041}m\ud800n';

const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

/** The same in what headers can hold: bytes. */
const IN_HEADERS = 'a\u009b31mb\u0085c\u00add';

const values = { hostile: HOSTILE, endless: `${HOSTILE}${'x'.repeat(50_000)}` };

const options = (api: string): Partial<McpAuthModuleOptions> => ({
  ...tellingOptions('api', api),
  observability: { auditSink, discloseResourceUris: true },
  logout: { backChannel: {} },
});

@Injectable()
class Offers {
  constructor(private readonly downstream: DownstreamClient) {}

  @McpTool({ description: 'x', input: z.object({ text: z.string() }) })
  fail({ text }: { text: string }): never {
    throw new TypeError(`no ${text}`, { cause: Object.assign(new Error(text), { code: text }) });
  }
  @McpTool({ description: 'x', input: z.looseObject({ text: z.enum(['only']).optional() }) })
  strict(): string {
    return 'x';
  }
  @McpTool({ description: 'x', downstream: 'api' })
  async call(): Promise<unknown> {
    return await this.downstream.json('/orders');
  }
  @McpResourceTemplate({ uriTemplate: 'notes://{id}' })
  note(): string {
    throw new Error('no note');
  }
  @McpPrompt({ description: 'x', input: z.object({ text: z.string() }) })
  prompt({ text }: { text: string }): never {
    throw new Error(text);
  }
}

interface Entrance {
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: Record<string, unknown> | string;
  readonly scope?: string;
  readonly claims?: Record<string, unknown>;
  readonly header?: Record<string, unknown>;
}

const legacy = { 'mcp-protocol-version': '2025-11-25' };
const old = (method: string, params: object): Entrance => ({
  body: { jsonrpc: '2.0', id: 1, method, params },
  headers: legacy,
});

/** Each way in, for a value. */
const ENTRANCES: readonly (readonly [name: string, make: (value: string) => Entrance])[] = [
  ['the name of a tool', (value) => old('tools/call', { name: value, arguments: {} })],
  ['the name of a prompt', (value) => old('prompts/get', { name: value, arguments: {} })],
  ['the URI of a resource', (value) => old('resources/read', { uri: `notes://${value}` })],
  ['the URI of no resource', (value) => old('resources/read', { uri: value })],
  ['the URI of a subscription', (value) => old('resources/subscribe', { uri: value })],
  ['the id of a task', (value) => ({ body: message('tasks/get', { taskId: value }), headers: { 'mcp-name': 'x' } })],
  ['a method', (value) => old(value, {})],
  ['a method of nobody', (value) => ({ ...old(value, {}), headers: { ...legacy, authorization: 'Bearer x' } })],
  ['an id of a message', (value) => ({ body: { ...toolCall('strict'), id: value } })],
  ['a cursor', (value) => old('tools/list', { cursor: value })],
  [
    'a reference of a completion',
    (value) =>
      old('completion/complete', { ref: { type: 'ref/prompt', name: value }, argument: { name: value, value } }),
  ],
  [
    'the name of a client',
    (value) =>
      old('initialize', {
        protocolVersion: value,
        capabilities: { [value]: {} },
        clientInfo: { name: value, version: value },
      }),
  ],
  ['a level of the log', (value) => old('logging/setLevel', { level: value })],
  ['a reason of a cancellation', (value) => old('notifications/cancelled', { requestId: value, reason: value })],
  ['an argument', (value) => old('tools/call', { name: 'strict', arguments: { text: value } })],
  ['the name of an argument', (value) => old('tools/call', { name: 'strict', arguments: { [value]: 1 } })],
  ['an argument that the method throws', (value) => old('tools/call', { name: 'fail', arguments: { text: value } })],
  ['an argument that a prompt throws', (value) => old('prompts/get', { name: 'prompt', arguments: { text: value } })],
  ['an answer to a question', (value) => ({ body: { jsonrpc: '2.0', id: value, result: { action: value } } })],
  ['a body that is no JSON', (value) => ({ body: `{"${value}` })],
  [
    'trace fields',
    (value) => ({
      body: { ...(old('tools/list', { _meta: { traceparent: value, baggage: value } }).body as object) },
      headers: legacy,
    }),
  ],
  ['iss of a token', (value) => ({ ...old('tools/list', {}), claims: { iss: value } })],
  ['sub of a token', (value) => ({ ...old('tools/call', { name: 'strict', arguments: {} }), claims: { sub: value } })],
  [
    'client_id of a token',
    (value) => ({ ...old('tools/call', { name: 'strict', arguments: {} }), claims: { client_id: value } }),
  ],
  ['aud of a token', (value) => ({ ...old('tools/list', {}), claims: { aud: value } })],
  ['exp of a token', (value) => ({ ...old('tools/list', {}), claims: { exp: value } })],
  [
    'scope of a token',
    (value) => ({ ...old('tools/call', { name: 'fail', arguments: {} }), claims: { scope: value } }),
  ],
  [
    'act of a token',
    (value) => ({
      ...old('tools/call', { name: 'strict', arguments: {} }),
      claims: { act: { sub: value, iss: value, client_id: value } },
    }),
  ],
  ['acr of a token', (value) => ({ ...old('tools/list', {}), claims: { acr: value, amr: [value] } })],
  ['kid of a token', (value) => ({ ...old('tools/list', {}), header: { kid: value } })],
  ['typ of a token', (value) => ({ ...old('tools/list', {}), header: { typ: value } })],
  ['cty of a token', (value) => ({ ...old('tools/list', {}), header: { cty: value } })],
  [
    'Authorization',
    () => ({ ...old('tools/list', {}), headers: { ...legacy, authorization: `Bearer ${IN_HEADERS}` } }),
  ],
  ['Origin', () => ({ ...old('tools/list', {}), headers: { ...legacy, origin: IN_HEADERS } })],
  ['Host', () => ({ ...old('tools/list', {}), headers: { ...legacy, host: IN_HEADERS } })],
  ['Mcp-Session-Id', () => ({ ...old('tools/list', {}), headers: { ...legacy, 'mcp-session-id': IN_HEADERS } })],
  ['Mcp-Name', () => ({ body: toolCall('strict'), headers: { 'mcp-name': IN_HEADERS } })],
  ['MCP-Protocol-Version', () => ({ body: toolCall('strict'), headers: { 'mcp-protocol-version': IN_HEADERS } })],
  ['DPoP', () => ({ ...old('tools/list', {}), headers: { ...legacy, dpop: IN_HEADERS } })],
  [
    'traceparent',
    () => ({ ...old('tools/list', {}), headers: { ...legacy, traceparent: IN_HEADERS, tracestate: IN_HEADERS } }),
  ],
  [
    'a logout token',
    (value) => ({
      path: '/mcp/backchannel-logout',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ logout_token: value }).toString(),
    }),
  ],
];

const telemetry = watchTelemetry();

async function ask(server: ProtectedServer, entrance: Entrance): Promise<number> {
  server.log.lines.length = 0;
  const { path = '/mcp', headers = {}, body = '', claims = {}, header = {} } = entrance;
  const token = await server.issuer.token({ aud: server.resource, ...claims }, header);
  const outgoing = send(`${server.origin}${path}`, {
    method: 'POST',
    agent: false,
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      authorization: `Bearer ${token}`,
      ...(typeof body === 'object' && {
        'mcp-protocol-version': headersFor(body)['mcp-protocol-version'],
        'mcp-method': /^[!-~]+$/.test(String(body.method)) ? String(body.method) : 'x',
      }),
      ...headers,
    },
  });
  outgoing.end(typeof body === 'string' ? body : JSON.stringify(body));
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  await once(response.resume(), 'end');
  return response.statusCode ?? 0;
}

/** Lines of stacks are our own. All else is one line. */
function expectCleanLog(server: ProtectedServer): void {
  const long = server.log.lines.flatMap((line) => line.split('\n')).filter((line) => line.length > 2_200);
  const forged = server.log.lines
    .flatMap((line) => line.split('\n').slice(1))
    .filter((line) => !/^( {4}at |Caused by: )/.test(line));
  expect([...long, ...forged, ...server.log.lines.filter((line) => UNSEEN.test(line.replaceAll('\n', '')))]).toEqual(
    [],
  );
}

async function expectCleanEvents(): Promise<void> {
  await telemetry.requests(0);
  const spans = telemetry.spans.map(({ name, attributes, events: more }) => [name, attributes, more]);
  // JSON has no control characters but escaped ones, so texts are looked at one by one.
  const texts: string[] = [];
  JSON.stringify([events, spans], (key, value: unknown) => {
    texts.push(key);
    if (typeof value === 'string') texts.push(value);
    return value;
  });
  expect(texts.filter((text) => UNSEEN.test(text) || text.length > 1_100)).toEqual([]);
}

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  let api: TestApi;
  let server: ProtectedServer;

  beforeAll(async () => {
    api = await TestApi.start();
    server = await startProtectedServer({ platform, providers: [Offers], options: options(api.origin) });
  });
  afterAll(async () => {
    await server.close();
    await api.close();
  });

  describe.each(Object.entries(values))('what is %s', (_kind, value) => {
    test.each(ENTRANCES)('in %s writes no line of its own', async (_name, make) => {
      expect(await ask(server, make(value))).toBeLessThan(500);
      expectCleanLog(server);
      await expectCleanEvents();
    });

    test.each<[string, (value: string) => Record<string, unknown>, number]>([
      ['error', (text) => ({ error: text }), 400],
      ['error_description', (text) => ({ error: 'invalid_grant', error_description: text }), 400],
      ['suberror', (text) => ({ error: 'invalid_grant', suberror: text }), 401],
      ['claims', (text) => ({ error: 'interaction_required', claims: JSON.stringify({ [text]: text }) }), 400],
      ['acr_values', (text) => ({ error: 'insufficient_user_authentication', acr_values: text }), 400],
      ['token_type', (text) => ({ access_token: 'x', token_type: text }), 200],
      ['issued_token_type', (text) => ({ access_token: 'x', token_type: 'Bearer', issued_token_type: text }), 200],
      [
        'scope',
        (text) => ({
          access_token: 'x',
          token_type: 'Bearer',
          issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
          scope: text,
        }),
        200,
      ],
    ])('in %s of a token endpoint does not either', async (_name, make, status) => {
      server.issuer.answers.set('/token', (_request, response) => {
        sendJson(response, status, make(value));
      });
      expect(await ask(server, { body: toolCall('call') })).toBeLessThan(500);
      server.issuer.answers.delete('/token');
      expectCleanLog(server);
      await expectCleanEvents();
    });

    test.each<[string, number, Record<string, string>]>([
      ['a refusal', 400, {}],
      ['a failure', 500, {}],
      ['a challenge', 401, { 'www-authenticate': `Bearer error="${IN_HEADERS}", error_description="${IN_HEADERS}"` }],
      ['a redirect', 302, { location: `http://${encodeURIComponent(IN_HEADERS)}.example.com/` }],
      ['a redirect to nowhere', 302, { location: `http://${IN_HEADERS}` }],
      ['another type', 200, { 'content-type': IN_HEADERS }],
      ['another encoding', 200, { 'content-encoding': IN_HEADERS }],
    ])('in the body and headers of %s of an API does not either', async (_name, status, headers) => {
      api.answers.set('/orders', (_request, response) => {
        response.writeHead(status, headers).end(value);
      });
      expect(await ask(server, { body: toolCall('call') })).toBeLessThan(500);
      expectCleanLog(server);
      await expectCleanEvents();
    });
  });

  describe('a server behind @ProtectedMcp', () => {
    test.each<[string, string, (value: string) => Record<string, unknown>]>([
      ['a tool', 'tools/call', (name) => ({ name, arguments: {} })],
      ['a prompt', 'prompts/get', (name) => ({ name, arguments: {} })],
      ['a resource', 'resources/read', (uri) => ({ uri })],
      [
        'a completion',
        'completion/complete',
        (name) => ({ ref: { type: 'ref/prompt', name }, argument: { name: 'x', value: 'x' } }),
      ],
    ])('logs the name of %s on one line', async (_name, method, make) => {
      const foreign = await startForeignServer({
        platform,
        rules: { tools: { run: {} } },
        options: options(api.origin),
      });
      try {
        const told: string[] = [];
        for (const value of Object.values(values)) {
          expect(await ask(foreign, old(method, make(value)))).toBe(403);
          told.push(...foreign.log.lines);
          expectCleanLog(foreign);
        }
        // The first is a line at once. The others are counted.
        expect(told).toEqual([expect.stringContaining('no rule')]);
        await expectCleanEvents();
      } finally {
        await foreign.close();
      }
    });
  });
});
