import { request as httpRequest } from 'node:http';
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { TokenCache } from 'nestjs-mcp-auth';
import { KINDS } from '../foreign-servers/files-server.js';
import { KeptSessions, startSessionServer } from '../foreign-servers/session-server.js';
import { HeardStream } from '../support/heard-stream.js';
import { post } from '../support/mcp-request.js';
import type { ProtectedServer } from '../support/protected-server.js';

const SERVERS = KINDS.flatMap((kind) => (['express', 'fastify'] as const).map((platform) => ({ kind, platform })));

const LEGACY = { 'mcp-protocol-version': '2025-11-25', 'mcp-method': '', 'mcp-name': '' };
const CLIENT_INFO = { name: 'test', version: '1.0.0' };
const INITIALIZE = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: CLIENT_INFO },
};
const CALL = { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'run', arguments: {} } };
const ANSWER = { jsonrpc: '2.0', id: 0, result: { action: 'accept', content: {} } };

/** Keys that the replicas of a server share. */
const keys = [randomBytes(32).toString('base64')];

describe.each(SERVERS)('a session of a server of $kind on $platform', ({ kind, platform }) => {
  const kept = new KeptSessions();
  const open: AbortController[] = [];
  let server: ProtectedServer;
  beforeAll(async () => {
    server = await startSessionServer(kind, platform, kept, { replicas: { keys } });
  });
  afterEach(() => {
    for (const abort of open.splice(0)) abort.abort();
  });
  afterAll(() => server.close());

  const send = async (body: unknown, token: string | undefined, session?: string) =>
    await post(server.resource, body, {
      token,
      headers: { ...LEGACY, ...(session !== undefined && { 'mcp-session-id': session }) },
    });

  async function ask(method: 'GET' | 'DELETE', token: string, session: string): Promise<Response> {
    const abort = new AbortController();
    open.push(abort);
    const headers = { ...LEGACY, authorization: `Bearer ${token}`, accept: 'text/event-stream' };
    return await fetch(server.resource, {
      method,
      headers: { ...headers, 'mcp-session-id': session },
      signal: abort.signal,
    });
  }

  /** Begins a session. */
  async function begin(token: string): Promise<string> {
    const response = await send(INITIALIZE, token);
    await response.text();
    const session = response.headers.get('mcp-session-id') ?? '';
    expect((await send({ jsonrpc: '2.0', method: 'notifications/initialized' }, token, session)).status).toBe(202);
    return session;
  }

  test('goes on for whoever began it, with a later token and fewer scopes, too', async () => {
    const session = await begin(await server.token('read'));
    const token = await server.token('', { jti: 'later' });
    const answer = await send(CALL, token, session);
    expect(answer.headers.get('mcp-session-id')).toBe(session);
    expect(await answer.text()).toContain('ran');
    expect((await ask('GET', token, session)).status).toBe(200);
    expect(kept.reached.map(({ session: id }) => id)).toEqual([undefined, ...Array(3).fill(kept.ids.at(-1))]);
    const ended = await ask('DELETE', token, session);
    expect([200, 204]).toContain(ended.status);
    expect((await send(CALL, token, session)).status).toBe(404);
  });

  test.each([
    ['another user', { sub: 'mallory' }],
    ['another client of the user', { client_id: 'other', azp: 'other' }],
    ['a client without a user', { sub: 'test-client' }],
  ])('is not there for %s, by no method, and stays as it is', async (_who, claims) => {
    const alice = await server.token();
    const session = await begin(alice);
    const stream = new HeardStream(await ask('GET', alice, session));
    stream.over.catch(() => undefined);
    kept.reached.length = 0;
    const other = await server.token('', claims);
    for (const body of [CALL, ANSWER, INITIALIZE, { jsonrpc: '2.0', method: 'notifications/cancelled', params: {} }])
      expect((await send(body, other, session)).status).toBe(404);
    for (const method of ['GET', 'DELETE'] as const) expect((await ask(method, other, session)).status).toBe(404);
    expect(kept.reached).toEqual([]);
    expect(server.log.text).toContain('its Mcp-Session-Id was not given to this caller');
    expect(await (await send(CALL, alice, session)).text()).toContain('ran');
    expect(stream.text).not.toContain('ran');
  });

  test('is not there for nobody', async () => {
    const session = await begin(await server.token());
    expect((await send(CALL, undefined, session)).status).toBe(401);
  });

  test('has another id for clients than for the server, which nobody can use', async () => {
    const token = await server.token();
    const session = await begin(token);
    const inner = kept.ids.at(-1) ?? '';
    expect(session).not.toContain(inner);
    kept.reached.length = 0;
    const middle = Math.floor(session.length / 2);
    const changed = session.slice(0, middle) + (session[middle] === 'A' ? 'B' : 'A') + session.slice(middle + 1);
    for (const id of [inner, changed, session.slice(0, -8), `${inner}, ${session}`, `${session}, ${inner}`, 'x', ''])
      expect([id, (await send(CALL, token, id)).status]).toEqual([id, 404]);
    expect(kept.reached).toEqual([]);
  });

  test('cannot be named twice', async () => {
    const alice = await begin(await server.token());
    const token = await server.token('', { sub: 'mallory' });
    const own = await begin(token);
    kept.reached.length = 0;
    for (const ids of [
      [own, alice],
      [alice, own],
    ]) {
      const headers = {
        ...LEGACY,
        authorization: `Bearer ${token}`,
        accept: 'application/json, text/event-stream',
        'content-type': 'application/json',
        'mcp-session-id': ids,
      };
      const status = await new Promise((resolve, reject) => {
        httpRequest(server.resource, { method: 'POST', headers }, (response) => {
          response.resume();
          resolve(response.statusCode);
        })
          .on('error', reject)
          .end(JSON.stringify(CALL));
      });
      expect(status).toBe(404);
    }
    expect(kept.reached).toEqual([]);
  });

  test('has streams that end at a sign-out, and is then there for nobody else', async () => {
    const claims = { sub: 'carol' };
    const session = await begin(await server.token('', claims));
    const stream = new HeardStream(await ask('GET', await server.token('', claims), session));
    await server.app.get(TokenCache).revoke({ issuer: server.issuer.issuer, subject: 'carol' });
    await stream.over.catch(() => undefined);
    expect((await ask('GET', await server.token('', { sub: 'mallory' }), session)).status).toBe(404);
    expect(await (await send(CALL, await server.token('', claims), session)).text()).toContain('ran');
  });

  test('is resumed by nobody without it', async () => {
    kept.reached.length = 0;
    const headers = { ...LEGACY, accept: 'text/event-stream', 'last-event-id': '_GET_stream_1' };
    const authorization = `Bearer ${await server.token()}`;
    await (await fetch(server.resource, { headers: { ...headers, authorization } })).body?.cancel();
    expect(kept.reached).toEqual([{ method: 'GET', session: undefined, lastEvent: undefined }]);
  });
});

describe('a session of a server with replicas', () => {
  const kept = new KeptSessions();
  let server: ProtectedServer;
  let session: string;
  beforeAll(async () => {
    server = await startSessionServer('SDK 1.x', 'express', kept, { replicas: { keys } });
    const response = await post(server.resource, INITIALIZE, { token: await server.token(), headers: LEGACY });
    session = response.headers.get('mcp-session-id') ?? '';
  });
  afterAll(() => server.close());

  test.each([
    ['is there at a replica with the same keys', { replicas: { keys } }, true, 200],
    ['is not there at one with other keys', {}, true, 404],
    ['is not there at another server with the same keys', { replicas: { keys } }, false, 404],
  ])('%s', async (_what, options, isSame, status) => {
    const issuers = [{ issuer: server.issuer.issuer }];
    const parts = { issuers, ...options, ...(isSame && { resource: server.resource }) };
    const other = await startSessionServer('SDK 1.x', 'express', kept, parts);
    const token = await server.token('', { aud: isSame ? server.resource : other.resource });
    const headers = { ...LEGACY, 'mcp-session-id': session };
    expect((await post(other.resource, CALL, { token, headers })).status).toBe(status);
    await other.close();
  });
});

describe.each(['express', 'fastify'] as const)('a stream of a server of SDK 1.x on %s', (platform) => {
  /** Runs the tool with the scope that it needs, and asks for its stream again without. */
  async function resume(allowStreamReplay: boolean | undefined) {
    const kept = new KeptSessions();
    kept.resumes = true;
    const rules = {
      tools: { run: { scopes: ['secret'] } },
      ...(allowStreamReplay !== undefined && { allowStreamReplay }),
    };
    const server = await startSessionServer('SDK 1.x', platform, kept, { replicas: { keys } }, rules);
    open.push(server);
    const token = await server.token('secret');
    const begun = await post(server.resource, INITIALIZE, { token, headers: LEGACY });
    await begun.text();
    const headers = { ...LEGACY, 'mcp-session-id': begun.headers.get('mcp-session-id') ?? '' };
    const text = await (await post(server.resource, CALL, { token, headers })).text();
    expect(text).toContain('ran');
    const [, first = ''] = /^id: (.+)$/m.exec(text) ?? [];
    expect(first).not.toBe('');
    const again = { ...headers, accept: 'text/event-stream', 'last-event-id': first };
    const authorization = `Bearer ${await server.token('')}`;
    const stream = new HeardStream(await fetch(server.resource, { headers: { ...again, authorization } }));
    // It is cut off, not ended.
    const over = stream.over.catch(() => undefined);
    return { kept, stream, over };
  }

  const open: ProtectedServer[] = [];
  afterEach(async () => {
    for (const server of open.splice(0)) await server.close();
  });

  test('is not resumed, because nobody asks what its results need by now', async () => {
    const { kept, stream, over } = await resume(undefined);
    expect(kept.reached.at(-1)).toMatchObject({ method: 'GET', lastEvent: undefined });
    for (const server of open)
      await server.app.get(TokenCache).revoke({ issuer: server.issuer.issuer, subject: 'alice' });
    await over;
    expect(stream.text).not.toContain('ran');
  });

  test('is resumed where that is given up', async () => {
    const { stream } = await resume(true);
    await stream.hear(/ran/);
  });
});
