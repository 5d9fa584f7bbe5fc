import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  Injectable,
  Module,
  SetMetadata,
  UseGuards,
  type CanActivate,
  type DynamicModule,
  type ExecutionContext,
  type Type,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import {
  McpOpenApi,
  McpOpenApiModule,
  McpOperation,
  type McpOpenApiOptions,
  type OperationCall,
} from 'nestjs-mcp-auth';
import { startDownstreamServer, type DownstreamServer } from '../downstream/downstream-server.js';
import { callTool, message, post } from '../support/mcp-request.js';

/** A document with operations that take nothing. */
function documentOf(...ids: string[]) {
  const paths = Object.fromEntries(
    ids.map((id) => [`/${id}`, { get: { operationId: id, summary: id, responses: { 200: { description: 'it' } } } }]),
  );
  return { openapi: '3.1.0', info: { title: 'An API', version: '1' }, paths };
}

const forOrders = (...ids: string[]): McpOpenApiOptions => ({ downstream: 'orders', document: documentOf(...ids) });
const forBilling = (...ids: string[]): McpOpenApiOptions => ({ downstream: 'billing', document: documentOf(...ids) });

async function listTools(server: DownstreamServer): Promise<readonly string[]> {
  const response = await post(server.resource, message('tools/list'), { token: await server.token() });
  const { result } = (await response.json()) as { result: { tools: { name: string }[] } };
  return result.tools.map(({ name }) => name);
}

/** What a guard saw. */
const seen: string[] = [];

/** Something that classes and guards are made with. */
@Injectable()
class Hours {
  readonly names = 'office hours';
}

@Injectable()
class OfficeHours implements CanActivate {
  constructor(
    private readonly hours: Hours,
    private readonly reflector: Reflector,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const marked = this.reflector.getAllAndOverride<string | undefined>('mark', [
      context.getHandler(),
      context.getClass(),
    ]);
    seen.push(`${this.hours.names}: ${context.getClass().name}.${context.getHandler().name} ${String(marked)}`);
    return true;
  }
}

@Module({ providers: [Hours], exports: [Hours] })
class HoursModule {}

@UseGuards(OfficeHours)
@SetMetadata('mark', 'of the class')
class Curated {
  constructor(readonly hours: Hours) {}

  @McpOperation('createOrder')
  @SetMetadata('mark', 'of the method')
  create(input: object, call: OperationCall) {
    return call({ ...input, hours: this.hours.names });
  }
}

/** Configuration, as an application has it. */
@Injectable()
class Settings {
  readonly apis: readonly McpOpenApiOptions[] = [forOrders('listOrders'), forBilling('listBills')];

  createMcpOpenApiOptions() {
    return this.apis;
  }
}

@Module({ providers: [Settings], exports: [Settings] })
class SettingsModule {}

describe.each(['express', 'fastify'] as const)('features on %s', (platform) => {
  let server: DownstreamServer;

  beforeAll(async () => {
    server = await startDownstreamServer({
      platform,
      providers: [],
      imports: [
        McpOpenApiModule.forFeature(forOrders('one')),
        // Looks like another one, and is one of its own.
        McpOpenApiModule.forFeature([forOrders('two'), forBilling('three')]),
        McpOpenApiModule.forFeature([]),
        McpOpenApiModule.forFeature(forOrders('createOrder', 'plain'), { api: Curated, imports: [HoursModule] }),
      ],
    });
  });
  beforeEach(() => {
    seen.length = 0;
    for (const api of [server.orders, server.billing]) api.requests.length = 0;
  });
  afterAll(() => server.close());

  test('offer the operations of all documents', async () => {
    expect(await listTools(server)).toStrictEqual(['createOrder', 'one', 'plain', 'three', 'two']);
  });

  test('call the downstream of each document', async () => {
    const token = await server.token({ sub: 'alice' });

    const two = await callTool(server.resource, token, 'two');
    const three = await callTool(server.resource, token, 'three');

    expect(two.structuredContent).toMatchObject({ path: '/v1/two', subject: 'alice', audience: 'orders-api' });
    expect(three.structuredContent).toMatchObject({ path: '/three', subject: 'alice' });
    expect([server.orders.requests.length, server.billing.requests.length]).toStrictEqual([1, 1]);
  });

  test('have guards, metadata and curated methods of a class that is made with what it imports', async () => {
    const token = await server.token();

    await callTool(server.resource, token, 'createOrder');
    await callTool(server.resource, token, 'plain');

    expect(seen).toStrictEqual([
      'office hours: Curated.create of the method',
      'office hours: Curated.plain of the class',
    ]);
  });
});

describe('features from configuration', () => {
  @Module({ providers: [Settings] })
  class Own {}

  test.each<[string, () => DynamicModule]>([
    [
      'useFactory',
      () =>
        McpOpenApiModule.forFeatureAsync({
          imports: [SettingsModule],
          inject: [Settings],
          useFactory: async ({ apis }: Settings) => Promise.resolve(apis),
        }),
    ],
    ['useClass', () => McpOpenApiModule.forFeatureAsync({ useClass: Settings })],
    ['useExisting', () => McpOpenApiModule.forFeatureAsync({ imports: [SettingsModule], useExisting: Settings })],
  ])('by %s', async (_by, createModule) => {
    const server = await startDownstreamServer({ providers: [], imports: [Own, createModule()] });

    const tools = await listTools(server).finally(() => server.close());

    expect(tools).toStrictEqual(['listBills', 'listOrders']);
  });

  test('with a class', async () => {
    const server = await startDownstreamServer({
      providers: [],
      imports: [
        McpOpenApiModule.forFeatureAsync({
          imports: [HoursModule],
          api: Curated,
          useFactory: () => [forOrders('createOrder'), forBilling('createBill')],
        }),
      ],
    });
    seen.length = 0;

    await callTool(server.resource, await server.token(), 'createOrder').finally(() => server.close());

    expect(seen).toStrictEqual(['office hours: Curated.create of the method']);
  });
});

describe('applications of one process', () => {
  class Shared {
    @McpOperation('GET /same')
    same(_input: object, call: OperationCall) {
      return call({});
    }
  }

  test('have their own documents for one class', async () => {
    const start = (...ids: string[]) =>
      startDownstreamServer({
        providers: [],
        imports: [McpOpenApiModule.forFeature(forOrders('same', ...ids), { api: Shared })],
      });
    const [one, other] = await Promise.all([start('first'), start('second')]);

    const lists = await Promise.all([listTools(one), listTools(other)]);
    await callTool(other.resource, await other.token(), 'same');
    const calls = [one.orders.requests.length, other.orders.requests.length];
    await Promise.all([one.close(), other.close()]);

    expect(lists).toStrictEqual([
      ['first', 'same'],
      ['same', 'second'],
    ]);
    expect(calls).toStrictEqual([0, 1]);
  });
});

describe('faulty features stop the boot', () => {
  @McpOpenApi(forOrders('one'))
  class Decorated {}

  const start = async (module: DynamicModule, providers: Type[] = []): Promise<string> =>
    await startDownstreamServer({ providers, imports: [module] }).then(
      async (server) => {
        await server.close();
        return 'started';
      },
      (error: unknown) => (error as Error).message,
    );

  test.each<[string, () => DynamicModule, string]>([
    [
      'an option',
      () =>
        McpOpenApiModule.forFeature([forOrders('one'), { ...forOrders('two'), colour: 'red' } as McpOpenApiOptions]),
      'options[1] of McpOpenApiModule.forFeature: `colour` is not an option',
    ],
    [
      'no options',
      () => McpOpenApiModule.forFeatureAsync({ useFactory: () => undefined as unknown as McpOpenApiOptions }),
      'McpOpenApiModule.forFeature: `options`',
    ],
    [
      'a document',
      () => McpOpenApiModule.forFeature({ downstream: 'orders', document: () => [] }),
      '`document` of McpOpenApiModule.forFeature: ',
    ],
    [
      'one name of two documents',
      () => McpOpenApiModule.forFeature([forOrders('one'), forBilling('one')]),
      'Two tools are named "one": ',
    ],
    [
      'a method for an operation of two documents',
      () =>
        McpOpenApiModule.forFeature([forOrders('createOrder'), forBilling('createOrder')], {
          api: Curated,
          imports: [HoursModule],
        }),
      '@McpOperation on Curated.create names "createOrder", which is several operations',
    ],
  ])('%s', async (_fault, createModule, problem) => {
    expect(await start(createModule())).toContain(problem);
  });

  test('a class with a document of its own', () => {
    expect(() => McpOpenApiModule.forFeature(forOrders('one'), { api: Decorated })).toThrow(
      '`api` of McpOpenApiModule.forFeature is Decorated, which has @McpOpenApi itself.',
    );
  });
});
