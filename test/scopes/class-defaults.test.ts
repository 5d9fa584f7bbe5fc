import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable, type Type } from '@nestjs/common';
import {
  Anonymous,
  clientSecretBasic,
  DownstreamClient,
  McpDefaults,
  McpPrompt,
  McpResource,
  McpResourceTemplate,
  McpTool,
} from 'nestjs-mcp-auth';
import { message, post } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import { TestApi } from '../support/test-api.js';
import type { Platform } from '../support/test-application.js';

@McpDefaults({ scopes: ['orders:read'], appOnly: 'deny' })
@Injectable()
class Orders {
  @McpTool({ description: 'x' })
  find() {
    return 'found';
  }

  @McpResource({ uri: 'orders://today' })
  today() {
    return 'today';
  }

  @McpResourceTemplate({ uriTemplate: 'orders://by-id/{id}' })
  byId() {
    return 'one';
  }

  @McpPrompt({})
  summary() {
    return 'Sum up';
  }

  @McpTool({ description: 'x', scopes: ['orders:write'], appOnly: 'allow' })
  create() {
    return 'created';
  }

  @McpTool({ description: 'x', scopes: [] })
  count() {
    return 'counted';
  }

  @Anonymous()
  @McpTool({ description: 'x' })
  status() {
    return 'open';
  }
}

@McpDefaults({ scopes: ['orders:read'], appOnly: 'deny' })
class Reading {
  @McpTool({ description: 'x' })
  inherited() {
    return 'inherited';
  }
}

/** As its parent, with other scopes and a downstream. */
@McpDefaults({ scopes: { anyOf: ['archive:read', 'archive:admin'] }, downstream: 'archive', exchange: 'lazy' })
@Injectable()
class Archive extends Reading {
  constructor(private readonly client: DownstreamClient) {
    super();
  }

  @McpTool({ name: 'archive_find', description: 'x' })
  find() {
    return this.client.json('/orders');
  }

  @McpTool({ name: 'archive_size', description: 'x', downstream: [] })
  size() {
    return this.client.json('/orders');
  }
}

describe.each<[Platform]>([['express'], ['fastify']])('what a class says holds for its methods, on %s', (platform) => {
  let server: ProtectedServer;
  let api: TestApi;
  beforeAll(async () => {
    api = await TestApi.start();
    server = await startProtectedServer({
      platform,
      providers: [Orders],
      options: {
        client: { id: 'mcp-server', authentication: clientSecretBasic('mcp-server-secret') },
        downstreams: { archive: { baseUrl: api.origin, audience: 'archive-api' } },
      },
    });
  });
  afterAll(async () => {
    await server.close();
    await api.close();
  });

  const send = async (method: string, params: object, token?: string) => {
    const { uri } = params as { uri?: string };
    const headers = { ...(uri !== undefined && { 'mcp-name': uri }) };
    const body = message(method, params as Record<string, unknown>);
    const response = await post(server.resource, body, { token, headers });
    return { status: response.status, scope: scopeIn(response), text: await response.text() };
  };
  const callTool = async (name: string, token?: string) => await send('tools/call', { name, arguments: {} }, token);

  test.each<[string, string, object]>([
    ['tool', 'tools/call', { name: 'find', arguments: {} }],
    ['resource', 'resources/read', { uri: 'orders://today' }],
    ['resource template', 'resources/read', { uri: 'orders://by-id/7' }],
    ['prompt', 'prompts/get', { name: 'summary' }],
  ])('a %s', async (_name, method, params) => {
    expect(await send(method, params, await server.token('other'))).toMatchObject({
      status: 403,
      scope: 'orders:read',
    });
    expect(await send(method, params, await server.token('orders:read'))).toMatchObject({ status: 200 });
    expect(await send(method, params)).toMatchObject({ status: 401 });
  });

  test('but for one that says its own: scopes are not added up', async () => {
    const token = await server.token('orders:read');
    expect(await callTool('create', token)).toMatchObject({ status: 403, scope: 'orders:write' });
    expect(await callTool('create', await server.token('orders:write'))).toMatchObject({ status: 200 });
    expect(await callTool('count', await server.token())).toMatchObject({ status: 200 });
  });

  test('and takes the place of what the module says', async () => {
    const client = { sub: 'agent', client_id: 'agent' };
    expect((await callTool('find', await server.token('orders:read', client))).text).toContain('has no user');
    expect((await callTool('create', await server.token('orders:write', client))).text).toContain('created');
  });

  test('but for one that is for everyone', async () => {
    expect((await callTool('status')).text).toContain('open');
  });
});

function scopeIn({ headers }: Response): string | undefined {
  return /scope="([^"]*)"/.exec(headers.get('www-authenticate') ?? '')?.[1];
}

describe('the module, the class and the method', () => {
  let server: ProtectedServer | undefined;
  let api: TestApi | undefined;
  afterEach(async () => {
    await server?.close();
    await api?.close();
    [server, api] = [undefined, undefined];
  });

  async function start(...providers: Type[]) {
    api = await TestApi.start();
    server = await startProtectedServer({
      providers,
      options: {
        client: { id: 'mcp-server', authentication: clientSecretBasic('mcp-server-secret') },
        downstreams: {
          archive: { baseUrl: api.origin, audience: 'archive-api' },
          other: { baseUrl: api.origin, audience: 'other-api' },
        },
      },
    });
    return server;
  }

  async function ask(name: string, scope: string) {
    const { resource } = server as ProtectedServer;
    const token = await (server as ProtectedServer).token(scope);
    const body = message('tools/call', { name, arguments: {} });
    const response = await post(resource, body, { token });
    return { status: response.status, scope: scopeIn(response), text: await response.text() };
  }

  test('a class that extends another takes over what it does not say itself', async () => {
    await start(Archive);
    expect(await ask('archive_find', 'orders:read')).toMatchObject({ status: 403, scope: 'archive:read' });
    expect((await ask('archive_find', 'archive:admin')).text).toContain('archive-api');
    expect(await ask('inherited', 'orders:read')).toMatchObject({ status: 403, scope: 'archive:read' });
    const { resource } = server as ProtectedServer;
    const client = await (server as ProtectedServer).token('archive:read', { sub: 'agent', client_id: 'agent' });
    const refused = await post(resource, message('tools/call', { name: 'archive_find', arguments: {} }), {
      token: client,
    });
    expect(await refused.text()).toContain('has no user');
  });

  test('a method reaches no downstream of its class where it says that it has none', async () => {
    await start(Archive);
    expect((await ask('archive_size', 'archive:read')).text).toContain('"isError":true');
    expect((api as TestApi).requests).toEqual([]);
  });

  test('a call is given up after the time that the class says', async () => {
    @McpDefaults({ timeoutMs: 1 })
    @Injectable()
    class Slow {
      @McpTool({ description: 'x' })
      wait() {
        return new Promise<string>(() => undefined);
      }
    }
    await start(Slow);
    expect((await ask('wait', '')).text).toContain('"isError":true');
  });

  test('a server that the class does not name does not offer its methods', async () => {
    @McpDefaults({ server: 'test' })
    @Injectable()
    class Here {
      @McpTool({ description: 'x' })
      here() {
        return 'here';
      }
    }
    await start(Here);
    expect((await ask('here', '')).text).toContain('here');
  });

  /** Boots with a class, and tells why it does not. */
  async function faultOf(type: Type): Promise<string> {
    return await start(type).then(
      () => 'it booted',
      (error: unknown) => (error as Error).message,
    );
  }

  function tools(defaults: object, own: object = {}): Type {
    @McpDefaults(defaults)
    @Injectable()
    class Tools {
      @McpTool({ description: 'x', ...own })
      one() {
        return 1;
      }
      @McpTool({ description: 'x', ...own })
      two() {
        return 2;
      }
    }
    return Tools;
  }

  test.each<[string, Type, string]>([
    ['an unknown option', tools({ scope: ['a'] }), '`scope` of @McpDefaults on Tools is not an option of it'],
    ['no rule for scopes', tools({ scopes: 'a' }), '`scopes` of @McpDefaults on Tools is neither a list of scopes'],
    ['a scope that is none', tools({ scopes: ['a b'] }), '`scopes` of @McpDefaults on Tools has "a b"'],
    ['scopes of arguments', tools({ scopes: () => ['a'] }), '`scopes` of @McpDefaults on Tools is a function'],
    [
      'a fault that no method has',
      tools({ maxAgeMs: 0 }, { maxAgeMs: 9_000 }),
      '`maxAgeMs` of @McpDefaults on Tools is not',
    ],
    ['no time', tools({ timeoutMs: 0 }), '`timeoutMs` of @McpDefaults on Tools is not a whole number'],
    ['an unknown downstream', tools({ downstream: 'crm' }), '`downstream` of @McpDefaults on Tools is "crm"'],
    ['an unknown server', tools({ server: 'admin' }), '`server` of @McpDefaults on Tools is "admin"'],
    ['no downstream to exchange for', tools({ exchange: 'lazy' }), '`exchange` of @McpDefaults on Tools is set'],
  ])('%s on the class stops the boot, and is told once', async (_name, type, fault) => {
    const told = await faultOf(type);
    expect(told).toContain(fault);
    expect(told.match(/^ {2}- /gm)).toHaveLength(1);
  });

  test.each<[string, object, string]>([
    ['a scope that is none', { scopes: ['a b'] }, '`scopes` of @McpTool on Tools.one has "a b"'],
    ['an unknown downstream', { downstream: 'crm' }, '`downstream` of @McpTool on Tools.one is "crm"'],
  ])('%s on a method stops the boot as it does without the class', async (_name, own, fault) => {
    expect(await faultOf(tools({ scopes: ['a'], downstream: 'other' }, own))).toContain(fault);
  });

  test('a class for everyone cannot ask for scopes', async () => {
    @Anonymous()
    @McpDefaults({ scopes: ['a'] })
    @Injectable()
    class Tools {
      @McpTool({ description: 'x' })
      one() {
        return 1;
      }
    }
    expect(await faultOf(Tools)).toContain('`scopes` of @McpDefaults on Tools can never be met: @Anonymous');
  });

  test('a method for everyone cannot use a downstream of the class that takes the token of a caller', async () => {
    @McpDefaults({ downstream: 'other' })
    @Injectable()
    class Tools {
      @Anonymous()
      @McpTool({ description: 'x' })
      one() {
        return 1;
      }
    }
    expect(await faultOf(Tools)).toContain('`downstream` of @McpDefaults on Tools can never be met: @Anonymous');
  });

  test('a class without methods for clients is told', async () => {
    @McpDefaults({ scopes: ['a'] })
    @Injectable()
    class Tools {}
    expect(await faultOf(Tools)).toContain('@McpDefaults on Tools protects nothing');
  });
});
