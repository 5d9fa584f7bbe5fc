import {
  Catch,
  Injectable,
  RequestTimeoutException,
  type ArgumentsHost,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { BaseExceptionFilter, HttpAdapterHost } from '@nestjs/core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { isMcp, McpResource, McpTool, type McpContext } from 'nestjs-mcp-auth';
import {
  catchError,
  defer,
  EMPTY,
  ignoreElements,
  map,
  merge,
  NEVER,
  of,
  repeat,
  retry,
  switchMap,
  tap,
  throwError,
  timeout,
  TimeoutError,
  type Observable,
} from 'rxjs';
import { beginConversation } from '../support/conversation.js';
import { message, post, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

type Meddle = (next: CallHandler, context: ExecutionContext) => Observable<unknown>;

interface Response {
  status?(code: number): Response;
  code?(code: number): Response;
  send(body: unknown): void;
  setHeader?(name: string, value: string): void;
  header?(name: string, value: string): void;
}

/** Milliseconds. The tools that it ends never end by themselves. */
const LIMIT = 20;

/** As Nest's documentation has it. */
const limitTime: Meddle = (next) =>
  next.handle().pipe(
    timeout(LIMIT),
    catchError((error: unknown) =>
      throwError(() => (error instanceof TimeoutError ? new RequestTimeoutException() : error)),
    ),
  );

const pass: Meddle = (next) => next.handle();

/** What interceptors of the whole application do around the route, and around the tool. */
let around: { http?: Meddle; mcp?: Meddle } = {};

@Injectable()
class Meddling implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler) {
    return ((isMcp(context) ? around.mcp : around.http) ?? pass)(next, context);
  }
}

/** As Nest's documentation has it. */
@Catch()
class CatchEverything extends BaseExceptionFilter {
  constructor(private readonly host: HttpAdapterHost) {
    super(host.httpAdapter);
  }

  override catch(exception: unknown, host: ArgumentsHost): void {
    if (isCaught)
      this.host.httpAdapter.reply(host.switchToHttp().getResponse(), { statusCode: 599, message: 'caught' }, 599);
    else super.catch(exception, host);
  }
}

/** Whether a filter of the application answers every exception, or leaves that to Nest. */
let isCaught = true;

let aborted = 0;
let counted = 0;

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  async slow(_input: object, context: McpContext) {
    await untilAborted(context);
  }

  @McpTool({ description: 'x' })
  quick() {
    return 'done';
  }

  @McpTool({ description: 'x' })
  count() {
    counted += 1;
    return String(counted);
  }

  @McpResource({ uri: 'slow://resource' })
  async resource(_input: object, context: McpContext) {
    await untilAborted(context);
  }
}

async function untilAborted({ signal }: McpContext) {
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => {
      aborted += 1;
      resolve();
    });
  });
  await new Promise(() => undefined);
}

type Era = '2025' | '2026';

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  let server: ProtectedServer;
  let token: string;
  let conversation: Record<string, string>;

  beforeAll(async () => {
    around = {};
    server = await startProtectedServer({
      platform,
      providers: [Tools],
      configure: (app) => {
        app.useGlobalInterceptors(new Meddling());
        app.useGlobalFilters(new CatchEverything(app.get(HttpAdapterHost)));
      },
    });
    token = await server.token();
    conversation = await beginConversation(server.resource, token);
  });
  afterAll(() => server.close());
  beforeEach(() => {
    isCaught = true;
    server.log.lines.length = 0;
    aborted = 0;
    counted = 0;
  });

  async function ask(era: Era, body: Record<string, unknown>, headers: Record<string, string> = {}) {
    if (era === '2026') return await post(server.resource, body, { token, headers });
    const { _meta, ...params } = body.params as { _meta: unknown };
    return await post(server.resource, { ...body, params }, { token, headers: { ...headers, ...conversation } });
  }

  async function send(era: Era, body: Record<string, unknown>, headers?: Record<string, string>) {
    const response = await ask(era, body, headers);
    const text = await response.text();
    const data = text.split('\n').find((line) => line.startsWith('data: {'));
    const answer = JSON.parse(data?.slice('data: '.length) ?? text) as {
      readonly result?: { readonly isError?: boolean; readonly content: readonly { readonly text: string }[] };
      readonly error?: { readonly code: number; readonly message: string };
    };
    return { status: response.status, answer };
  }

  const call = async (era: Era, name: string) => await send(era, toolCall(name));

  describe.each(['2025', '2026'] as const)('of %s', (era) => {
    test.each<[string, typeof around, boolean]>([
      ['around the tool', { mcp: limitTime }, true],
      ['around the tool', { mcp: limitTime }, false],
      ['around the route', { http: limitTime }, true],
      ['around the route', { http: limitTime }, false],
      ['around both', { http: limitTime, mcp: limitTime }, true],
      ['around both', { http: limitTime, mcp: limitTime }, false],
    ])('a time limit %s makes a result of the call', async (_where, meddling, isAnswered) => {
      around = meddling;
      isCaught = isAnswered;
      const { status, answer } = await call(era, 'slow');
      expect({ status, answer }).toMatchObject({
        status: 200,
        answer: { result: { isError: true, content: [{ text: 'Request Timeout' }] } },
      });
      expect(server.log.lines.join('\n')).not.toContain('ERR_HTTP_HEADERS_SENT');
    });

    test('it ends the method, and is in the log', async () => {
      around = { http: limitTime };
      await call(era, 'slow');
      expect(aborted).toBe(1);
      expect(server.log.lines.join('\n')).toMatch(/An interceptor of the application ended a request.*Request Timeout/);
    });

    test('what is not written for clients is not told', async () => {
      around = {
        http: (next) =>
          next.handle().pipe(timeout({ first: LIMIT, with: () => throwError(() => new Error('inside')) })),
      };
      const { answer } = await call(era, 'slow');
      expect(answer.result?.content[0]?.text).toMatch(/^slow failed, for a reason that is not shown here/);
      expect(server.log.lines.join('\n')).toContain('inside');
    });

    test('a resource answers with an error', async () => {
      around = { http: limitTime };
      const { answer } = await send(era, message('resources/read', { uri: 'slow://resource' }), {
        'mcp-name': 'slow://resource',
      });
      expect(answer.error).toMatchObject({ message: 'Request Timeout' });
    });

    test.each<[string, Meddle]>([
      [
        'throws',
        (next) =>
          next.handle().pipe(
            tap(() => {
              throw new Error('late');
            }),
          ),
      ],
      ['throws a text', (next) => next.handle().pipe(switchMap(() => throwError(() => 'late')))],
      ['throws nothing', (next) => next.handle().pipe(switchMap(() => throwError(() => undefined)))],
      ['wraps what comes', (next) => next.handle().pipe(map((data: unknown) => ({ data })))],
      ['completes without a value', (next) => next.handle().pipe(ignoreElements())],
      ['never completes', (next) => next.handle().pipe(switchMap(() => NEVER))],
      [
        'sets a header',
        (next, context) =>
          next.handle().pipe(
            tap(() => {
              const response = context.switchToHttp().getResponse<Response>();
              (response.setHeader ?? response.header)?.call(response, 'x-time', '1');
            }),
          ),
      ],
      [
        'answers',
        (next, context) =>
          next.handle().pipe(
            tap(() => {
              const response = context.switchToHttp().getResponse<Response>();
              (response.status ?? response.code)?.call(response, 504).send({ late: true });
            }),
          ),
      ],
    ])('an interceptor that afterwards %s changes nothing', async (_what, meddle) => {
      around = { http: meddle };
      const { status, answer } = await call(era, 'quick');
      expect({ status, answer }).toMatchObject({ status: 200, answer: { result: { content: [{ text: 'done' }] } } });
      expect(server.log.lines.join('\n')).not.toContain('ERR_HTTP_HEADERS_SENT');
    });

    test.each<[string, Meddle]>([
      [
        'answers by itself while the call runs',
        (next, context) =>
          next.handle().pipe(
            timeout(LIMIT),
            catchError(() => {
              const response = context.switchToHttp().getResponse<Response>();
              (response.status ?? response.code)?.call(response, 504).send({ late: true });
              return EMPTY;
            }),
          ),
      ],
    ])('an interceptor that %s ends the call', async (_what, meddle) => {
      around = { http: meddle };
      const { status, answer } = await call(era, 'slow');
      expect({ status, answer }).toMatchObject({ status: 200, answer: { result: { isError: true } } });
    });

    test.each<[string, Meddle]>([
      ['asks twice', (next) => merge(next.handle(), next.handle())],
      ['asks again', (next) => next.handle().pipe(switchMap(() => next.handle()))],
      ['asks again later', (next) => next.handle().pipe(repeat({ count: 2, delay: 1 }))],
      [
        'tries again',
        (next) =>
          next.handle().pipe(
            switchMap(() => throwError(() => new Error('inside'))),
            retry(2),
          ),
      ],
    ])('a call runs once for an interceptor that %s', async (_what, meddle) => {
      around = { http: meddle };
      const { status, answer } = await call(era, 'count');
      expect({ status, answer }).toMatchObject({ status: 200, answer: { result: { content: [{ text: '1' }] } } });
      expect(counted).toBe(1);
      expect(server.log.lines.join('\n')).not.toContain('ERR_HTTP_HEADERS_SENT');
    });

    test.each<[string, Meddle]>([
      ['a value', () => of({ cached: true })],
      ['nothing', () => EMPTY],
      ['an exception', () => throwError(() => new Error('inside'))],
      [
        'a text that is thrown',
        () =>
          defer(() => {
            throw 'inside';
          }),
      ],
    ])('an interceptor that has %s in place of the endpoint makes a failure over HTTP', async (_what, meddle) => {
      isCaught = false;
      around = { http: meddle };
      const response = await ask(era, toolCall('quick'));
      expect(response.status).toBeGreaterThanOrEqual(500);
      expect(await response.text()).not.toContain('inside');
    });
  });
});
