import fastifyCompress from '@fastify/compress';
import fastifyCookie from '@fastify/cookie';
import fastifyHelmet from '@fastify/helmet';
import fastifySession from '@fastify/session';
import { CacheInterceptor, CacheKey, CacheModule } from '@nestjs/cache-manager';
import { Injectable, type INestApplication } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import compression from 'compression';
import cookieParser from 'cookie-parser';
import { doubleCsrf } from 'csrf-csrf';
import session from 'express-session';
import helmet from 'helmet';
import { ClsModule, ClsService, type ClsModuleOptions } from 'nestjs-cls';
import { McpTool, ToolError, type McpContext } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { beginConversation } from '../support/conversation.js';
import { post, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer, type ProtectedServerParts } from '../support/protected-server.js';
import type { Platform } from '../support/test-application.js';

const SECRET = 'a secret of the cookies, 32 letters';
const COOKIE = 'theme=dark';
const LONG = 'x'.repeat(5_000);

@Injectable()
class Tools {
  counted = 0;
  go: () => void = () => undefined;

  @McpTool({ description: 'x' })
  plain(): string {
    return 'done';
  }

  @McpTool({ description: 'x' })
  long(): string {
    return LONG;
  }

  @McpTool({ description: 'x' })
  async progresses(_input: object, { progress }: McpContext): Promise<string> {
    await progress(1, 2);
    await new Promise<void>((resolve) => (this.go = resolve));
    return 'done';
  }

  @McpTool({ description: 'x', input: z.object({ id: z.string() }) })
  fails({ id }: { id: string }): never {
    throw id === 'told' ? new ToolError('Not today') : new Error('inside');
  }

  @McpTool({ description: 'x' })
  count(): string {
    this.counted += 1;
    return `${this.counted}`;
  }

  @CacheKey('kept')
  @McpTool({ description: 'x' })
  kept(): string {
    return this.count();
  }

  @McpTool({ description: 'x' })
  shown(_input: object, context: McpContext): string {
    const { raw, ...request } = context as unknown as Record<'session' | 'cookies' | 'signedCookies', unknown> & {
      readonly raw?: object;
    };
    const names = ['session', 'cookies', 'signedCookies', 'sessionStore', 'sessionID'];
    return names.filter((name) => name in context || name in request || (raw && name in raw)).join() || 'nothing';
  }
}

@Injectable()
class ClsTools {
  constructor(private readonly cls: ClsService) {}

  @McpTool({ description: 'x' })
  async stored(): Promise<string> {
    await Promise.resolve();
    return String(this.cls.get('tenant'));
  }
}

interface Asked {
  readonly status: number;
  readonly headers: Headers;
  readonly told: string;
}

type Ask = (what: string, headers?: Record<string, string>) => Promise<Asked>;

interface Row {
  readonly what: string;
  readonly platforms?: readonly Platform[];
  readonly parts: ProtectedServerParts;
  /** Proves that the package does its work here. */
  readonly check: (ask: Ask, server: ProtectedServer) => Promise<void>;
}

const using = (install: (app: INestApplication) => unknown): ProtectedServerParts => ({
  configure: (app) => void install(app),
});

const registering = (install: (app: NestFastifyApplication) => unknown): ProtectedServerParts => ({
  configure: (app) => void install(app as NestFastifyApplication),
});

const isCompressed = async (ask: Ask): Promise<void> => {
  const { headers, told } = await ask('long', { 'accept-encoding': 'gzip' });
  expect([headers.get('content-encoding'), told]).toEqual(['gzip', LONG]);
};

const isHelmeted = async (ask: Ask): Promise<void> => {
  const { headers } = await ask('plain');
  expect(headers.get('content-security-policy')).toContain("default-src 'self'");
  expect(headers.get('x-content-type-options')).toBe('nosniff');
};

const hasNoCookies = async (ask: Ask): Promise<void> => {
  expect((await ask('shown', { cookie: COOKIE })).told).toBe('nothing');
};

const keepsSession = async (ask: Ask): Promise<void> => {
  const { headers } = await ask('plain');
  expect(headers.get('set-cookie')).toMatch(/^connect\.sid=/);
  await hasNoCookies(ask);
};

const isStored = async (ask: Ask): Promise<void> => {
  expect((await ask('stored', { 'x-tenant': 'acme' })).told).toBe('acme');
  expect((await ask('stored', { 'x-tenant': 'other' })).told).toBe('other');
};

const storing = (options: ClsModuleOptions): ProtectedServerParts => ({
  imports: [ClsModule.forRoot({ global: true, ...options })],
  providers: [ClsTools],
});

interface HttpRequest {
  readonly headers: Readonly<Record<string, string | undefined>>;
}

const readTenant = ({ headers }: HttpRequest) => headers['x-tenant'];

const ROWS: readonly Row[] = [
  { what: 'compression', parts: using((app) => app.use(compression())), check: isCompressed },
  {
    what: '@fastify/compress',
    platforms: ['fastify'],
    parts: registering((app) => app.register(fastifyCompress)),
    check: async (ask) => {
      // It compresses what Fastify sends. The endpoint answers by itself.
      expect((await ask('long', { 'accept-encoding': 'gzip' })).told).toBe(LONG);
    },
  },
  { what: 'helmet', parts: using((app) => app.use(helmet())), check: isHelmeted },
  {
    what: '@fastify/helmet',
    platforms: ['fastify'],
    parts: registering((app) => app.register(fastifyHelmet)),
    check: isHelmeted,
  },
  { what: 'cookie-parser', parts: using((app) => app.use(cookieParser(SECRET))), check: hasNoCookies },
  {
    what: '@fastify/cookie',
    platforms: ['fastify'],
    parts: registering((app) => app.register(fastifyCookie, { secret: SECRET })),
    check: hasNoCookies,
  },
  {
    what: 'express-session',
    platforms: ['express'],
    parts: using((app) => app.use(session({ secret: SECRET, resave: true, saveUninitialized: true }))),
    check: keepsSession,
  },
  {
    what: '@fastify/session',
    platforms: ['fastify'],
    parts: registering((app) => [
      app.register(fastifyCookie),
      app.register(fastifySession, { secret: SECRET, cookie: { secure: false } }),
    ]),
    // It sets its cookie on what Fastify sends.
    check: hasNoCookies,
  },
  {
    what: 'nestjs-cls as middleware',
    parts: storing({
      middleware: {
        mount: true,
        setup: (cls, request: HttpRequest) => {
          cls.set('tenant', readTenant(request));
        },
      },
    }),
    check: isStored,
  },
  ...(['guard', 'interceptor'] as const).map((kind) => ({
    what: `nestjs-cls as ${kind}`,
    parts: storing({
      [kind]: {
        mount: true,
        setup: (
          cls: ClsService,
          context: Parameters<NonNullable<NonNullable<ClsModuleOptions['guard']>['setup']>>[1],
        ) => {
          cls.set('tenant', readTenant(context.switchToHttp().getRequest()));
        },
      },
    }),
    check: isStored,
  })),
  {
    what: '@nestjs/cache-manager',
    parts: {
      imports: [CacheModule.register({ isGlobal: true })],
      providers: [{ provide: APP_INTERCEPTOR, useClass: CacheInterceptor }],
    },
    check: async (ask, { app, origin }) => {
      app.get(Tools).counted = 0;
      // Calls are posts, which it does not keep, unless their method says so.
      expect([(await ask('count')).told, (await ask('count')).told]).toEqual(['1', '2']);
      const { told } = await ask('kept');
      expect((await ask('kept')).told).toBe(told);
      const metadata = () => fetch(`${origin}/.well-known/oauth-protected-resource/mcp`);
      const first = (await (await metadata()).json()) as object;
      const second = await metadata();
      expect([second.status, await second.json()]).toEqual([200, first]);
    },
  },
];

/** All messages of an answer. */
function readMessages(
  text: string,
): readonly { readonly result?: { readonly content: readonly { text: string }[] } }[] {
  const streamed = Array.from(text.matchAll(/^data: (\{.*)$/gm), ([, data = '']) => data);
  return (streamed.length > 0 ? streamed : [text]).map((one) => JSON.parse(one) as object);
}

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  describe.each(ROWS.filter(({ platforms = [platform] }) => platforms.includes(platform)))(
    'a server with $what',
    ({ parts, check }) => {
      let server: ProtectedServer;
      let token: string;
      let conversation: Record<string, string>;

      beforeAll(async () => {
        const { providers = [], ...rest } = parts;
        server = await startProtectedServer({ platform, providers: [Tools, ...providers], ...rest });
        token = await server.token();
        conversation = await beginConversation(server.resource, token);
      });
      afterAll(() => server.close());

      const send = (era: '2025' | '2026', what: string, headers: Record<string, string>): Promise<Response> => {
        const body = toolCall(what in { told: 1, inside: 1 } ? 'fails' : what, { id: what });
        const { params } = body as { params: { _meta?: Record<string, unknown> } };
        params._meta = { ...(era === '2026' && params._meta), progressToken: 'p' };
        return post(server.resource, body, { token, headers: { ...headers, ...(era === '2025' && conversation) } });
      };

      describe.each(['2025', '2026'] as const)('era %s', (era) => {
        const ask: Ask = async (what, headers = {}) => {
          const response = await send(era, what, headers);
          const [answer, ...more] = readMessages(await response.text()).filter((one) => 'id' in one);
          expect(more).toEqual([]);
          const told = answer?.result?.content.map(({ text }) => text).join() ?? '';
          return { status: response.status, headers: response.headers, told };
        };

        test('answers once, and with what the call has come to', async () => {
          expect(await ask('plain')).toMatchObject({ status: 200, told: 'done' });
          expect(await ask('told')).toMatchObject({ status: 200, told: 'Not today' });
          expect((await ask('inside')).told).toMatch(/^fails failed, for a reason that is not shown here/);
          expect(server.log.text).not.toMatch(/ERR_HTTP_HEADERS_SENT|ERR_STREAM|unhandled/i);
        });

        test('tells of progress while the call runs', async () => {
          const response = await send(era, 'progresses', { 'accept-encoding': 'gzip, br' });
          let text = '';
          for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
            text += piece;
            if (text.includes('notifications/progress')) server.app.get(Tools).go();
          }
          expect(text).toContain('done');
        });

        test('is as the package makes it', async () => {
          await check(ask, server);
        });
      });
    },
  );
});

test('csrf-csrf refuses posts without its mark, once, and operators are told', async () => {
  const { doubleCsrfProtection } = doubleCsrf({ getSecret: () => SECRET, getSessionIdentifier: () => 'one' });
  const server = await startProtectedServer({
    providers: [Tools],
    ...using((app) => app.use(cookieParser(), doubleCsrfProtection)),
  });
  try {
    const response = await post(server.resource, toolCall('plain'), { token: await server.token() });
    expect([response.status, await response.json()]).toMatchObject([403, { message: 'invalid csrf token' }]);
    expect(server.log.text).toMatch(/request_refused|refused/);
  } finally {
    await server.close();
  }
});
