import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import {
  Body,
  Controller,
  createParamDecorator,
  DefaultValuePipe,
  Get,
  Injectable,
  Param,
  Query,
  Scope,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type NestInterceptor,
  type PipeTransform,
} from '@nestjs/common';
import { APP_PIPE } from '@nestjs/core';
import {
  CurrentCaller,
  McpContext as TheContext,
  McpInput,
  McpPrompt,
  McpResourceTemplate,
  McpTool,
  UsePolicy,
  type AuditEvent,
  type McpContext,
  type Policy,
  type PolicyRequest,
} from 'nestjs-mcp-auth';
import { z } from 'zod';
import { parseChallenge } from '../compliance/challenge-parameters.js';
import { headersFor, message, post } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

const input = z.object({ id: z.string().optional(), other: z.string().optional() });
type Input = z.infer<typeof input>;

/** What methods got. */
const got: unknown[] = [];
let pipedOnce = 0;

/** What each enhancer makes of the arguments: the caller sends the one, and the method gets the other. */
const DISGUISES: Readonly<Record<string, string>> = { sesame: 'admin', simsim: 'locked' };
const reveal = (value: unknown): unknown =>
  typeof value === 'string'
    ? (DISGUISES[value] ?? value)
    : typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, reveal(one)]))
      : value;

class Reveal implements PipeTransform {
  transform(value: unknown): unknown {
    return reveal(value);
  }
}
class RevealLater implements PipeTransform {
  async transform(value: unknown): Promise<unknown> {
    await Promise.resolve();
    pipedOnce += 1;
    return reveal(value);
  }
}
class RevealInPlace implements PipeTransform {
  transform(value: object): unknown {
    return Object.assign(value, reveal(value));
  }
}
class Throwing implements PipeTransform {
  transform(): never {
    throw new Error('A pipe failed');
  }
}
/** For all methods. */
class Trim implements PipeTransform {
  transform(value: unknown): unknown {
    if (typeof value === 'string') return value.trim();
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, this.transform(one)]));
  }
}
class MutatingGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { body } = context.switchToHttp().getRequest<{ body: object }>();
    Object.assign(body, reveal(body));
    return true;
  }
}
class ReplacingGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const all = context.getArgs<unknown[]>();
    all[1] = reveal(all[1]);
    return true;
  }
}
class ReplacingBodyGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<{ body: unknown }>();
    request.body = reveal(request.body);
    return true;
  }
}
class MutatingInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler) {
    const value = context.getArgByIndex<object>(1);
    Object.assign(value, reveal(value));
    return next.handle();
  }
}

/** A decorator of the application. */
const ArgumentsOfCall = createParamDecorator((_data: unknown, context: ExecutionContext) =>
  context.getArgByIndex<unknown>(1),
);

/** Outcomes of operations, as the audit has them. */
const outcomes: string[] = [];

class NotLocked implements Policy {
  permits({ arguments: args }: PolicyRequest): boolean {
    const { id } = args as Input;
    // Whatever a policy does to its copy is without effect.
    expect(() => Object.assign(args as object, { id: 'harmless' })).toThrow(TypeError);
    return id !== 'locked';
  }
}

const scopes = (args: Input) => {
  expect(Object.isFrozen(args)).toBe(true);
  return args.id === 'admin' ? ['admin'] : [];
};
const TOOL = { description: 'x', input, scopes };
const take = (value: unknown): string => {
  got.push(value);
  return 'done';
};

@Injectable()
@UsePolicy(NotLocked)
class Tools {
  @McpTool(TOOL) whole(args: Input) {
    return take(args.id);
  }
  @McpTool(TOOL) named(@McpInput('id') id: string) {
    return take(id);
  }
  @McpTool(TOOL) context(_args: Input, context: McpContext) {
    return take((context as unknown as { body: Input }).body.id);
  }
  @McpTool(TOOL) pipe(@McpInput('id', Reveal) id: string) {
    return take(id);
  }
  @McpTool(TOOL) pipe_instance(@McpInput('id', new RevealLater()) id: string) {
    return take(id);
  }
  @McpTool(TOOL) pipe_of_all(@Body(Reveal) args: Input) {
    return take(args.id);
  }
  @McpTool(TOOL) two_readings(@McpInput('id') _id: string, @McpInput('id', Reveal) id: string) {
    return take(id);
  }
  @McpTool(TOOL) beside_others(
    @CurrentCaller('subject') _user: string,
    @McpInput('id', Reveal) id: string,
    @TheContext() _context: McpContext,
  ) {
    return take(id);
  }
  @UsePipes(Reveal) @McpTool(TOOL) method_pipe(args: Input) {
    return take(args.id);
  }
  @UsePipes(new RevealLater()) @McpTool(TOOL) async_pipe(args: Input) {
    return take(args.id);
  }
  @UsePipes(RevealInPlace) @McpTool(TOOL) pipe_in_place(args: Input) {
    return take(args.id);
  }
  @UseGuards(MutatingGuard) @McpTool(TOOL) guard(args: Input) {
    return take(args.id);
  }
  @UseGuards(ReplacingGuard) @McpTool(TOOL) replacing_guard(args: Input) {
    return take(args.id);
  }
  @UseGuards(MutatingGuard) @McpTool(TOOL) guard_and_context(@TheContext('body' as never) body: Input) {
    return take(body.id);
  }
  @UseInterceptors(MutatingInterceptor) @McpTool(TOOL) interceptor(args: Input) {
    return take(args.id);
  }
  @UseInterceptors(MutatingInterceptor) @McpTool(TOOL) own_decorators_alone(
    @ArgumentsOfCall() args: Input,
    @TheContext() _context: McpContext,
  ) {
    return take(args.id);
  }

  @UsePipes(Reveal)
  @McpTool(TOOL)
  async asking(args: Input, context: McpContext) {
    const { action } = await context.elicit('Sure?', z.object({ sure: z.boolean() }));
    return take(`${args.id} ${action}`);
  }

  @McpTool(TOOL) default_value(@McpInput('id', new DefaultValuePipe('admin')) id: string) {
    return take(id);
  }
  @UseGuards(ReplacingBodyGuard) @McpTool(TOOL) replacing_body(args: Input) {
    return take(args.id);
  }
  @UsePipes(Throwing) @McpTool(TOOL) throwing(args: Input) {
    return take(args.id);
  }

  @UsePipes(Reveal) @McpPrompt({ description: 'x', input, scopes }) prompt(args: Input) {
    return take(args.id);
  }
  @McpPrompt({ description: 'x', input, scopes }) named_prompt(_args: Input, @McpInput('id', Reveal) id: unknown) {
    return take(id);
  }

  @UsePipes(Reveal)
  @McpResourceTemplate({ uriTemplate: 'piped://{id}', scopes: (args: unknown) => scopes(args as Input) })
  resource(args: Input) {
    return take(args.id);
  }

  @McpResourceTemplate({ uriTemplate: 'schema://{id}', input: z.object({ id: z.string() }), scopes })
  resource_with_schema(_args: Input, @McpInput('id', Reveal) id: unknown) {
    return take(id);
  }
}

@Injectable({ scope: Scope.REQUEST })
@UsePipes(Reveal)
@UsePolicy(NotLocked)
class ScopedTools {
  @McpTool(TOOL) class_pipe(args: Input) {
    return take(args.id);
  }
}

@Controller('orders')
@UsePolicy(NotLocked)
class Routes {
  @McpTool(TOOL) @Get('param/:id') param(@Param('id', Reveal) id: string) {
    return take(id);
  }
  @McpTool(TOOL) @Get('query') query(@Query('id', Reveal) id: string) {
    return take(id);
  }
  @McpTool(TOOL) @Get('body') body(@Body(Reveal) args: Input) {
    return take(args.id);
  }
}

const TOOLS = [
  'pipe',
  'pipe_instance',
  'pipe_of_all',
  'two_readings',
  'beside_others',
  'method_pipe',
  'async_pipe',
  'pipe_in_place',
  'guard',
  'replacing_guard',
  'interceptor',
  'guard_and_context',
  'own_decorators_alone',
  'asking',
  'class_pipe',
  'param',
  'query',
  'body',
];

const tool = (name: string) => (id: string | undefined) => {
  const body = message('tools/call', { name, arguments: id === undefined ? {} : { id } });
  const { _meta } = body.params as { _meta: Record<string, unknown> };
  _meta['io.modelcontextprotocol/clientCapabilities'] = { elicitation: { form: {} } };
  return body;
};
const prompt = (name: string) => (id: string | undefined) => message('prompts/get', { name, arguments: { id } });
const resource = (scheme: string) => (id: string | undefined) =>
  message('resources/read', { uri: `${scheme}://${id}` });

type Make = (id: string | undefined) => Record<string, unknown>;
const CHANGING: readonly (readonly [string, Make, string, string])[] = [
  ...['whole', 'named'].map((name) => [`a global pipe, ${name}`, tool(name), ' admin', ' locked\n'] as const),
  ...TOOLS.map((name) => [name, tool(name), 'sesame', 'simsim'] as const),
  ['a prompt', prompt('prompt'), 'sesame', 'simsim'],
  ['a prompt with a named argument', prompt('named_prompt'), 'sesame', 'simsim'],
  ['a template', resource('piped'), 'sesame', 'simsim'],
  ['a template with a schema', resource('schema'), 'sesame', 'simsim'],
];

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  let server: ProtectedServer;

  beforeAll(async () => {
    server = await startProtectedServer({
      platform,
      providers: [Tools, ScopedTools, { provide: APP_PIPE, useClass: Trim }],
      controllers: [Routes],
      options: {
        observability: {
          auditSink: {
            record: ({ type, ...event }: AuditEvent) => {
              if (type.startsWith('operation_')) outcomes.push('reason' in event ? `${type} ${event.reason}` : type);
            },
          },
        },
      },
    });
  });
  afterEach(() => {
    got.length = 0;
    outcomes.length = 0;
    pipedOnce = 0;
  });
  afterAll(() => server.close());

  async function send(body: Record<string, unknown>, scope = '', revision = '2026-07-28') {
    const { params } = body as { params: { uri?: string } };
    const headers = {
      ...headersFor(body, await server.token(scope)),
      ...(params.uri !== undefined && { 'mcp-name': params.uri }),
      'mcp-protocol-version': revision,
    };
    const answer = await post(server.resource, body, { headers });
    return { status: answer.status, challenge: answer.headers.get('www-authenticate'), text: await answer.text() };
  }

  const toLegacy = ({ params, ...body }: Record<string, unknown>) => {
    const { _meta, ...rest } = params as Record<string, unknown>;
    return { ...body, params: rest };
  };

  test.each(CHANGING)('%s: what it makes of the arguments needs its scope', async (_name, make, disguised) => {
    const modern = await send(make(disguised));
    const legacy = await send(toLegacy(make(disguised)), '', '2025-11-25');
    for (const { status, challenge } of [modern, legacy]) {
      expect(status).toBe(403);
      expect(parseChallenge(challenge ?? '')).toMatchObject({ error: 'insufficient_scope', scope: 'admin' });
    }
    expect(got).toEqual([]);
    expect(outcomes).toEqual(['operation_denied insufficient_scope', 'operation_denied insufficient_scope']);
  });

  test.each(CHANGING)('%s: what it makes of the arguments is told to policies', async (_name, make, _admin, locked) => {
    const { status, text } = await send(make(locked), 'admin');
    expect(status).toBeLessThan(500);
    expect(text).toMatch(/"isError":true|"error":/);
    expect(text).toContain('not allowed');
    expect(got).toEqual([]);
    expect(outcomes).toEqual(['operation_denied policy']);
  });

  test.each(CHANGING)('%s: the method gets it where it may', async (name, make, disguised) => {
    const { status, text } = await send(make(disguised), 'admin');
    expect(status).toBe(200);
    expect(outcomes).toEqual(['operation_allowed']);
    if (name === 'asking') expect(text).toContain('input_required');
    else expect(got).toEqual(['admin']);
  });

  test('the answer to a question does not get around it', async () => {
    const body = tool('asking')('sesame') as { params: object };
    const first = JSON.parse((await send(body, 'admin')).text) as { result: { requestState: string } };
    const answers = {
      requestState: first.result.requestState,
      inputResponses: { 'elicitation-1': { action: 'accept', content: { sure: true } } },
    };
    const again = { ...body, params: { ...body.params, ...answers } };
    expect((await send(again)).status).toBe(403);
    expect(got).toEqual([]);
    expect((await send(again, 'admin')).status).toBe(200);
    expect(got).toEqual(['admin accept']);
  });

  test('a pipe runs once', async () => {
    for (const id of ['sesame', 'other']) {
      pipedOnce = 0;
      await send(tool('async_pipe')(id), 'admin');
      expect(pipedOnce).toBe(1);
    }
  });

  test('a default of a pipe needs its scope', async () => {
    expect((await send(tool('default_value')(undefined))).status).toBe(403);
    expect(got).toEqual([]);
    expect((await send(tool('default_value')(undefined), 'admin')).status).toBe(200);
    expect((await send(tool('default_value')('x'))).status).toBe(200);
    expect(got).toEqual(['admin', 'x']);
  });

  test.each([
    ['a pipe that throws', 'throwing'],
    ['a guard that replaces the body', 'replacing_body'],
  ])('%s fails the call', async (_name, name) => {
    expect((await send(tool(name)('sesame'), 'admin')).text).toContain('"isError":true');
    expect(got).toEqual([]);
    expect(outcomes).toEqual(['operation_allowed']);
  });

  test('the context has the arguments that were authorized', async () => {
    await send(tool('context')(' admin'));
    // The method gets what the global pipe made, so it does not run.
    expect(got).toEqual([]);
    await send(tool('guard_and_context')('sesame'), 'admin');
    expect(got.filter((id) => id !== 'admin')).toEqual([]);
  });
});
