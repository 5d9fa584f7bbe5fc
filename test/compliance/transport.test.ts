import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpTool, type McpContext } from 'nestjs-mcp-auth';
import { callTool, message, post, textOf, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  whoami(_input: unknown, { caller }: McpContext): string {
    return caller?.subject ?? 'nobody';
  }
  @McpTool({ description: 'x', scopes: ['admin'] })
  admin(): string {
    return 'ran';
  }
}

let server: ProtectedServer;

beforeAll(async () => {
  server = await startProtectedServer({ providers: [Tools] });
});
afterAll(() => server.close());

const result = async (response: Response) => ((await response.json()) as { result: Record<string, unknown> }).result;

describe('MCP transport, sessions', () => {
  test('MUST NOT authenticate by a session, and SHOULD ignore the id of one', async () => {
    const headers = { 'mcp-session-id': 'alice-session', 'last-event-id': '7' };
    expect((await post(server.resource, toolCall('whoami'), { headers })).status).toBe(401);
    const response = await post(server.resource, toolCall('whoami'), { token: await server.token(), headers });
    expect(response.status).toBe(200);
    expect(response.headers.get('mcp-session-id')).toBeNull();
  });

  test('MUST NOT rely on earlier requests of a connection for who calls', async () => {
    const subjects = [];
    for (const sub of ['alice', 'bob', 'alice']) {
      subjects.push(textOf(await callTool(server.resource, await server.token('', { sub }), 'whoami')));
    }
    expect(subjects).toEqual(['alice', 'bob', 'alice']);
  });

  test('SHOULD answer GET and DELETE with 405', async () => {
    const headers = { authorization: `Bearer ${await server.token()}` };
    for (const method of ['GET', 'DELETE'])
      expect((await fetch(server.resource, { method, headers })).status).toBe(405);
  });
});

describe('MCP transport, security', () => {
  test('MUST validate Origin, and answer 403 where it is there and not good', async () => {
    const token = await server.token();
    const ask = async (origin: string) =>
      (await post(server.resource, toolCall('whoami'), { token, headers: { origin } })).status;
    expect(await ask('https://evil.example')).toBe(403);
    expect(await ask(server.origin)).toBe(200);
  });

  test('SHOULD authenticate all connections', async () => {
    for (const method of [
      'initialize',
      'ping',
      'server/discover',
      'tools/list',
      'tools/call',
      'subscriptions/listen',
    ]) {
      expect((await post(server.resource, message(method))).status).toBe(401);
    }
  });

  test('MUST compare the headers of a request with its body, and act on the body', async () => {
    const token = await server.token();
    const mismatch = await post(server.resource, toolCall('whoami'), { token, headers: { 'mcp-name': 'admin' } });
    expect(mismatch.status).toBe(400);
    expect(await mismatch.json()).toMatchObject({ error: { code: -32020 } });
    const disguised = await post(server.resource, toolCall('admin'), { token, headers: { 'mcp-name': 'whoami' } });
    expect(disguised.status).toBe(403);
  });
});

describe('MCP 2026-07-28, what depends on the caller', () => {
  test('server/discover MUST be implemented, and may want a token', async () => {
    const response = await post(server.resource, message('server/discover'), { token: await server.token() });
    expect(await result(response)).toMatchObject({ supportedVersions: expect.arrayContaining(['2026-07-28']) });
  });

  test('tools/list MAY vary by what the caller was granted, and MUST then be private', async () => {
    const filtered = await startProtectedServer({ providers: [Tools], options: { lists: { show: 'permitted' } } });
    const listing = await post(filtered.resource, message('tools/list'), { token: await filtered.token() });
    expect(await result(listing)).toMatchObject({
      cacheScope: 'private',
      ttlMs: 300_000,
      tools: [{ name: 'whoami' }],
    });
    await filtered.close();
  });

  test('access control MUST NOT rest on what was listed', async () => {
    const filtered = await startProtectedServer({ providers: [Tools], options: { lists: { show: 'permitted' } } });
    const response = await post(filtered.resource, toolCall('admin'), { token: await filtered.token() });
    expect(await response.json()).toMatchObject({ error: { code: -32602 } });
    await filtered.close();
  });

  test('tools/list SHOULD be in the same order every time', async () => {
    const listing = await post(server.resource, message('tools/list'), { token: await server.token() });
    expect(await result(listing)).toMatchObject({ tools: [{ name: 'admin' }, { name: 'whoami' }] });
  });

  test('an unknown method MUST be answered with 404 and -32601', async () => {
    const response = await post(server.resource, message('nothing/known'), { token: await server.token() });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { code: -32601 } });
  });

  test('an event stream SHOULD ask proxies not to buffer it', async () => {
    const response = await post(
      server.resource,
      message('subscriptions/listen', { notifications: { toolsListChanged: true } }),
      { token: await server.token() },
    );
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    expect(response.headers.get('x-accel-buffering')).toBe('no');
    await response.body?.cancel();
  });
});
