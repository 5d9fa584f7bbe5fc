import {
  Injectable,
  UseGuards,
  UseInterceptors,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  CurrentCaller,
  isMcp,
  McpContext,
  McpHeader,
  McpInput,
  McpResource,
  McpTool,
  type Caller,
} from 'nestjs-mcp-auth';
import { tap } from 'rxjs';
import { z } from 'zod';
import { callTool, message, post, toolCall, type ToolResult } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

/** A request as guards of both platforms read it. */
interface HttpRequest {
  readonly [name: string]: unknown;
  readonly headers: Record<string, string | undefined>;
  readonly rawHeaders?: readonly string[];
  readonly socket: { readonly remoteAddress?: string };
  readonly raw?: HttpRequest;
  readonly route: { readonly path: string };
  readonly query: Record<string, unknown>;
  readonly log: ((...parts: unknown[]) => Promise<void>) & { info?: (text: string) => void };
  user: unknown;
  get(name: string): unknown;
  header(name: string): unknown;
  accepts?(type: string): unknown;
  on(event: string, listener: () => void): unknown;
  once(event: string, listener: () => void): unknown;
}

const NAMES = ['ip', 'ips', 'method', 'url', 'originalUrl', 'hostname', 'protocol'] as const;

/** What a guard of the application saw at the endpoint and at the tool. */
const seen: { http?: Record<string, unknown>; mcp?: Record<string, unknown>; request?: HttpRequest } = {};

@Injectable()
class Watching implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<HttpRequest>();
    const described = {
      ...Object.fromEntries(NAMES.map((name) => [name, request[name]])),
      tenant: request.tenant ?? request.raw?.tenant,
      address: request.socket.remoteAddress,
      language: request.headers['accept-language'],
    };
    if (isMcp(context)) Object.assign(seen, { mcp: described, request });
    else seen.http = described;
    return true;
  }
}

const times: unknown[] = [];

/** As loggers and timers of applications have it. */
@Injectable()
class Timing implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler) {
    const response = context.switchToHttp().getResponse<{
      statusCode: number;
      getHeader(name: string): unknown;
      setHeader?(name: string, value: string): unknown;
      header?(name: string, value: string): unknown;
      on?(event: string, listener: () => void): unknown;
    }>();
    if (isMcp(context)) response.on?.('finish', () => times.push('finish'));
    return next.handle().pipe(
      tap(() => {
        (response.setHeader ?? response.header)?.call(response, 'x-time', '1');
        if (isMcp(context)) times.push([response.statusCode, response.getHeader('x-time')]);
      }),
    );
  }
}

@Injectable()
class Enriching implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<HttpRequest>();
    request.user = { roles: ['clerk'], of: (request.user as Caller).subject };
    return true;
  }
}

@Injectable()
class Roles implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { user } = context.switchToHttp().getRequest<{ user: { roles?: string[] } }>();
    return user.roles?.includes('clerk') ?? false;
  }
}

@Injectable()
class Tools {
  @McpTool({ description: 'x', input: z.object({ id: z.string().optional() }) })
  plain(
    @McpInput('id') id: string | undefined,
    @McpHeader('X-Tenant') tenant: string,
    @McpHeader('x-none') none: string,
  ) {
    return { id, tenant, isThere: none !== undefined };
  }

  @UseGuards(Enriching, Roles)
  @McpTool({ description: 'x' })
  enriched(@CurrentCaller('subject') subject: string, @McpContext('user') user: unknown) {
    return { subject, user };
  }

  @UseInterceptors(new Timing())
  @McpTool({ description: 'x' })
  timed() {
    return 'done';
  }

  @McpResource({ uri: 'x://y' })
  resource(@McpHeader('x-tenant') tenant: string) {
    return tenant;
  }
}

type Middleware = (request: Record<string, unknown>, response: unknown, next: () => void) => void;

const CREDENTIALS = {
  cookie: 'sid=0123456789abcdef-cookie',
  'proxy-authorization': 'Basic 0123456789abcdef-proxy',
  'x-api-key': '0123456789abcdef-api',
  'ocp-apim-subscription-key': '0123456789abcdef-apim',
  'x-auth-token': '0123456789abcdef-auth',
  'x-forwarded-access-token': '0123456789abcdef-forwarded',
  'x-amzn-oidc-data': '0123456789abcdef-oidc',
  'cf-access-jwt-assertion': '0123456789abcdef-cf',
  'x-client-secret': '0123456789abcdef-client',
  'x-forwarded-client-cert': '0123456789abcdef-certificate',
};

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  let server: ProtectedServer;
  let token: string;

  beforeAll(async () => {
    server = await startProtectedServer({
      platform,
      providers: [Tools],
      configure: (app) => {
        app.useGlobalGuards(new Watching());
        const middleware: Middleware = (request, _response, next) => {
          const { authorization } = request.headers as { authorization?: string };
          const bearer = authorization?.slice('Bearer '.length);
          // As tenants, loggers, sessions and bearer parsers put it there.
          Object.assign(request, {
            tenant: { name: 'acme' },
            id: 'request-7',
            session: { touch: () => undefined, userId: 'someone else' },
            cookies: { sid: '0123456789abcdef-cookie' },
            token: bearer,
            raws: { nested: { deep: [`it is ${bearer}`] } },
            user: { subject: 'someone else' },
          });
          next();
        };
        app.use(middleware);
      },
    });
    token = await server.token();
  });
  afterAll(() => server.close());

  const headers = { 'x-tenant': 'acme', 'accept-language': 'de', 'idempotency-key': 'k1', ...CREDENTIALS };
  const address = (query = '') => `${server.resource}${query}`;

  async function call(name: string, args: Record<string, unknown> = {}, query = ''): Promise<ToolResult> {
    const response = await post(address(query), toolCall(name, args), { token, headers });
    return ((await response.json()) as { result: ToolResult }).result;
  }

  test('guards of a tool see the request that guards of the endpoint see', async () => {
    await call('plain', {}, '?lang=de');
    expect(seen.mcp).toEqual(seen.http);
    expect(seen.mcp).toMatchObject({ ip: '127.0.0.1', method: 'POST', tenant: { name: 'acme' }, language: 'de' });
    expect([seen.request?.route.path, seen.request?.path]).toEqual(['/mcp', '/mcp']);
    expect(seen.request?.get('X-Tenant')).toBe('acme');
    expect(seen.request?.header('x-tenant')).toBe('acme');
    expect(seen.request?.headers).toMatchObject({ 'idempotency-key': 'k1', host: new URL(server.resource).host });
    expect(seen.request?.id ?? seen.request?.raw?.id).toBe(platform === 'express' ? 'request-7' : seen.request?.id);
  });

  test('without credentials, wherever they are', async () => {
    await call('plain', { id: '7' }, '?lang=de&access_token=0123456789abcdef-query&apiKey=0123456789abcdef-key');
    const { request } = seen;
    expect(request?.headers.authorization).toBeUndefined();
    expect(request?.get('Authorization')).toBeUndefined();
    const everything = new Set<unknown>();
    const texts: string[] = [];
    const walk = (value: unknown): void => {
      if (typeof value === 'string') texts.push(value);
      if (typeof value !== 'object' || value === null || everything.has(value)) return;
      everything.add(value);
      for (const key of Object.keys(value)) walk(Reflect.get(value, key));
    };
    for (let one: object | null = request ?? null; one; one = Object.getPrototypeOf(one) as object | null) {
      for (const [key, { value }] of Object.entries(Object.getOwnPropertyDescriptors(one)))
        if (!['app', 'log', 'caller', 'signal', 'constructor'].includes(key)) walk(value);
    }
    expect(texts).toContain('acme');
    expect(texts.filter((text) => text.includes('0123456789abcdef') || text.includes(token))).toEqual([]);
    for (const name of Object.keys(CREDENTIALS)) expect(request?.headers[name]).toBeUndefined();
    expect([request?.url, request?.originalUrl]).toEqual(['/mcp?lang=de', '/mcp?lang=de']);
    expect(request).not.toHaveProperty('session.userId');
    expect(request).not.toHaveProperty('token');
  });

  test('`query` has the parameters of the URL, and arguments come first', async () => {
    await call('plain', { id: '7' }, '?lang=de&id=8');
    expect({ ...seen.request?.query }).toEqual({ lang: 'de', id: '7' });
    expect(seen.request?.body).toEqual({ id: '7' });
  });

  test('`user` is the caller, until a guard of the tool says more of it', async () => {
    await call('plain');
    expect(seen.request?.user).toMatchObject({ subject: 'alice' });
    const { structuredContent } = await call('enriched');
    expect(structuredContent).toEqual({ subject: 'alice', user: { roles: ['clerk'], of: 'alice' } });
  });

  test('a tool and a resource get a header that they name', async () => {
    expect((await call('plain')).structuredContent).toEqual({ tenant: 'acme', isThere: false });
    const response = await post(server.resource, message('resources/read', { uri: 'x://y' }), {
      token,
      headers: { ...headers, 'mcp-name': 'x://y' },
    });
    expect(await response.json()).toMatchObject({ result: { contents: [{ text: 'acme' }] } });
  });

  test('interceptors find a response on which they set and read headers and the status', async () => {
    times.length = 0;
    expect((await call('timed')).content).toEqual([{ type: 'text', text: 'done' }]);
    expect(times).toEqual([[200, '1'], 'finish']);
  });

  test('without a token there is no trouble with what middleware has put there', async () => {
    const { status } = await post(server.resource, toolCall('plain'));
    expect(status).toBe(401);
    expect(await callTool(server.resource, token, 'plain')).not.toHaveProperty('isError');
  });
});

describe.each([
  ['@McpHeader', 'Authorization'],
  ['@McpHeader', 'cookie'],
  ['@McpHeader', 'DPoP'],
  ['@McpHeader', 'X-Api-Key'],
  ['@McpHeader', 'x-forwarded-access-token'],
  ['@McpHeader', 'Proxy-Authorization'],
  ['@McpHeader', 'X-Forwarded-Client-Cert'],
  ['@McpHeader', 'Client-Cert'],
  ['@McpHeader', 'X-SSL-Client-Cert'],
  ['@McpHeader', 'X-ARR-ClientCert'],
  ['@McpHeader', 'X-Amzn-Mtls-Clientcert'],
  ['@McpHeader', 'Ocp-Apim-Subscription-Key'],
  ['@McpHeader', 'X-CSRF-Token'],
  ['@McpHeader', 'X-Hub-Signature-256'],
  ['@McpHeader', 'X-Amz-Security-Token'],
  ['@McpHeader', 'X-Vault-Token'],
  ['@McpHeader', 'X-OTP'],
  ['@McpHeader', 'Set-Cookie'],
])('%s(%s)', (_decorator, name) => {
  test('stops the boot', async () => {
    @Injectable()
    class Nosy {
      @McpTool({ description: 'x' })
      nosy(@McpHeader(name) value: string) {
        return value;
      }
    }
    await expect(startProtectedServer({ providers: [Nosy] })).rejects.toThrow(
      `Nosy.nosy is the header ${name}, which carries a credential`,
    );
  });
});
