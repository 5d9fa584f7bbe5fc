import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createGzip } from 'node:zlib';
import {
  Catch,
  ForbiddenException,
  Inject,
  Injectable,
  Scope,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type NestInterceptor,
  type PipeTransform,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE, REQUEST } from '@nestjs/core';
import { describe, expect, test } from '@jest/globals';
import { isMcp, McpTool, ToolError, type McpContext } from 'nestjs-mcp-auth';
import { Observable, of, tap } from 'rxjs';
import { z } from 'zod';
import { beginConversation } from '../support/conversation.js';
import { post, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServerParts } from '../support/protected-server.js';

type Middleware = (
  request: IncomingMessage & Record<string, unknown>,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

const store = new AsyncLocalStorage<{ readonly id: string }>();

/** How often `count` has run. */
let counted = 0;

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  plain() {
    return 'done';
  }

  @McpTool({ description: 'x' })
  count() {
    counted += 1;
    return `${counted}`;
  }

  @McpTool({ description: 'x', input: z.object({ id: z.string() }) })
  fails({ id }: { id: string }) {
    throw id === 'told' ? new ToolError('Not today') : new Error('inside');
  }

  @McpTool({ description: 'x' })
  async progresses(_input: object, context: McpContext) {
    await context.progress(1, 2);
    await context.progress(2, 2);
    return 'done';
  }

  @McpTool({ description: 'x' })
  async stored() {
    await Promise.resolve();
    return store.getStore()?.id ?? 'lost';
  }
}

/** Guards, interceptors, pipes and filters that do nothing, in each form that Nest can make them in. */
@Injectable()
class Passing implements CanActivate, NestInterceptor, PipeTransform {
  canActivate() {
    return true;
  }
  intercept(_context: ExecutionContext, next: CallHandler) {
    return next.handle();
  }
  transform(value: unknown) {
    return value;
  }
}

@Injectable({ scope: Scope.REQUEST })
class PassingPerRequest extends Passing {
  constructor(@Inject(REQUEST) private readonly request: object) {
    super();
  }
  override canActivate() {
    return typeof this.request === 'object';
  }
}

@Injectable({ scope: Scope.REQUEST, durable: true })
class PassingPerTenant extends Passing {}

@Injectable({ scope: Scope.TRANSIENT })
class PassingPerHost extends Passing {}

@Injectable()
class Denying implements CanActivate {
  canActivate(context: ExecutionContext) {
    return !isMcp(context);
  }
}

@Injectable({ scope: Scope.REQUEST })
class DenyingPerRequest extends Denying {
  constructor(@Inject(REQUEST) readonly request: object) {
    super();
  }
}

@Injectable({ scope: Scope.REQUEST })
class FailingPerRequest implements CanActivate {
  constructor(@Inject(REQUEST) request: object) {
    if ('operation' in request) throw new Error('inside');
  }
  canActivate() {
    return true;
  }
}

const filterThat = (handle: (exception: unknown) => unknown) => {
  @Catch()
  class Filter implements ExceptionFilter {
    catch(exception: unknown) {
      return handle(exception);
    }
  }
  return Filter;
};

@Injectable({ scope: Scope.REQUEST })
@Catch()
class RethrowingPerRequest implements ExceptionFilter {
  constructor(@Inject(REQUEST) readonly request: object) {}
  catch(exception: unknown) {
    throw exception;
  }
}

/** As interceptors for caches have it. */
@Injectable()
class Caching implements NestInterceptor {
  readonly #kept = new Map<string, unknown>();

  intercept(context: ExecutionContext, next: CallHandler) {
    if (!isMcp(context)) return next.handle();
    const key = context.getHandler().name;
    if (this.#kept.has(key)) return of(this.#kept.get(key));
    return next.handle().pipe(tap((value: unknown) => this.#kept.set(key, value)));
  }
}

/** As `ClsInterceptor` of nestjs-cls has it. */
@Injectable()
class StoringInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler) {
    return new Observable<unknown>((subscriber) => {
      store.run({ id: 'kept' }, () => next.handle().subscribe(subscriber));
    });
  }
}

/** As `ClsGuard` of nestjs-cls has it. */
@Injectable()
class StoringGuard implements CanActivate {
  canActivate() {
    store.enterWith({ id: 'kept' });
    return true;
  }
}

/** As compression does it: what is written goes through a stream. */
const compress: Middleware = (_request, response, next) => {
  const { write, end, writeHead } = response;
  const gzip = createGzip();
  response.writeHead = ((...args: Parameters<ServerResponse['writeHead']>) => {
    response.removeHeader('content-length');
    response.setHeader('content-encoding', 'gzip');
    const headers = args.find((one) => typeof one === 'object') as unknown as Record<string, unknown> | undefined;
    for (const name of Object.keys(headers ?? {})) if (name.toLowerCase() === 'content-length') delete headers?.[name];
    return writeHead.apply(response, args);
  }) as ServerResponse['writeHead'];
  const begin = () => {
    if (!response.headersSent) response.writeHead(response.statusCode);
  };
  response.write = ((chunk: string, ...rest: unknown[]) => {
    begin();
    const done = rest.find((one) => typeof one === 'function') as (() => void) | undefined;
    const isTaken = gzip.write(chunk, done);
    gzip.flush();
    return isTaken;
  }) as ServerResponse['write'];
  response.end = ((chunk?: unknown, ...rest: unknown[]) => {
    begin();
    const done = [chunk, ...rest].find((one) => typeof one === 'function') as (() => void) | undefined;
    if (done) response.once('finish', done);
    gzip.end(typeof chunk === 'function' ? undefined : chunk);
    return response;
  }) as ServerResponse['end'];
  gzip.on('data', (chunk: Buffer) => write.call(response, chunk, 'utf8'));
  gzip.on('end', () => end.call(response, undefined, 'utf8'));
  next();
};

/** As express-session does it: the session is saved before the answer ends. */
const keepSession: Middleware = (request, response, next) => {
  const { end, writeHead } = response;
  Object.assign(request, { session: { touch: () => undefined }, sessionID: 'of-somebody' });
  response.writeHead = ((...args: Parameters<ServerResponse['writeHead']>) => {
    response.setHeader('set-cookie', 'sid=of-somebody; HttpOnly');
    return writeHead.apply(response, args);
  }) as ServerResponse['writeHead'];
  let isEnded = false;
  response.end = ((...args: Parameters<ServerResponse['end']>) => {
    if (isEnded) return response;
    isEnded = true;
    setImmediate(() => end.apply(response, args));
    return response;
  }) as ServerResponse['end'];
  next();
};

const parseCookies: Middleware = (request, _response, next) => {
  Object.assign(request, { cookies: Object.create(null) as object, signedCookies: {}, secret: 'of the cookies' });
  next();
};

/** As csurf does it. */
const refuseWithoutMark: Middleware = (request, _response, next) => {
  if (request.method !== 'POST') next();
  else next(Object.assign(new ForbiddenException('invalid csrf token'), { code: 'EBADCSRFTOKEN' }));
};

const startStore: Middleware = (_request, _response, next) => {
  store.run({ id: 'kept' }, () => {
    next();
  });
};

const enterStore: Middleware = (_request, _response, next) => {
  store.enterWith({ id: 'kept' });
  next();
};

const withMiddleware = (middleware: Middleware): ProtectedServerParts => ({
  configure: (app) => app.use(middleware),
});

interface Answer {
  readonly id?: unknown;
  readonly result?: { readonly isError?: boolean; readonly content: readonly { readonly text: string }[] };
  readonly error?: { readonly message: string };
}

type Seen = string | RegExp;

const INSIDE = /^fails failed, for a reason that is not shown here/;
const DONE = { plain: 'done', progresses: 'done' };
const FAILURES = { told: 'Not today', inside: INSIDE };
const OF_ALL = [APP_GUARD, APP_INTERCEPTOR, APP_PIPE];
const providing = (how: (provide: string) => object) =>
  OF_ALL.map((provide) => ({ provide, ...how(provide) })) as NonNullable<ProtectedServerParts['providers']>;

const thrown = (value: unknown) => () => {
  throw value;
};

const APPLICATIONS: readonly [what: string, parts: ProtectedServerParts, seen: Readonly<Record<string, Seen>>][] = [
  ['useClass', { providers: providing(() => ({ useClass: Passing })) }, { ...DONE, ...FAILURES }],
  ['useExisting', { providers: [Passing, ...providing(() => ({ useExisting: Passing }))] }, { ...DONE, ...FAILURES }],
  ['useFactory', { providers: providing(() => ({ useFactory: () => new Passing() })) }, { ...DONE, ...FAILURES }],
  ['useClass, one for each request', { providers: providing(() => ({ useClass: PassingPerRequest })) }, DONE],
  [
    'useClass and a scope',
    { providers: providing(() => ({ useClass: Passing, scope: Scope.REQUEST })) },
    { ...DONE, ...FAILURES },
  ],
  [
    'useExisting of one for each request',
    { providers: [PassingPerRequest, ...providing(() => ({ useExisting: PassingPerRequest }))] },
    { ...DONE, ...FAILURES },
  ],
  [
    'useFactory that injects the request',
    {
      providers: providing(() => ({
        useFactory: (request: object) => new PassingPerRequest(request),
        inject: [REQUEST],
        scope: Scope.REQUEST,
      })),
    },
    DONE,
  ],
  ['a durable one', { providers: providing(() => ({ useClass: PassingPerTenant })) }, { ...DONE, ...FAILURES }],
  ['a transient one', { providers: providing(() => ({ useClass: PassingPerHost })) }, { ...DONE, ...FAILURES }],
  [
    'a guard by useExisting that denies',
    { providers: [Denying, { provide: APP_GUARD, useExisting: Denying }] },
    { plain: 'Forbidden resource' },
  ],
  [
    'a guard by useExisting, one for each request, that denies',
    { providers: [DenyingPerRequest, { provide: APP_GUARD, useExisting: DenyingPerRequest }] },
    { plain: 'Forbidden resource' },
  ],
  [
    'a guard for each request that cannot be made',
    { providers: [{ provide: APP_GUARD, useClass: FailingPerRequest }] },
    { plain: /^plain failed, for a reason that is not shown here/ },
  ],
  ...(
    [
      ['an error', thrown(new Error('of the filter')), INSIDE],
      ['a TypeError', thrown(new TypeError('of the filter')), 'Not today'],
      ['an HttpException', thrown(new ForbiddenException('Not you')), 'Not you'],
      ['what it got', (exception: unknown) => thrown(exception)(), 'Not today'],
      ['nothing', thrown(undefined), INSIDE],
      ['a text', thrown('of the filter'), INSIDE],
      ['later', () => Promise.reject(new Error('of the filter')), INSIDE],
    ] as const
  ).map(([what, handle, told]): (typeof APPLICATIONS)[number] => [
    `a filter that throws ${what}`,
    { providers: [{ provide: APP_FILTER, useClass: filterThat(handle) }] },
    { plain: 'done', told },
  ]),
  [
    'a filter for each request that throws what it got',
    { providers: [{ provide: APP_FILTER, useClass: RethrowingPerRequest }] },
    { plain: 'done', ...FAILURES },
  ],
  ['an interceptor that caches', { providers: [{ provide: APP_INTERCEPTOR, useClass: Caching }] }, { count: '1' }],
  ['middleware that compresses', withMiddleware(compress), { ...DONE, ...FAILURES }],
  ['middleware for sessions', withMiddleware(keepSession), { ...DONE, ...FAILURES }],
  ['middleware that reads cookies', withMiddleware(parseCookies), { ...DONE, ...FAILURES }],
  ['middleware that runs the request in a store', withMiddleware(startStore), { stored: 'kept' }],
  ['middleware that enters a store', withMiddleware(enterStore), { stored: 'kept' }],
  [
    'an interceptor with a store',
    { providers: [{ provide: APP_INTERCEPTOR, useClass: StoringInterceptor }] },
    { stored: 'kept' },
  ],
  ['a guard with a store', { providers: [{ provide: APP_GUARD, useClass: StoringGuard }] }, { stored: 'kept' }],
];

/** All messages of an answer. */
function readAnswers(text: string): readonly Answer[] {
  const streamed = Array.from(text.matchAll(/^data: (\{.*)$/gm), ([, data = '']) => data);
  return (streamed.length > 0 ? streamed : [text]).map((one) => JSON.parse(one) as Answer);
}

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  test.each(APPLICATIONS)('a call has one answer, with %s', async (_what, { providers = [], ...parts }, seen) => {
    counted = 0;
    const server = await startProtectedServer({ platform, providers: [Tools, ...providers], ...parts });
    try {
      const token = await server.token();
      const conversation = await beginConversation(server.resource, token);
      for (const era of ['2025', '2026']) {
        for (const [what, wanted] of Object.entries(seen)) {
          const body = what in FAILURES ? toolCall('fails', { id: what }) : toolCall(what);
          const { params } = body as { params: { _meta?: Record<string, unknown> } };
          params._meta = { ...(era === '2026' && params._meta), progressToken: 'p' };
          const response = await post(server.resource, body, {
            token,
            ...(era === '2025' && { headers: conversation }),
          });
          const text = await response.text();
          const answers = readAnswers(text).filter(({ id }) => id !== undefined);
          expect([what, response.status, answers]).toEqual([
            what,
            200,
            [expect.objectContaining({ id: 1, result: expect.anything() })],
          ]);
          const told = answers[0]?.result?.content.map((one) => one.text).join();
          expect(told).toEqual(typeof wanted === 'string' ? wanted : expect.stringMatching(wanted));
          expect(text).not.toMatch(/inside|of the filter/);
        }
      }
      expect(server.log.text).not.toMatch(/ERR_HTTP_HEADERS_SENT|unhandled/i);
    } finally {
      await server.close();
    }
  });

  test('middleware that refuses posts without a mark answers once, and is audited', async () => {
    const server = await startProtectedServer({ platform, providers: [Tools], ...withMiddleware(refuseWithoutMark) });
    const response = await post(server.resource, toolCall('plain'), { token: await server.token() });
    expect([response.status, await response.json()]).toMatchObject([403, { message: 'invalid csrf token' }]);
    await server.close();
    expect(server.log.text).toMatch(/request_refused|refused/);
  });
});
