import {
  Global,
  Inject,
  Injectable,
  Module,
  Scope,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import {
  ContextIdFactory,
  LazyModuleLoader,
  REQUEST,
  type ContextId,
  type ContextIdStrategy,
  type HostComponentInfo,
} from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { McpAuthModule, McpRegistry, McpTool, type McpContext } from 'nestjs-mcp-auth';
import { TestClient } from 'nestjs-mcp-auth/testing';
import { listen } from '../support/listen.js';
import { callTool, message, post, textOf } from '../support/mcp-request.js';
import { optionsFor } from '../support/module-options.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import { startApplication } from '../support/test-application.js';
import { TestIssuer } from '../support/test-issuer.js';

let made = 0;

@Injectable({ scope: Scope.REQUEST })
class PerCall {
  readonly number = (made += 1);

  constructor(@Inject(REQUEST) private readonly context: McpContext) {}

  get subject() {
    return this.context.caller?.subject;
  }
}

@Injectable({ scope: Scope.TRANSIENT })
class PerHost {
  readonly number = (made += 1);
}

@Injectable({ scope: Scope.REQUEST, durable: true })
class PerTenant {
  readonly number = (made += 1);

  constructor(@Inject(REQUEST) readonly payload: { tenant: string }) {}
}

@Injectable()
class Tools {
  constructor(
    private readonly perCall: PerCall,
    private readonly perHost: PerHost,
  ) {}

  @McpTool({ description: 'x' })
  scoped() {
    return { call: this.perCall.number, host: this.perHost.number, subject: this.perCall.subject };
  }
}

@Injectable()
class TenantTools {
  constructor(private readonly perTenant: PerTenant) {}

  @McpTool({ description: 'x' })
  tenant() {
    return { number: this.perTenant.number, payload: this.perTenant.payload };
  }
}

/** As applications with tenants have it; theirs come from the caller's token. */
class ByTenant implements ContextIdStrategy<{ user?: { claims: { tid?: string } } }> {
  readonly #trees = new Map<string, ContextId>();

  attach(contextId: ContextId, request: { user?: { claims: { tid?: string } } }) {
    const tenant = request.user?.claims.tid ?? 'none';
    const tree = this.#trees.get(tenant) ?? ContextIdFactory.create();
    this.#trees.set(tenant, tree);
    return {
      resolve: (info: HostComponentInfo) => (info.isTreeDurable ? tree : contextId),
      payload: { tenant },
    };
  }
}

describe('providers', () => {
  let server: ProtectedServer;
  beforeAll(async () => {
    ContextIdFactory.apply(new ByTenant());
    server = await startProtectedServer({ providers: [Tools, TenantTools, PerCall, PerHost, PerTenant] });
  });
  afterAll(async () => {
    ContextIdFactory.apply(undefined as never);
    await server.close();
  });

  const call = async (name: string, claims: Record<string, unknown>) =>
    (await callTool(server.resource, await server.token('', claims), name)).structuredContent as Record<
      string,
      unknown
    >;

  test('that are request-scoped are made for each call, and know its caller', async () => {
    const first = await call('scoped', { sub: 'alice' });
    const second = await call('scoped', { sub: 'bob' });
    expect([first.subject, second.subject]).toEqual(['alice', 'bob']);
    expect(first.call).not.toBe(second.call);
    expect(first.host).not.toBe(second.host);
  });

  test('that are durable are made once for each tenant', async () => {
    const acme = await call('tenant', { tid: 'acme' });
    const other = await call('tenant', { tid: 'other' });
    expect(acme.payload).toEqual({ tenant: 'acme' });
    expect(other.payload).toEqual({ tenant: 'other' });
    expect(await call('tenant', { tid: 'acme', sub: 'bob' })).toEqual(acme);
    expect(other.number).not.toBe(acme.number);
  });
});

describe('modules that are loaded lazily', () => {
  test('have their tools once the registry has discovered them, behind their guards', async () => {
    @Injectable()
    class OnlyAlice implements CanActivate {
      canActivate(context: ExecutionContext) {
        return context.switchToHttp().getRequest<McpContext>().caller?.subject === 'alice';
      }
    }
    @Injectable()
    class LateTools {
      @UseGuards(OnlyAlice)
      @McpTool({ description: 'x', scopes: ['late'] })
      late() {
        return 'better than never';
      }
    }
    @Module({ providers: [LateTools, OnlyAlice] })
    class LateModule {}

    const server = await startProtectedServer();
    try {
      const ask = async (sub: string, scope = 'late') =>
        await callTool(server.resource, await server.token(scope, { sub }), 'late').catch(String);
      expect(await ask('alice')).toContain('Unknown tool');
      await server.app.get(LazyModuleLoader).load(() => LateModule);
      await server.app.get(McpRegistry).discover();
      await server.app.get(McpRegistry).discover();
      expect(await ask('alice')).toMatchObject({ content: [{ text: 'better than never' }] });
      expect(await ask('bob')).toMatchObject({ isError: true });
      expect(await ask('alice', 'other')).toContain('403');
    } finally {
      await server.close();
    }
  });
});

describe('Test.createTestingModule', () => {
  @Injectable()
  class Deny implements CanActivate {
    canActivate() {
      return false;
    }
  }
  @Injectable()
  class Prices {
    of(): number {
      throw new Error('The real one is not there in tests');
    }
  }
  @Injectable()
  class PriceTools {
    constructor(private readonly prices: Prices) {}

    @UseGuards(Deny)
    @McpTool({ description: 'x' })
    price() {
      return { price: this.prices.of() };
    }
  }

  test('overrides providers and guards of tools', async () => {
    const listener = await listen();
    const module = await Test.createTestingModule({
      imports: [
        McpAuthModule.forRoot({
          server: { name: 'x', version: '1' },
          resource: `${listener.origin}/mcp`,
          access: { anonymous: true },
          doctor: false,
        }),
      ],
      providers: [PriceTools, Prices],
    })
      .overrideProvider(Prices)
      .useValue({ of: () => 7 })
      .overrideGuard(Deny)
      .useValue({ canActivate: () => true })
      .compile();
    const app = module.createNestApplication();
    await app.init();
    listener.server.on('request', app.getHttpAdapter().getInstance() as never);
    try {
      const result = await callTool(`${listener.origin}/mcp`, undefined, 'price');
      expect(result.structuredContent).toEqual({ price: 7 });
    } finally {
      await listener.close();
      await app.close();
    }
  });
});

describe('two servers of one application', () => {
  @Injectable()
  class Shared {
    @McpTool({ description: 'x', server: 'admin', scopes: ['admin'] })
    purge() {
      return 'purged';
    }

    @McpTool({ description: 'x', server: ['public', 'admin'], scopes: ['read'] })
    look() {
      return 'looked';
    }

    @McpTool({ description: 'x', server: 'public' })
    greet() {
      return 'hello';
    }
  }

  let stop: () => Promise<void>;
  afterEach(() => stop());

  test('have their own tools, resources and scopes', async () => {
    const issuer = await TestIssuer.start();
    const application = await startApplication({
      providers: [Shared],
      imports: (origin) =>
        ['public', 'admin'].map((name) =>
          McpAuthModule.forRoot({
            ...optionsFor(origin, issuer.issuer, { server: { name, version: '1' } }),
            resource: `${origin}/${name}/mcp`,
          }),
        ),
    });
    stop = async () => {
      await application.close();
      await issuer.close();
    };
    const at = (name: string) => `${application.origin}/${name}/mcp`;
    const token = (name: string, scope = 'read admin') => issuer.token({ aud: at(name), scope });
    const names = async (name: string) => {
      const response = await post(at(name), message('tools/list'), { token: await token(name) });
      const { result } = (await response.json()) as { result: { tools: { name: string }[] } };
      return result.tools.map((tool) => tool.name);
    };
    expect(await names('public')).toEqual(['greet', 'look']);
    expect(await names('admin')).toEqual(['look', 'purge']);
    expect(textOf(await callTool(at('admin'), await token('admin'), 'purge'))).toBe('purged');
    // The other server's token, and the other server's tool.
    expect((await post(at('admin'), message('tools/list'), { token: await token('public') })).status).toBe(401);
    await expect(callTool(at('public'), await token('public'), 'purge')).rejects.toThrow('Unknown tool');
    const client = TestClient.for(application.app, issuer, { server: 'admin' });
    expect((await client.as({ scopes: ['read'] }).callTool('look')).value).toBe('looked');
    expect(() => TestClient.for(application.app, issuer)).toThrow('`server` of TestClient.for is missing');
    const metadata = async (name: string) =>
      (await (await fetch(`${application.origin}/.well-known/oauth-protected-resource/${name}/mcp`)).json()) as unknown;
    expect(await metadata('admin')).toMatchObject({ resource: at('admin'), scopes_supported: ['admin', 'read'] });
    expect(await metadata('public')).toMatchObject({ resource: at('public'), scopes_supported: ['read'] });
    const registry = application.app.get(McpRegistry, { strict: false });
    await registry.registerTool({ name: 'extra', description: 'x', server: 'admin' }, () => 'x');
    expect(await names('public')).not.toContain('extra');
    expect(await names('admin')).toContain('extra');
  });

  test('name a server that is not there at boot', async () => {
    @Injectable()
    class Stray {
      @McpTool({ description: 'x', server: 'nowhere' })
      stray() {
        return 'x';
      }
    }
    stop = () => Promise.resolve();
    await expect(startProtectedServer({ providers: [Stray] })).rejects.toThrow(
      '`server` of @McpTool on Stray.stray is "nowhere", which is the `server.name` of no McpAuthModule. Use one of: test',
    );
  });
});

describe('shutdown', () => {
  test('lets calls finish, ends streams, and takes nothing new', async () => {
    let finish: () => void = () => undefined;
    let begun: () => void = () => undefined;
    const started = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const ended: string[] = [];

    @Injectable()
    class Slow {
      @McpTool({ description: 'x' })
      async slow() {
        begun();
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        ended.push('call');
        return 'done';
      }
    }
    @Global()
    @Module({})
    class Other {
      onApplicationShutdown() {
        ended.push('application');
      }
    }
    const server = await startProtectedServer({ providers: [Slow], imports: [Other] });
    const token = await server.token();
    const client = new Client({ name: 'x', version: '1' }, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
    await client.connect(
      new StreamableHTTPClientTransport(new URL(server.resource), {
        requestInit: { headers: { authorization: `Bearer ${token}` } },
      }),
    );
    const subscription = await client.listen({ toolsListChanged: true });
    const calling = callTool(server.resource, token, 'slow');
    await started;
    const closing = server.app.close();
    expect(await subscription.closed).toBe('graceful');
    expect((await post(server.resource, message('tools/list'), { token })).status).toBe(503);
    finish();
    expect(textOf(await calling)).toBe('done');
    await closing;
    expect(ended).toEqual(['call', 'application']);
    await client.close();
    await server.issuer.close();
    await server.close().catch(() => undefined);
  });

  test('gives calls up that take longer than they may', async () => {
    let aborted = false;
    let begun: () => void = () => undefined;
    const started = new Promise<void>((resolve) => {
      begun = resolve;
    });

    @Injectable()
    class Endless {
      @McpTool({ description: 'x' })
      async endless(_input: unknown, { signal }: McpContext) {
        begun();
        await new Promise<void>((resolve) => {
          signal.addEventListener('abort', () => {
            aborted = true;
            resolve();
          });
        });
      }
    }
    const server = await startProtectedServer({ providers: [Endless], options: { calls: { shutdownGraceMs: 10 } } });
    const calling = callTool(server.resource, await server.token(), 'endless').catch(() => undefined);
    await started;
    await server.app.close();
    await calling;
    expect(aborted).toBe(true);
    await server.issuer.close();
    await server.close().catch(() => undefined);
  });
});
