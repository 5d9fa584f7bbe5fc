import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  All,
  Catch,
  Controller,
  Injectable,
  Req,
  RequestTimeoutException,
  Res,
  type ArgumentsHost,
  type CallHandler,
  type ExceptionFilter,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ProtectedMcp } from 'nestjs-mcp-auth';
import {
  catchError,
  EMPTY,
  map,
  merge,
  NEVER,
  of,
  retry,
  switchMap,
  tap,
  throwError,
  timeout,
  type Observable,
} from 'rxjs';
import { message, post, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

type Meddle = (next: CallHandler, context: ExecutionContext) => Observable<unknown>;
type Raw = ServerResponse & { raw?: ServerResponse; hijack?: () => void };

/** Milliseconds. Answers that it ends never end by themselves. */
const LIMIT = 20;

const limitTime: Meddle = (next) =>
  next.handle().pipe(
    timeout(LIMIT),
    catchError(() => throwError(() => new RequestTimeoutException())),
  );

let around: Meddle;

@Injectable()
class Meddling implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler) {
    return around(next, context);
  }
}

@Catch()
class CatchEverything implements ExceptionFilter {
  constructor(private readonly host: HttpAdapterHost) {}

  catch(_exception: unknown, host: ArgumentsHost): void {
    this.host.httpAdapter.reply(host.switchToHttp().getResponse(), { statusCode: 599 }, 599);
  }
}

/** What the server behind does with a call. */
let answer: (raw: ServerResponse, body: { id?: unknown }) => unknown;
let asked = 0;

const RESULT = (id: unknown) =>
  JSON.stringify({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text: 'done' }] } });
const NOTE = `event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/progress', params: {} })}\n\n`;

const beginStream = (raw: ServerResponse) => {
  raw.writeHead(200, { 'Content-Type': 'text/event-stream' });
  raw.write(NOTE);
};

@Controller('mcp')
@ProtectedMcp({ tools: { run: {} }, resources: { 'a://b': {} } })
class Endpoint {
  @All()
  async handle(@Req() request: IncomingMessage & { body: { id?: unknown } }, @Res() response: Raw) {
    asked += 1;
    response.hijack?.();
    await answer(response.raw ?? response, request.body);
  }
}

@Controller('mcp')
@ProtectedMcp({ tools: { run: {} }, resources: { 'a://b': {} } })
class ReplyingEndpoint {
  @All()
  async handle(@Req() request: IncomingMessage & { body: { id?: unknown } }, @Res() response: Raw) {
    asked += 1;
    await answer(response.raw ?? response, request.body);
  }
}

const CASES = [Endpoint, ReplyingEndpoint].flatMap((controller) =>
  (['express', 'fastify'] as const).map((platform) => [platform, controller.name, controller] as const),
);

describe.each(CASES)('on %s, behind %s', (platform, _name, controller) => {
  let server: ProtectedServer;
  let token: string;

  beforeAll(async () => {
    around = (next) => next.handle();
    server = await startProtectedServer({
      platform,
      controllers: [controller],
      options: { endpoint: { mount: false } },
      configure: (app) => {
        app.useGlobalInterceptors(new Meddling());
        app.useGlobalFilters(new CatchEverything(app.get(HttpAdapterHost)));
      },
    });
    token = await server.token();
  });
  afterAll(() => server.close());
  beforeEach(() => {
    around = (next) => next.handle();
    server.log.lines.length = 0;
    asked = 0;
  });

  async function send(body: Record<string, unknown> = toolCall('run'), headers: Record<string, string> = {}) {
    const response = await post(server.resource, body, { token, headers });
    const text = await response.text();
    const events = text.split('\n').filter((line) => line.startsWith('data: '));
    const answers = (events.length > 0 ? events.map((line) => line.slice('data: '.length)) : [text])
      .map(
        (one) =>
          JSON.parse(one) as {
            id?: unknown;
            result?: { isError?: boolean; content: [{ text: string }] };
            error?: unknown;
          },
      )
      .filter(({ id }) => id !== undefined);
    expect(answers).toHaveLength(1);
    expect(server.log.text).not.toContain('ERR_HTTP_HEADERS_SENT');
    return { status: response.status, answer: answers[0] };
  }

  const never = () => new Promise(() => undefined);
  const quick = (raw: ServerResponse, { id }: { id?: unknown }) => {
    raw.writeHead(200, { 'Content-Type': 'application/json' }).end(RESULT(id));
  };

  test.each<[string, typeof answer]>([
    ['has not answered', never],
    [
      'has begun a stream',
      async (raw) => {
        beginStream(raw);
        await never();
      },
    ],
  ])('a time limit makes a result of a call that the server %s', async (_what, answers) => {
    [around, answer] = [limitTime, answers];
    expect(await send()).toMatchObject({
      status: 200,
      answer: { id: 1, result: { isError: true, content: [{ text: 'Request Timeout' }] } },
    });
    expect(server.log.text).toMatch(/An interceptor of the application ended a request.*Request Timeout/);
  });

  test('a time limit makes an error of what is no call', async () => {
    [around, answer] = [limitTime, never];
    const { answer: answered } = await send(message('resources/read', { uri: 'a://b' }), { 'mcp-name': 'a://b' });
    expect(answered).toMatchObject({ id: 1, error: { message: 'Request Timeout' } });
  });

  test('what the server writes after a time limit is dropped', async () => {
    let late: (() => void) | undefined;
    let written: Promise<void> | undefined;
    [around, answer] = [
      limitTime,
      (raw, { id }) => {
        written = new Promise<void>((resolve) => {
          late = () => {
            raw.writeHead(200, { 'Content-Type': 'application/json' }).end(RESULT(id));
            resolve();
          };
        });
        return written;
      },
    ];
    expect((await send()).answer?.result?.isError).toBe(true);
    late?.();
    await expect(written).resolves.toBeUndefined();
  });

  test('what the handler throws after a stream has begun is the result', async () => {
    answer = (raw) => {
      beginStream(raw);
      throw new Error('inside');
    };
    const { answer: answered } = await send();
    expect(answered?.result?.content[0].text).toMatch(/^run failed, for a reason that is not shown here/);
    expect(server.log.text).toContain('inside');
  });

  test('what the handler throws before it answers goes to the filters, unless it has hijacked the reply', async () => {
    answer = () => {
      throw new Error('inside');
    };
    if (platform === 'fastify' && controller === Endpoint) {
      expect((await send()).answer?.result?.isError).toBe(true);
      return;
    }
    const response = await post(server.resource, toolCall('run'), { token });
    expect(response.status).toBe(599);
  });

  test.each<[string, Meddle]>([
    [
      'swallows a time limit',
      (next) =>
        next.handle().pipe(
          timeout(LIMIT),
          catchError(() => of({ cached: true })),
        ),
    ],
    [
      'completes at a time limit',
      (next) =>
        next.handle().pipe(
          timeout(LIMIT),
          catchError(() => EMPTY),
        ),
    ],
    [
      'never completes after a time limit',
      (next) =>
        next.handle().pipe(
          timeout(LIMIT),
          catchError(() => NEVER),
        ),
    ],
    [
      'throws nothing',
      (next) =>
        next.handle().pipe(
          timeout(LIMIT),
          catchError(() => throwError(() => undefined)),
        ),
    ],
  ])('an interceptor that %s ends the call', async (_what, meddle) => {
    [around, answer] = [meddle, never];
    expect((await send()).answer?.result?.isError).toBe(true);
  });

  test.each<[string, Meddle]>([
    ['throws', (next) => next.handle().pipe(switchMap(() => throwError(() => new Error('late'))))],
    ['throws a text', (next) => next.handle().pipe(switchMap(() => throwError(() => 'late')))],
    ['wraps what comes', (next) => next.handle().pipe(map((data: unknown) => ({ data })))],
    ['never completes', (next) => next.handle().pipe(switchMap(() => NEVER))],
    ['completes without a value', (next) => next.handle().pipe(switchMap(() => EMPTY))],
    [
      'sets a header',
      (next, context) =>
        next.handle().pipe(
          tap(() => {
            const response = context.switchToHttp().getResponse<Raw>();
            (response.raw ?? response).setHeader('x-time', '1');
          }),
        ),
    ],
  ])('an interceptor that afterwards %s changes nothing', async (_what, meddle) => {
    [around, answer] = [meddle, quick];
    expect((await send()).answer?.result?.content[0].text).toBe('done');
  });

  test.each<[string, Meddle]>([
    ['asks twice', (next) => merge(next.handle(), next.handle())],
    ['asks again', (next) => next.handle().pipe(switchMap(() => next.handle()))],
    ['tries again', (next) => next.handle().pipe(retry(2))],
  ])('the server is asked once by an interceptor that %s', async (_what, meddle) => {
    [around, answer] = [meddle, quick];
    expect((await send()).answer?.result?.content[0].text).toBe('done');
    expect(asked).toBe(1);
  });
});
