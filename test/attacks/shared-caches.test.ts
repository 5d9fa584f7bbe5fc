import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable, type Type } from '@nestjs/common';
import { Anonymous, McpRegistry, McpResource, McpResourceTemplate, McpTool } from 'nestjs-mcp-auth';
import { message, post } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

/** `cacheScope: 'public'` lets a cache between clients and the server serve what it has to everyone (SEP-2549). */

const shared = { ttlMs: 60_000, cacheScope: 'public' } as const;

@Injectable()
class Plain {
  @McpTool({ description: 'x' })
  run(): string {
    return 'ran';
  }
  @McpResource({ uri: 'news://today' })
  today() {
    return { contents: [{ uri: 'news://today', text: 'secret' }], ...shared };
  }
  @McpResourceTemplate({ uriTemplate: 'news://{day}', cache: { ttlMs: 60_000 } })
  day() {
    return { contents: [{ uri: 'news://monday', text: 'secret' }], cacheScope: 'public' as const, ttlMs: 1 };
  }
}

@Injectable()
class Mixed extends Plain {
  @Anonymous()
  @McpResource({ uri: 'hours://today', cache: shared })
  hours(): string {
    return 'nine to five';
  }
}

const LISTS = ['tools/list', 'prompts/list', 'resources/list', 'resources/templates/list', 'server/discover'];

async function scopeOf(server: ProtectedServer, method: string, params: Record<string, unknown>, token?: string) {
  const headers = { 'mcp-name': String(params.uri ?? '') };
  const response = await post(server.resource, message(method, params), { token, headers });
  return ((await response.json()) as { result?: { cacheScope?: string } }).result?.cacheScope;
}

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  let server: ProtectedServer;
  beforeAll(async () => {
    server = await startProtectedServer({ platform, providers: [Mixed] });
  });
  afterAll(() => server.close());

  test.each(LISTS.filter((method) => method !== 'prompts/list'))('%s behind a token is private', async (method) => {
    expect(await scopeOf(server, method, {}, await server.token())).toBe('private');
    expect(await scopeOf(server, method, {})).toBe('private');
  });

  test.each(['news://today', 'news://monday'])('what a method says of %s is not taken at its word', async (uri) => {
    expect(await scopeOf(server, 'resources/read', { uri }, await server.token())).toBe('private');
  });

  test('what everyone may read may be shared', async () => {
    expect(await scopeOf(server, 'resources/read', { uri: 'hours://today' }, await server.token())).toBe('public');
    expect(await scopeOf(server, 'resources/read', { uri: 'hours://today' })).toBe('public');
  });

  test('what is registered later is held to it', async () => {
    const register = () =>
      server.app.get(McpRegistry).registerResource({ uri: 'late://x', name: 'late', cache: shared }, () => 'secret');
    await expect((async () => await register())()).rejects.toThrow(/`cacheScope` "public"/);
  });
});

@Injectable()
class SharedResource {
  @McpResource({ uri: 'news://today', cache: shared, scopes: ['read'] })
  today(): string {
    return 'x';
  }
}

@Injectable()
class SharedTemplate {
  @McpResourceTemplate({ uriTemplate: 'news://{day}', cache: { cacheScope: 'public' } })
  day(): string {
    return 'x';
  }
}

test.each<[string, Type]>([
  ['a resource', SharedResource],
  ['a template', SharedTemplate],
])('%s behind a token that is said to be public stops the boot', async (_name, tools) => {
  await expect(startProtectedServer({ providers: [tools] })).rejects.toThrow(
    /`cache` of @McpResource\w* on Shared\w+\.\w+ has the `cacheScope` "public", but it takes a token to read/,
  );
});

test('a server without tokens has nothing to hide', async () => {
  const open = await startProtectedServer({
    providers: [Plain],
    options: { issuers: [], access: { anonymous: true } },
  });
  const scopes = await Promise.all(['tools/list', 'server/discover'].map((method) => scopeOf(open, method, {})));
  const read = await scopeOf(open, 'resources/read', { uri: 'news://today' });
  await open.close();
  expect([...scopes, read]).toEqual(['public', 'public', 'public']);
});
