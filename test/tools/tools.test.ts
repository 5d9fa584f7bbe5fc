import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  BadRequestException,
  Controller,
  Injectable,
  InternalServerErrorException,
  Module,
  NotFoundException,
  Scope,
} from '@nestjs/common';
import { McpTool, ToolError, type McpContext } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { callTool, message, post, textOf } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

const SECRET = 'password=hunter2';

@Injectable()
class Tools {
  calls = 0;

  @McpTool({
    name: 'orders.create-v2',
    title: 'Create an order',
    description: 'Creates an order',
    input: z.object({
      item: z.string().min(1).describe('What to order'),
      quantity: z.number().int().positive().default(1),
    }),
    output: z.object({ item: z.string(), quantity: z.number() }),
    annotations: { destructiveHint: false },
  })
  create({ item, quantity }: { item: string; quantity: number }) {
    this.calls++;
    return { item, quantity };
  }

  @McpTool({ description: 'Returns what it is told to', input: z.object({ kind: z.string() }) })
  returnsHTTPValueOf({ kind }: { kind: string }): unknown {
    return {
      string: 'text',
      object: { a: 1, at: new Date(0) },
      array: [1, 2],
      number: 7,
      boolean: false,
      nothing: undefined,
      null: null,
      result: { content: [{ type: 'text', text: 'as it is' }], isError: true },
      lookalike: { content: ['not', 'blocks'] },
      page: { content: [], total: 1 },
      date: new Date(0),
      function: () => 1,
      promise: Promise.resolve('later'),
    }[kind];
  }

  @McpTool({ description: 'Breaks its promise', output: z.object({ id: z.string() }) })
  brokenOutput(): unknown {
    return { id: 7, secret: SECRET };
  }

  @McpTool({
    description: 'Returns a page',
    output: z.object({ total: z.number() }),
    input: z.object({ kind: z.string() }),
  })
  page({ kind }: { kind: string }): unknown {
    return {
      good: { content: [], total: 1, secret: SECRET },
      bad: { content: [], total: 'one' },
      result: { content: [{ type: 'text', text: 'one page' }], structuredContent: { total: 1, secret: SECRET } },
      'bad result': { content: [], structuredContent: { total: 'one' } },
      error: { content: [{ type: 'text', text: 'no page' }], isError: true },
    }[kind];
  }

  @McpTool({ description: 'Throws', input: z.object({ kind: z.string() }) })
  async throws({ kind }: { kind: string }): Promise<never> {
    await Promise.resolve();
    switch (kind) {
      case 'error':
        throw new Error(SECRET, { cause: new Error('the deeper cause') });
      case 'type error':
        return (undefined as unknown as { a: () => never }).a();
      case 'circle': {
        const error = new Error(SECRET);
        error.cause = error;
        throw error;
      }
      case 'unreadable':
        throw Object.defineProperty(new Error('x'), 'stack', {
          get: () => {
            throw new Error(SECRET);
          },
        });
      case 'string':
        // As some libraries do.
        throw SECRET;
      case 'server exception':
        throw new InternalServerErrorException(SECRET);
      case 'http client error':
        throw Object.assign(new Error('Request failed'), { config: { headers: { authorization: SECRET } } });
      case 'tool error':
        throw new ToolError('No order 7. Call list_orders to see them.');
      case 'not found':
        throw new NotFoundException('There is no order 7');
      default:
        throw new BadRequestException({ message: 'Bad quantity', detail: SECRET });
    }
  }

  @McpTool({ description: 'Says who calls' })
  whoami(_input: unknown, { caller, signal }: McpContext) {
    return {
      subject: caller?.subject,
      clientId: caller?.clientId,
      scopes: caller?.scopes,
      aborted: signal.aborted,
      caller,
    };
  }

  notATool(): string {
    return 'x';
  }
}

@Controller('reports')
class ReportController {
  @McpTool({ description: 'On a controller' })
  report(): string {
    return 'report';
  }
}

@Injectable()
class Inner {
  @McpTool({ description: 'Deep in the module tree' })
  deep(): string {
    return 'deep';
  }
}

@Module({
  providers: [{ provide: 'TOKEN', useFactory: () => new Inner() }],
})
class InnerModule {}

@Module({ imports: [InnerModule] })
class FeatureModule {}

@Injectable({ scope: Scope.REQUEST })
class RequestScoped {
  static made = 0;
  readonly number = ++RequestScoped.made;

  @McpTool({ description: 'A new instance for each call' })
  instance() {
    return { number: this.number };
  }
}

class Base {
  @McpTool({ description: 'Declared in a base class' })
  inherited(): string {
    return this.constructor.name;
  }
}

@Injectable()
class Derived extends Base {}

let server: ProtectedServer;
let token: string;

beforeAll(async () => {
  server = await startProtectedServer({
    providers: [Tools, RequestScoped, Derived],
    controllers: [ReportController],
    imports: [FeatureModule],
  });
  token = await server.token('a b');
});
afterAll(() => server.close());

const call = (name: string, args?: Record<string, unknown>) => callTool(server.resource, token, name, args);

test('tools are found wherever they are declared, listed in the order of their names', async () => {
  const response = await post(server.resource, message('tools/list'), { token });
  const { result } = (await response.json()) as { result: { tools: { name: string }[] } };
  expect(result.tools.map(({ name }) => name)).toEqual([
    'broken_output',
    'deep',
    'inherited',
    'instance',
    'orders.create-v2',
    'page',
    'report',
    'returns_http_value_of',
    'throws',
    'whoami',
  ]);
  expect(result.tools.find(({ name }) => name === 'orders.create-v2')).toEqual({
    name: 'orders.create-v2',
    title: 'Create an order',
    description: 'Creates an order',
    inputSchema: {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      properties: {
        item: { type: 'string', minLength: 1, description: 'What to order' },
        quantity: { type: 'integer', exclusiveMinimum: 0, maximum: Number.MAX_SAFE_INTEGER, default: 1 },
      },
      required: ['item'],
    },
    outputSchema: {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      properties: { item: { type: 'string' }, quantity: { type: 'number' } },
      required: ['item', 'quantity'],
      additionalProperties: false,
    },
    annotations: { destructiveHint: false },
  });
  expect(result.tools.find(({ name }) => name === 'whoami')).toMatchObject({
    inputSchema: { type: 'object', additionalProperties: false },
  });
});

test('tools of controllers, of deep modules and of base classes run', async () => {
  expect(textOf(await call('report'))).toBe('report');
  expect(textOf(await call('deep'))).toBe('deep');
  expect(textOf(await call('inherited'))).toBe('Derived');
});

test('a request-scoped provider is made anew for each call', async () => {
  const first = await call('instance');
  const second = await call('instance');
  expect(second.structuredContent?.number).toBe(Number(first.structuredContent?.number) + 1);
});

describe('arguments', () => {
  test('are validated and filled in before the method runs', async () => {
    expect((await call('orders.create-v2', { item: 'tea' })).structuredContent).toEqual({ item: 'tea', quantity: 1 });
  });

  test.each([
    [{}, '- item: '],
    [{ item: '' }, '- item: '],
    [{ item: 'tea', quantity: 'two' }, '- quantity: '],
    [{ item: 7, quantity: -1 }, '- quantity: '],
  ])('that are bad come back for the model to mend: %j', async (args, problem) => {
    const before = server.app.get(Tools).calls;
    const result = await call('orders.create-v2', args);
    expect(result.isError).toBe(true);
    expect(textOf(result)).toContain('Invalid arguments for orders.create-v2');
    expect(textOf(result)).toContain(problem);
    expect(server.app.get(Tools).calls).toBe(before);
  });

  test('may be left out where the tool takes none', async () => {
    const response = await post(server.resource, message('tools/call', { name: 'report' }), { token });
    expect(await response.json()).toMatchObject({ result: { content: [{ text: 'report' }] } });
  });
});

describe('what a method returns', () => {
  const text = (value: string) => [{ type: 'text', text: value }];
  const at = '1970-01-01T00:00:00.000Z';

  test.each([
    ['string', { content: text('text') }],
    ['object', { content: text(`{"a":1,"at":"${at}"}`), structuredContent: { a: 1, at } }],
    ['array', { content: text('[1,2]') }],
    ['number', { content: text('7') }],
    ['boolean', { content: text('false') }],
    ['nothing', { content: [] }],
    ['null', { content: [] }],
    ['result', { content: text('as it is'), isError: true }],
    ['lookalike', { content: text('{"content":["not","blocks"]}'), structuredContent: { content: ['not', 'blocks'] } }],
    ['page', { content: text('{"content":[],"total":1}'), structuredContent: { content: [], total: 1 } }],
    ['date', { content: text(`"${at}"`) }],
    ['promise', { content: text('later') }],
  ])('%s', async (kind, result) => {
    const { content, structuredContent, isError } = await call('returns_http_value_of', { kind });
    expect({ content, structuredContent, isError }).toEqual({
      structuredContent: undefined,
      isError: undefined,
      ...result,
    });
  });

  test('has to be told as JSON', async () => {
    const result = await call('returns_http_value_of', { kind: 'function' });
    expect(result.isError).toBe(true);
    expect(server.log.text).toContain('A function cannot be written as JSON');
  });

  test.each([
    ['good', { content: text('{"total":1}'), structuredContent: { total: 1 } }],
    ['result', { content: text('one page'), structuredContent: { total: 1 } }],
    ['error', { content: text('no page'), isError: true }],
  ])('passes through the output schema, whatever else it looks like: %s', async (kind, result) => {
    const { content, structuredContent, isError } = await call('page', { kind });
    expect({ content, structuredContent, isError }).toEqual({
      structuredContent: undefined,
      isError: undefined,
      ...result,
    });
  });

  test.each(['bad', 'bad result'])('is refused by the output schema, whatever else it looks like: %s', async (kind) => {
    expect((await call('page', { kind })).isError).toBe(true);
  });

  test('has to fit the output schema', async () => {
    const result = await call('broken_output');
    expect(result.isError).toBe(true);
    expect(JSON.stringify(result)).not.toContain(SECRET);
    expect(server.log.text).toContain('InvalidOutputError');
  });
});

describe('what a method throws', () => {
  test.each(['error', 'type error', 'string', 'server exception', 'http client error', 'circle', 'unreadable'])(
    'is not shown, and is in the log under the reference: %s',
    async (kind) => {
      const result = await call('throws', { kind });
      expect(result.isError).toBe(true);
      expect(textOf(result)).not.toContain('hunter2');
      const reference = /Reference for support: (\S+)/.exec(textOf(result))?.[1];
      expect(server.log.lines.find((line) => line.includes(`[${String(reference)}]`))).toMatch(/^error throws failed/);
    },
  );

  test('is logged whole: message, stack and causes, but no properties, where HTTP clients keep headers', () => {
    expect(server.log.text).toContain(SECRET);
    expect(server.log.text).toMatch(/Error: password=hunter2\n +at .*\n[^]*Caused by: Error: the deeper cause\n +at /);
    expect(server.log.text).not.toContain('authorization');
  });

  test.each([
    ['tool error', 'No order 7. Call list_orders to see them.'],
    ['not found', 'There is no order 7'],
    ['other', 'Bad quantity'],
  ])('is shown where it was written for the caller: %s', async (kind, shown) => {
    const result = await call('throws', { kind });
    expect(result.isError).toBe(true);
    expect(textOf(result)).toContain(shown);
    expect(textOf(result)).not.toContain(SECRET);
  });
});

test('a method learns who calls, and printing it does not show the token', async () => {
  const result = await call('whoami');
  expect(result.structuredContent).toMatchObject({
    subject: 'alice',
    clientId: 'test-client',
    scopes: ['a', 'b'],
    aborted: false,
    caller: { token: '[access token]' },
  });
  expect(JSON.stringify(result)).not.toContain(token.split('.')[1]);
});
