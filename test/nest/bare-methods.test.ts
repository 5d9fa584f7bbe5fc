import {
  ForbiddenException,
  Inject,
  Injectable,
  Scope,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { McpTool, ToolError, type AuditEvent, type McpContext } from 'nestjs-mcp-auth';
import { concat, EMPTY, from, of, throwError } from 'rxjs';
import { z } from 'zod';
import { beginConversation } from '../support/conversation.js';
import { post, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

/** Nothing but its presence takes methods off the direct way. */
@Injectable()
class Passing implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler) {
    return next.handle();
  }
}

const unreadable = () =>
  new Proxy(new Error('inside'), {
    getPrototypeOf: () => {
      throw new Error('inside');
    },
  });

const THROWN: Readonly<Record<string, () => unknown>> = {
  tool_error: () => new ToolError('Not today'),
  http: () => new ForbiddenException('Not you'),
  http_object: () => new ForbiddenException({ message: ['one', 'two'] }),
  error: () => new Error('inside'),
  type_error: () => new TypeError('inside'),
  caused: () => new Error('inside', { cause: new ToolError('deeper') }),
  aggregate: () => new AggregateError([new Error('inside')], 'inside'),
  text: () => 'inside',
  number: () => 7,
  nothing: () => undefined,
  null: () => null,
  promise: () => Promise.resolve('inside'),
  function: () => () => 'inside',
  frozen: () => Object.freeze(new Error('inside')),
  without_prototype: () => Object.assign(Object.create(null) as object, { message: 'inside' }),
  unreadable,
};

const RETURNED: Readonly<Record<string, () => unknown>> = {
  text: () => 'done',
  empty: () => '',
  nothing: () => undefined,
  null: () => null,
  number: () => 0,
  no: () => false,
  object: () => ({ id: '7', at: new Date(0), tags: new Set(['a']) }),
  list: () => [1, 'two', { three: 3 }],
  array_of_nothing: () => [],
  big: () => 2n ** 70n,
  bytes: () => Buffer.from('bytes'),
  later: () => Promise.resolve({ id: '7' }),
  thenable: () => ({ then: (resolve: (value: string) => void) => void resolve('then') }),
  content: () => ({ content: [{ type: 'text', text: 'own' }], isError: true }),
  circular: () => {
    const one: Record<string, unknown> = {};
    return Object.assign(one, { one });
  },
  function: () => () => 'inside',
  symbol: () => Symbol('inside'),
  observable: () => from(['a', 'b']),
  observable_later: () => Promise.resolve(from(['a', { progress: 1, total: 2 }, 'b'])),
  observable_of_nothing: () => EMPTY,
  observable_that_fails: () =>
    concat(
      of('a'),
      throwError(() => new ToolError('Not today')),
    ),
  observable_that_fails_inside: () => throwError(() => new Error('inside')),
  iterable: () => [1, 2][Symbol.iterator](),
  getter: () => ({
    get secret(): string {
      throw new Error('inside');
    },
  }),
};

const kind = z.object({ kind: z.string() });

@Injectable()
class Tools {
  private readonly own = 'own';

  @McpTool({ description: 'x', input: kind })
  throws({ kind }: { kind: string }) {
    throw THROWN[kind]?.();
  }

  @McpTool({ description: 'x', input: kind })
  async rejects({ kind }: { kind: string }) {
    await Promise.resolve();
    throw THROWN[kind]?.();
  }

  @McpTool({ description: 'x', input: kind })
  returns({ kind }: { kind: string }) {
    return RETURNED[kind]?.() as string;
  }

  @McpTool({ description: 'x', input: kind, output: z.object({ id: z.string(), at: z.date().optional() }) })
  fits({ kind }: { kind: string }) {
    return RETURNED[kind]?.() as { id: string };
  }

  @McpTool({ description: 'x', input: kind })
  async *yields({ kind }: { kind: string }, context: McpContext) {
    yield 'a';
    yield { progress: 1, total: 2, message: 'half' };
    await context.progress(3);
    yield { id: '7' };
    if (kind === 'throws') throw new ToolError('Not today');
    if (kind === 'rejects') await Promise.reject(new Error('inside'));
    if (kind === 'returns_observable') return from(['b', 'c']);
    return kind === 'returns' ? { all: 2 } : undefined;
  }

  @McpTool({ description: 'x', input: z.object({ first: z.string().default('schema') }) })
  counts(input: { first: string }, context?: McpContext, third = 'third', ...rest: unknown[]) {
    // eslint-disable-next-line prefer-rest-params -- Methods may look at it.
    const { length } = arguments;
    return { length, input, third, rest, own: this.own, hasSignal: context?.signal instanceof AbortSignal };
  }

  @McpTool({ description: 'x' })
  defaults(input: object = { none: true }, { caller } = {} as McpContext) {
    return { input, subject: caller?.subject };
  }

  @McpTool({ description: 'x', input: z.object({ list: z.array(z.number()) }) })
  changes(input: { list: number[] }, context: McpContext) {
    input.list.push(4);
    return { input, context: Object.keys(context).sort(), name: context.operation.name };
  }

  @McpTool({ description: 'x' })
  async reports(_input: object, context: McpContext) {
    await context.progress(1, 3, 'one');
    await context.progress(2, 3);
    await context.log('info', 'told');
    return 'reported';
  }

  @McpTool({ description: 'x' })
  async asks(_input: object, context: McpContext) {
    const once = await context.once('step', () => 'once');
    const { action } = await context.elicit('Sure?', z.object({ sure: z.boolean() }));
    return { once, action };
  }

  @McpTool({ description: 'x' })
  async swallows(_input: object, context: McpContext) {
    try {
      return await context.elicit('Sure?', z.object({ sure: z.boolean() }));
    } catch {
      return 'swallowed';
    }
  }

  @McpTool({ description: 'x', timeoutMs: 20 })
  async never(_input: object, { signal }: McpContext) {
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    await new Promise(() => undefined);
  }

  @McpTool({ description: 'x', timeoutMs: 20 })
  async *yieldsForever() {
    yield 'a';
    await new Promise(() => undefined);
  }

  @McpTool({ description: 'x', scopes: ['admin'] })
  forbidden() {
    return 'ran';
  }

  @McpTool({ description: 'x' })
  async waits(_input: object, { signal }: McpContext) {
    started?.();
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    ended?.(String((signal.reason as Error).name));
  }
}

@Injectable({ scope: Scope.REQUEST })
class RequestTools {
  constructor(@Inject(REQUEST) private readonly context: McpContext) {}

  @McpTool({ description: 'x', input: z.object({ id: z.string() }) })
  scoped({ id }: { id: string }, context: McpContext) {
    if (id === 'throws') throw new ToolError('Not today');
    return { id, isSame: context === this.context, subject: this.context.caller?.subject };
  }
}

let started: (() => void) | undefined;
let ended: ((reason: string) => void) | undefined;

type Case = readonly [name: string, args: Record<string, unknown>];

const CASES: readonly Case[] = [
  ...['tool_error', 'error', 'nothing', 'promise', 'unreadable'].map((kind): Case => ['throws', { kind }]),
  ...Object.keys(THROWN).map((kind): Case => ['rejects', { kind }]),
  ...Object.keys(RETURNED).map((kind): Case => ['returns', { kind }]),
  ...['later', 'object', 'nothing', 'text', 'content', 'observable'].map((kind): Case => ['fits', { kind }]),
  ...['ends', 'throws', 'rejects', 'returns', 'returns_observable'].map((kind): Case => ['yields', { kind }]),
  ['counts', {}],
  ['counts', { first: 'one' }],
  ['counts', { first: 1 }],
  ['defaults', {}],
  ['changes', { list: [1] }],
  ['changes', {}],
  ['reports', {}],
  ['asks', {}],
  ['swallows', {}],
  ['never', {}],
  ['yields_forever', {}],
  ['forbidden', {}],
  ['scoped', { id: '7' }],
  ['scoped', { id: 'throws' }],
  ['scoped', {}],
  ['unknown', {}],
];

type Era = '2025' | '2026';

/** One application, what it has audited, and what it answers. */
class Way {
  readonly audited: AuditEvent[] = [];
  token = '';
  #server!: ProtectedServer;
  #conversation: Record<string, string> = {};

  async start(platform: 'express' | 'fastify', interceptors: readonly NestInterceptor[]): Promise<void> {
    this.#server = await startProtectedServer({
      platform,
      providers: [Tools, RequestTools],
      options: { observability: { auditSink: { record: (event) => void this.audited.push(event) } } },
      configure: (app) => app.useGlobalInterceptors(...interceptors),
    });
    this.token = await this.#server.token('some');
    this.#conversation = await beginConversation(this.#server.resource, this.token);
  }

  async send(era: Era, [name, args]: Case, signal?: AbortSignal): Promise<Response> {
    const body = toolCall(name, args);
    const { params } = body as { params: Record<string, unknown> };
    const { _meta: meta, ...rest } = params;
    const asked = { ...(era === '2026' && (meta as object)), progressToken: 'p' };
    if (era === '2026')
      Object.assign(asked, {
        'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} } },
        'io.modelcontextprotocol/logLevel': 'debug',
      });
    return await post(
      this.#server.resource,
      { ...body, params: { ...rest, _meta: asked } },
      { token: this.token, signal, ...(era === '2025' && { headers: this.#conversation }) },
    );
  }

  /** All that a client sees of a call, and all that is audited, without what is new each time. */
  async ask(era: Era, one: Case): Promise<unknown> {
    this.audited.length = 0;
    const response = await this.send(era, one);
    const text = await response.text();
    const { date: _date, 'x-ratelimit-reset': _reset, ...headers } = Object.fromEntries(response.headers);
    return JSON.parse(
      this.#withoutNews(JSON.stringify({ status: response.status, headers, text, audited: this.audited })),
    );
  }

  /** Calls by a real client, which answers questions. @returns the result and what came before it */
  async talk(era: Era, name: string): Promise<unknown> {
    const mode = era === '2025' ? 'legacy' : { pin: '2026-07-28' };
    const client = new Client(
      { name: 'x', version: '1' },
      { capabilities: { elicitation: { form: {} } }, versionNegotiation: { mode } },
    );
    const before: unknown[] = [];
    // The client tells of its own rounds as well, without a total.
    const onprogress = (one: { total?: number | undefined }) => void (one.total !== undefined && before.push(one));
    client.setRequestHandler('elicitation/create', ({ params }) => {
      before.push(params.message);
      return { action: 'accept', content: { sure: true } };
    });
    const requestInit = { headers: { authorization: `Bearer ${this.token}` } };
    await client.connect(new StreamableHTTPClientTransport(new URL(this.#server.resource), { requestInit }));
    const { content } = await client.callTool({ name, arguments: {} }, { onprogress });
    await client.close();
    return { before, content };
  }

  async close(): Promise<void> {
    await this.#server.close();
  }

  #withoutNews(text: string): string {
    return text
      .replaceAll(this.#server.origin, '<origin>')
      .replaceAll(this.#server.issuer.issuer, '<issuer>')
      .replaceAll(/[\da-f]{8}-[\da-f]{4}-[\da-f-]{22,27}/g, '<id>')
      .replaceAll(/"time":"[^"]*"/g, '"time":"<time>"')
      .replaceAll(/(\\"requestState\\":\\")[^\\]*/g, '$1<state>')
      .replaceAll(/"content-length":"\d+"/g, '"content-length":"<length>"');
  }
}

describe.each(['express', 'fastify'] as const)('a method that nothing stands around, on %s', (platform) => {
  const bare = new Way();
  const enhanced = new Way();

  beforeAll(async () => {
    await bare.start(platform, []);
    await enhanced.start(platform, [new Passing()]);
  });
  afterAll(async () => {
    await bare.close();
    await enhanced.close();
  });

  describe.each<Era>(['2025', '2026'])('for a client of %s', (era) => {
    test.each(CASES)('is answered as one behind an interceptor that does nothing: %s %j', async (name, args) => {
      const [answer, other] = await Promise.all([bare, enhanced].map((way) => way.ask(era, [name, args])));
      expect(answer).toEqual(other);
      expect(answer).toMatchObject({ status: expect.any(Number), text: expect.stringMatching(/./) });
    });

    test.each<[string, unknown[], string]>([
      ['asks', ['Sure?'], '{"once":"once","action":"accept"}'],
      [
        'reports',
        [
          { progress: 1, total: 3, message: 'one' },
          { progress: 2, total: 3 },
        ],
        'reported',
      ],
    ])('talks to its client alike: %s', async (name, before, text) => {
      const talked = await bare.talk(era, name);
      expect(talked).toEqual({ before, content: [{ type: 'text', text }] });
      expect(await enhanced.talk(era, name)).toEqual(talked);
    });

    test('is told alike that its client has gone', async () => {
      const reasons = [];
      for (const way of [bare, enhanced]) {
        const leaving = new AbortController();
        const begun = new Promise<void>((resolve) => (started = resolve));
        const over = new Promise<string>((resolve) => (ended = resolve));
        const calling = way.send(era, ['waits', {}], leaving.signal).then(
          (response) => response.text(),
          (error: Error) => error.name,
        );
        await begun;
        leaving.abort();
        expect(await calling).toBe('AbortError');
        reasons.push(await over);
      }
      expect(reasons[0]).toBe(reasons[1]);
    });
  });
});
