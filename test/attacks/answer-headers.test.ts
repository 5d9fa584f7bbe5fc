import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { request as send, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Controller, Get, Injectable } from '@nestjs/common';
import { clientSecretBasic, McpTool, type McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { startForeignServer, type ForeignServer } from '../foreign-servers/foreign-server.js';
import { Browser } from '../linking/browser.js';
import { Parties } from '../linking/linked-server.js';
import { takeFailedAnswers } from '../support/failed-answers.js';
import { headersFor, message, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import { sendJson } from '../support/test-issuer.js';
import { MemoryAdapter } from '../token-cache/memory-adapter.js';

/** An answer that a cache keeps goes to somebody else. One whose type is guessed becomes a page of the server. */

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  run(): string {
    return 'ran';
  }
  @McpTool({ description: 'x', scopes: ['admin'] })
  admin(): string {
    return 'done';
  }
  @McpTool({
    description: 'x',
    input: z.object({}),
    scopes: () => {
      throw new Error('out of order');
    },
  })
  broken(): string {
    return 'done';
  }
}

@Controller('elsewhere')
class Elsewhere {
  @Get()
  page(): string {
    return 'of the application';
  }
}

const OPTIONS: Partial<McpAuthModuleOptions> = {
  client: { id: 'mcp', authentication: clientSecretBasic('s3cret') },
  downstreams: {
    crm: {
      baseUrl: 'https://crm.example.com',
      linked: {
        issuer: 'https://partner.example.com',
        client: { id: 'mcp', authentication: clientSecretBasic('s3cret') },
      },
    },
  },
  replicas: { keys: [randomBytes(32).toString('base64')] },
  logout: { backChannel: {} },
};

interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | object;
  /** Scopes of the token. Without them there is none. */
  readonly scope?: string;
}

type Row = readonly [name: string, asked: Asked, status: number, onFastify?: number];

const legacy = { 'mcp-protocol-version': '2025-11-25' };
const call = (name: string): Asked => ({ body: toolCall(name), scope: 'read' });

const ROWS: readonly Row[] = [
  ['a result', call('run'), 200],
  ['a result of an earlier revision', { body: toolCall('run'), scope: 'read', headers: legacy }, 400],
  ['a list', { body: message('tools/list'), scope: 'read' }, 200],
  ['a description', { body: message('server/discover'), scope: 'read' }, 200],
  ['a notification', { body: { ...message('notifications/cancelled'), id: undefined }, scope: 'read' }, 202],
  ['a preflight', { method: 'OPTIONS', headers: { 'access-control-request-method': 'POST' } }, 204],
  ['what can be done', { method: 'OPTIONS' }, 204],
  ['a body that is no JSON', { body: '{"jsonrpc"', scope: 'read' }, 400],
  ['a batch', { body: [toolCall('run')], scope: 'read' }, 400],
  ['a token in the query', { ...call('run'), path: '/mcp?access_token=x' }, 400],
  ['a request without a token', { body: toolCall('run') }, 401],
  ['a token that is none', { body: toolCall('run'), headers: { authorization: 'Bearer x' } }, 401],
  ['a missing scope', call('admin'), 403],
  ['another origin', { ...call('run'), headers: { origin: 'https://evil.example.com' } }, 403],
  ['another host', { ...call('run'), headers: { host: 'evil.example.com' } }, 403],
  ['an unknown method', { body: message('tools/destroy'), scope: 'read' }, 404],
  ['GET', { method: 'GET', scope: 'read' }, 405],
  ['HEAD', { method: 'HEAD', scope: 'read' }, 405],
  ['DELETE', { method: 'DELETE', scope: 'read' }, 405],
  ['PUT', { method: 'PUT', scope: 'read' }, 405],
  ['a body over the limit', { body: `"${'x'.repeat(2 ** 21)}"`, scope: 'read' }, 413],
  ['a body of another type', { ...call('run'), headers: { 'content-type': 'text/csv' } }, 415],
  ['a body in another encoding', { ...call('run'), headers: { 'content-encoding': 'snappy' } }, 415, 200],
  ['a function that fails', call('broken'), 500],
  ['the endpoint with a slash', { ...call('run'), path: '/mcp/' }, 200],
  ['the endpoint in other letters', { ...call('run'), path: '/%6dcp' }, 200],
  ['the document, not found', { method: 'POST', path: '/.well-known/oauth-protected-resource/mcp' }, 404],
  ['a link', { method: 'GET', path: '/mcp/link/unknown' }, 404],
  ['a link, with POST', { method: 'POST', path: '/mcp/link/unknown' }, 404],
  ['a sign-in', { method: 'GET', path: '/mcp/link/callback?code=x&state=y' }, 404],
  ['a page that is not there', { method: 'GET', path: '/mcp/link/callback/crm/more' }, 404],
  ['a sign-out without a token', { path: '/mcp/backchannel-logout' }, 400],
  ['a sign-out, with GET', { method: 'GET', path: '/mcp/backchannel-logout' }, 405],
];

/** Each answer that nobody may keep. Without a validator, nobody asks whether what was kept is still good. */
function expectHardened({ headers }: IncomingMessage): void {
  expect(headers).not.toHaveProperty('etag');
  expect(headers).not.toHaveProperty('last-modified');
  expect(headers['x-content-type-options']).toBe('nosniff');
  expect(headers['cache-control']).toMatch(/^no-store(, no-transform)?$/);
  expect(headers.vary?.split(', ')).toEqual(expect.arrayContaining(['Authorization', 'Origin']));
  expect(JSON.stringify(headers)).not.toMatch(/nestjs|mcp-auth/i);
}

async function ask(server: ProtectedServer, { method = 'POST', path = '/mcp', headers = {}, body, scope }: Asked) {
  const token = scope === undefined ? undefined : await server.token(scope);
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const outgoing = send(`${server.origin}${path}`, {
    method,
    agent: false,
    headers: {
      ...(body !== undefined && headersFor(body, token)),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...headers,
    },
  });
  // A server may answer before it has read everything.
  outgoing.on('error', () => undefined);
  outgoing.end(text);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  response.on('error', () => undefined);
  return response.resume();
}

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  let server: ProtectedServer;

  beforeAll(async () => {
    server = await startProtectedServer({ platform, providers: [Tools], controllers: [Elsewhere], options: OPTIONS });
  });
  afterAll(() => server.close());

  test.each(ROWS)('%s is neither stored nor sniffed', async (_name, asked, status, onFastify = status) => {
    const response = await ask(server, asked);
    const expected = platform === 'express' ? status : onFastify;
    expect(response.statusCode).toBe(expected);
    expect(takeFailedAnswers()).toHaveLength(expected === 500 ? 1 : 0);
    expectHardened(response);
  });

  test('a stream of events is neither', async () => {
    const hello = {
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'x', version: '1' } },
    };
    const begun = await ask(server, { body: hello, scope: 'read', headers: legacy });
    expect(begun.statusCode).toBe(200);
    expectHardened(begun);
    const session = {
      ...legacy,
      accept: 'text/event-stream',
      'mcp-session-id': String(begun.headers['mcp-session-id']),
    };
    const stream = await ask(server, { method: 'GET', scope: 'read', headers: session });
    expect(stream.headers['content-type']).toBe('text/event-stream');
    expectHardened(stream);
    stream.destroy();
    const listening = await ask(server, {
      body: message('subscriptions/listen', { notifications: { toolsListChanged: true } }),
      scope: 'read',
    });
    expect(listening.headers['content-type']).toBe('text/event-stream');
    expectHardened(listening);
    listening.destroy();
  });

  test('a caller who asks too often is told so', async () => {
    const rate = { perCaller: { limit: 1, ttlMs: 60_000 } };
    const busy = await startProtectedServer({ platform, providers: [Tools], options: { limits: { rate } } });
    const statuses: unknown[] = [];
    for (let count = 0; count < 2; count += 1) {
      const response = await ask(busy, call('run'));
      statuses.push(response.statusCode);
      expectHardened(response);
    }
    await busy.close();
    expect(statuses).toEqual([200, 429]);
  });

  test('so is one for whom there is no room', async () => {
    const limits = { perCaller: { callsInFlight: 1, bytesOfEach: 8_192 } };
    const small = await startProtectedServer({ platform, providers: [Tools], options: { limits } });
    const response = await ask(small, { ...call('run'), body: toolCall('run', { text: 'x'.repeat(9_000) }) });
    await small.close();
    expect(response.statusCode).toBe(429);
    expectHardened(response);
  });

  test.each<[string, number, (adapter: MemoryAdapter) => void]>([
    ['a sign-out', 200, () => undefined],
    [
      'a sign-out while the store is down',
      503,
      (adapter) => {
        adapter.fault = () => {
          throw new Error('down');
        };
      },
    ],
  ])('%s is neither stored nor sniffed', async (_name, status, prepare) => {
    const adapter = new MemoryAdapter();
    const options = { ...OPTIONS, replicas: { store: adapter, keys: [randomBytes(32)] } };
    const shared = await startProtectedServer({ platform, providers: [Tools], options });
    prepare(adapter);
    const logoutToken = await shared.issuer.token(
      {
        aud: 'mcp',
        jti: randomUUID(),
        sub: 'alice',
        events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
      },
      { typ: 'logout+jwt' },
    );
    const response = await ask(shared, {
      path: '/mcp/backchannel-logout',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: `logout_token=${logoutToken}`,
    });
    await shared.close();
    expect(response.statusCode).toBe(status);
    expectHardened(response);
  });

  test('the pages on which an account is linked are not, either', async () => {
    const parties = await Parties.start();
    const linked = await parties.serve({ platform });
    const page = await linked.pageFor('alice');
    const { status, headers } = await fetch(page, { redirect: 'manual' });
    expect(status).toBe(303);
    const over = await new Browser('alice').visit(await linked.pageFor('alice'));
    expect(over.status).toBe(200);
    await parties.close();
    for (const one of [headers, over.headers])
      expect([one.get('cache-control'), one.get('x-content-type-options'), one.get('etag')]).toEqual([
        'no-store',
        'nosniff',
        null,
      ]);
  });

  test('nothing is when the issuer is down', async () => {
    const lonely = await startProtectedServer({ platform, providers: [Tools] });
    lonely.issuer.answers.set('/jwks', (_request, response) => {
      sendJson(response, 500, {});
    });
    const response = await ask(lonely, call('run'));
    await lonely.close();
    expect(response.statusCode).toBe(503);
    expectHardened(response);
  });

  test('the document is the same for everybody, and may be kept', async () => {
    for (const path of ['/.well-known/oauth-protected-resource/mcp', '/.well-known/oauth-protected-resource']) {
      const { statusCode, headers } = await ask(server, { method: 'GET', path });
      expect([statusCode, headers['cache-control'], headers['x-content-type-options']]).toEqual([
        200,
        'public, max-age=300',
        'nosniff',
      ]);
    }
  });

  test('pages of the application stay as they are', async () => {
    const { statusCode, headers } = await ask(server, { method: 'GET', path: '/elsewhere' });
    expect(statusCode).toBe(200);
    expect(headers).not.toHaveProperty('x-content-type-options');
    expect(headers).not.toHaveProperty('cache-control');
  });

  describe('of a server behind @ProtectedMcp', () => {
    let foreign: ForeignServer;
    beforeAll(async () => {
      foreign = await startForeignServer({ platform, rules: { tools: { run: { scopes: ['read'] } } } });
    });
    afterAll(() => foreign.close());

    const run = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'run', arguments: {} } };

    test.each<Row>([
      ['a result, in a stream', { body: run, scope: 'read', headers: legacy }, 200],
      ['a missing scope', { body: run, scope: 'other', headers: legacy }, 403],
      ['a request without a token', { body: run, headers: legacy }, 401],
      ['a tool without a rule', { body: { ...run, params: { name: 'walk' } }, scope: 'read', headers: legacy }, 403],
      ['a body that is no JSON', { body: '{', scope: 'read', headers: legacy }, 400],
      ['a refusal of its own', { body: run, scope: 'read', headers: { ...legacy, accept: 'text/html' } }, 406],
      ['a preflight', { method: 'OPTIONS' }, 204],
    ])('%s is neither stored nor sniffed', async (_name, asked, status) => {
      const response = await ask(foreign, asked);
      expect(response.statusCode).toBe(status);
      expectHardened(response);
    });
  });
});
