import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  Catch,
  createParamDecorator,
  Injectable,
  ParseIntPipe,
  SetMetadata,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  ValidationPipe,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { IsInt, IsString } from 'class-validator';
import {
  CurrentCaller,
  Denial,
  DownstreamClient,
  McpContext,
  McpInput,
  McpOpenApi,
  McpOperation,
  UsePolicy,
  type Caller,
  type OperationCall,
  type Policy,
} from 'nestjs-mcp-auth';
import { map } from 'rxjs';
import { z } from 'zod';
import { startDownstreamServer, type DownstreamServer } from '../downstream/downstream-server.js';
import { sendJson } from '../support/test-issuer.js';
import { callTool, message, post, textOf, toolCall } from '../support/mcp-request.js';

const order = {
  type: 'object',
  required: ['item'],
  properties: { item: { type: 'string' }, quantity: { type: 'integer' } },
};
const ok = { responses: { 200: { description: 'it' } } };
const body = { requestBody: { required: true, content: { 'application/json': { schema: order } } } };
const id = { name: 'id', in: 'path', required: true, schema: { type: 'string' } };
const names = [
  'decorated',
  'onlyCaller',
  'lateCall',
  'piped',
  'ownInput',
  'ownClass',
  'validated',
  'guarded',
  'intercepted',
  'filtered',
  'denied',
  'described',
  'composed',
  'combined',
  'changed',
  'raw',
] as const;

const document = {
  openapi: '3.1.0',
  info: { title: 'Orders', version: '1' },
  paths: {
    ...Object.fromEntries(
      names.map((name) => [`/${name}`, { post: { operationId: name, summary: name, ...body, ...ok } }]),
    ),
    '/orders/{id}': {
      get: { operationId: 'getOrder', parameters: [id], ...ok },
      delete: { operationId: 'deleteOrder', parameters: [id], ...ok },
    },
  },
};

const Mark = (value: string) => SetMetadata('mark', value);
const ToolName = createParamDecorator((_data: unknown, context: ExecutionContext) => context.getHandler().name);

const seen: unknown[] = [];

@Injectable()
class Marked implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    seen.push(this.reflector.get<string>('mark', context.getHandler()), context.getHandler().name);
    return true;
  }
}

@Injectable()
class Wrapped implements NestInterceptor {
  constructor(private readonly reflector: Reflector) {}

  intercept(context: ExecutionContext, next: CallHandler) {
    const mark = this.reflector.get<string>('mark', context.getHandler());
    return next.handle().pipe(map(() => ({ mark })));
  }
}

@Catch(RangeError)
class Ranges implements ExceptionFilter {
  catch(error: RangeError) {
    return { caught: error.message };
  }
}

@Injectable()
class Never implements Policy {
  permits() {
    return new Denial('Not today.');
  }
}

class NewOrder {
  @IsString()
  article = '';

  @IsInt()
  count = 0;
}

class Body {
  @IsString()
  item!: string;

  twice(): string {
    return this.item + this.item;
  }
}

interface Order {
  item: string;
}

@McpOpenApi({ downstream: 'orders', document, exclude: { method: 'DELETE' } })
class OrdersApi {
  constructor(private readonly downstream: DownstreamClient) {}

  @McpOperation('decorated')
  decorated(
    @McpInput('item') item: string,
    @CurrentCaller('subject') subject: string,
    call: OperationCall,
    @ToolName() name: string,
  ) {
    return call({ item: `${item} for ${subject} by ${name}` });
  }

  @McpOperation('onlyCaller')
  onlyCaller(@CurrentCaller() caller: Caller, call: OperationCall) {
    return call({ item: caller.subject });
  }

  @McpOperation('lateCall')
  late(input: Order, @McpContext() context: McpContext, @CurrentCaller() caller: Caller, call: OperationCall) {
    return call({ item: `${input.item} ${context.operation.name ?? ''} ${caller.subject ?? ''}` });
  }

  @McpOperation('piped', { input: z.object({ quantity: z.string() }) })
  piped(@McpInput('quantity', ParseIntPipe) quantity: number, call: OperationCall) {
    return call({ item: 'piped', quantity });
  }

  @McpOperation('ownInput', { input: z.object({ articles: z.array(z.string()) }) })
  ownInput({ articles }: { articles: string[] }, call: OperationCall<Order>) {
    return call({ item: articles.join(' and ') });
  }

  @McpOperation('ownClass', { input: NewOrder })
  ownClass(input: NewOrder, call: OperationCall) {
    return call({ item: `${input.constructor.name} ${input.article}`, quantity: input.count });
  }

  @McpOperation('validated')
  @UsePipes(new ValidationPipe({ transform: true }))
  validated(input: Body, call: OperationCall) {
    return call({ item: input.twice() });
  }

  @McpOperation('guarded')
  @UseGuards(Marked)
  @Mark('of the guarded one')
  guarded(input: Order, call: OperationCall) {
    return call(input);
  }

  @McpOperation('intercepted')
  @UseInterceptors(Wrapped)
  @Mark('of the intercepted one')
  intercepted(input: Order, call: OperationCall) {
    return call(input);
  }

  @McpOperation('filtered')
  @UseFilters(Ranges)
  filtered(): never {
    throw new RangeError('too far');
  }

  @McpOperation('denied')
  @UsePolicy(Never)
  denied(input: Order, call: OperationCall) {
    return call(input);
  }

  @McpOperation('described', {
    name: 'renamed',
    title: 'A title',
    description: 'A description',
    output: z.object({ total: z.number() }),
    scopes: (input: unknown) => ((input as Order).item === 'gold' ? ['orders:gold'] : ['orders:any']),
    annotations: { destructiveHint: false },
    meta: { 'example.com/kind': 'order' },
    timeoutMs: 5_000,
    acrValues: ['strong'],
    maxAgeMs: 60_000,
    exchange: 'lazy',
    appOnly: 'deny',
  })
  described() {
    return { total: 7 };
  }

  @McpOperation('composed')
  async composed({ item }: Order, call: OperationCall) {
    const before = await call.operation<{ id: string }>('getOrder').fetch({ id: item });
    const deleted = await call.operation('DELETE /orders/{id}')({ id: item });
    return { before: before.status, deleted: deleted.structuredContent };
  }

  @McpOperation('combined', { downstream: 'billing' })
  async combined(_input: Order) {
    return await this.downstream.for('billing').json('/bills');
  }

  @McpOperation('changed')
  async changed(input: Order, call: OperationCall) {
    const result = await call(input);
    return { ...result, content: [{ type: 'text', text: 'Done.' }], structuredContent: { done: true } };
  }

  @McpOperation('raw')
  async raw(input: Order, call: OperationCall) {
    const response = await call.fetch(input);
    return { status: response.status };
  }
}

describe.each(['express', 'fastify'] as const)('methods for operations on %s', (platform) => {
  let server: DownstreamServer;
  let token: string;

  beforeAll(async () => {
    server = await startDownstreamServer({ platform, providers: [OrdersApi] });
    server.orders.answers.set('/v1/raw', (_request, response) => {
      sendJson(response, 409, {});
    });
    token = await server.token({ sub: 'alice' });
  });
  beforeEach(() => {
    seen.length = 0;
  });
  afterAll(() => server.close());

  test.each<[string, object, object]>([
    ['decorated', { item: 'tea' }, { item: 'tea for alice by decorated' }],
    ['onlyCaller', { item: 'tea' }, { item: 'alice' }],
    ['lateCall', { item: 'tea' }, { item: 'tea lateCall alice' }],
    ['piped', { quantity: '12' }, { item: 'piped', quantity: 12 }],
    ['ownInput', { articles: ['tea', 'milk'] }, { item: 'tea and milk' }],
    ['ownClass', { article: 'tea', count: 2 }, { item: 'NewOrder tea', quantity: 2 }],
    ['validated', { item: 'tea' }, { item: 'teatea' }],
  ])('%s gets what its parameters ask for', async (name, args, sent) => {
    await callTool(server.resource, token, name, args as Record<string, unknown>);

    expect(server.orders.last).toMatchObject({ method: 'POST', path: `/v1/${name}` });
    expect(JSON.parse(server.orders.last.body)).toStrictEqual(sent);
  });

  test('validate their arguments with the schema of the document', async () => {
    const result = await callTool(server.resource, token, 'guarded', { item: 7 });

    expect(result.isError).toBe(true);
    expect(textOf(result)).toContain('Invalid arguments for guarded');
  });

  test('run behind their guards, which read metadata', async () => {
    await callTool(server.resource, token, 'guarded', { item: 'tea' });

    expect(seen).toStrictEqual(['of the guarded one', 'guarded']);
  });

  test.each([
    ['intercepted', { mark: 'of the intercepted one' }],
    ['filtered', { caught: 'too far' }],
    ['changed', { done: true }],
    ['raw', { status: 409 }],
    ['composed', { before: 200, deleted: { path: '/v1/orders/tea', subject: 'alice', audience: 'orders-api' } }],
    ['combined', { path: '/bills', subject: 'alice' }],
  ])('%s answers as its method and decorators say', async (name, expected) => {
    const result = await callTool(server.resource, token, name, { item: 'tea' });

    expect(result.structuredContent).toMatchObject(expected);
  });

  test('are denied by their policies', async () => {
    const result = await callTool(server.resource, token, 'denied', { item: 'tea' });

    expect(textOf(result)).toContain('Not today.');
  });

  test('may be described by their options', async () => {
    const response = await post(server.resource, message('tools/list'), { token });

    const { result } = (await response.json()) as { result: { tools: { name: string }[] } };
    expect(result.tools.find(({ name }) => name === 'renamed')).toMatchObject({
      title: 'A title',
      description: 'A description',
      annotations: { destructiveHint: false },
      outputSchema: { properties: { total: { type: 'number' } } },
      inputSchema: { required: ['item'] },
      _meta: { 'example.com/kind': 'order' },
    });
    expect(result.tools.map(({ name }) => name)).not.toContain('described');
    expect(result.tools.map(({ name }) => name)).not.toContain('deleteOrder');
  });

  test.each([
    ['tea', 'orders:any', 'insufficient_user_authentication'],
    ['gold', 'orders:any', 'orders:gold'],
  ])('may demand more: %s with %s', async (item, scope, demand) => {
    const response = await post(server.resource, toolCall('renamed', { item }), {
      token: await server.token({ scope, acr: 'weak' }),
    });

    expect(response.headers.get('www-authenticate')).toContain(demand);
  });

  test('run with what they demand', async () => {
    const strong = { scope: 'orders:any', acr: 'strong', auth_time: Math.floor(Date.now() / 1000) };

    const result = await callTool(server.resource, await server.token(strong), 'renamed', { item: 'tea' });

    expect(result.structuredContent).toStrictEqual({ total: 7 });
  });
});
