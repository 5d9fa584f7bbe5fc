import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  Controller,
  Get,
  Inject,
  Injectable,
  Module,
  Scope,
  UseGuards,
  type CanActivate,
  type Provider,
  type Type,
} from '@nestjs/common';
import { LazyModuleLoader, REQUEST } from '@nestjs/core';
import {
  clientSecretBasic,
  McpAuthModule,
  McpDefaults,
  McpOpenApi,
  McpOperation,
  McpRegistry,
  McpTool,
  UsePolicy,
  type McpOpenApiOptions,
  type OperationCall,
  type Policy,
} from 'nestjs-mcp-auth';
import { startDownstreamServer, type DownstreamServer } from '../downstream/downstream-server.js';
import { callTool, message, post } from '../support/mcp-request.js';
import { optionsFor } from '../support/module-options.js';
import { startApplication } from '../support/test-application.js';
import { TestIssuer } from '../support/test-issuer.js';

/** Options for a document with operations that take nothing. */
function forOrders(...ids: string[]): McpOpenApiOptions {
  const paths = Object.fromEntries(
    ids.map((id) => [`/${id}`, { get: { operationId: id, summary: id, responses: { 200: { description: 'it' } } } }]),
  );
  return { downstream: 'orders', document: { openapi: '3.1.0', info: { title: 'An API', version: '1' }, paths } };
}

async function listTools(resource: string, token: string): Promise<readonly string[]> {
  const response = await post(resource, message('tools/list'), { token });
  const { result } = (await response.json()) as { result: { tools: { name: string }[] } };
  return result.tools.map(({ name }) => name);
}

/** What guards and methods saw. */
const seen: string[] = [];

@Injectable()
class Desk {
  readonly name = 'desk';
}

@Injectable()
class Watch implements CanActivate {
  constructor(private readonly desk: Desk) {}

  canActivate(): boolean {
    seen.push(`guard at ${this.desk.name}`);
    return true;
  }
}

@McpOpenApi(forOrders('plain', 'withDependency'))
class WithDependency {
  constructor(private readonly desk: Desk) {}

  @McpOperation('withDependency')
  find(_input: object, call: OperationCall) {
    seen.push(this.desk.name);
    return call({});
  }
}

let requests = 0;

@UseGuards(Watch)
@Injectable({ scope: Scope.REQUEST })
@McpOpenApi(forOrders('ofRequest', 'curatedOfRequest'))
class OfRequest {
  readonly #number = (requests += 1);

  constructor(@Inject(REQUEST) private readonly request: { readonly caller?: { readonly subject?: string } }) {}

  @McpOperation('curatedOfRequest')
  find(_input: object, call: OperationCall) {
    seen.push(`${this.request.caller?.subject ?? ''} ${this.#number}`);
    return call({});
  }
}

@Injectable({ scope: Scope.TRANSIENT })
@McpOpenApi(forOrders('transient', 'curatedTransient'))
class Transient {
  constructor(private readonly desk: Desk) {}

  @McpOperation('curatedTransient')
  find(_input: object, call: OperationCall) {
    seen.push(this.desk.name);
    return call({});
  }
}

@Controller('http')
@McpOpenApi(forOrders('ofController', 'curatedRoute'))
class OfController {
  @Get('route')
  @McpOperation('curatedRoute')
  route(_input: object, call: OperationCall) {
    return call({});
  }
}

@Injectable()
abstract class Parent {
  constructor(readonly desk: Desk) {}

  @McpOperation('ofParent')
  find(_input: object, call: OperationCall) {
    seen.push(`${this.greet()} ${this.desk.name}`);
    return call({});
  }

  abstract greet(): string;
}

@McpOpenApi(forOrders('ofParent', 'ofChild'))
@Injectable()
class Child extends Parent {
  greet() {
    return 'child';
  }
}

@McpOpenApi(forOrders('inherited'))
class Declared {}

class Inheriting extends Declared {}

@McpOpenApi(forOrders('beside'))
class WithTool {
  @McpTool({ description: 'of its own' })
  own() {
    return 'own';
  }
}

const providers: Provider[] = [
  Desk,
  WithDependency,
  OfRequest,
  Transient,
  Child,
  Inheriting,
  WithTool,
  { provide: 'alias', useExisting: WithTool },
  { provide: 'by useClass', useClass: createNamed('byUseClass') },
  { provide: 'by useFactory', useFactory: () => new (createNamed('byUseFactory'))() },
];

function createNamed(id: string): Type {
  @McpOpenApi(forOrders(id))
  class Named {}
  return Named;
}

@Module({ controllers: [OfController] })
class Controllers {}

describe.each(['express', 'fastify'] as const)('classes with @McpOpenApi on %s', (platform) => {
  let server: DownstreamServer;

  beforeAll(async () => {
    server = await startDownstreamServer({ platform, providers, imports: [Controllers] });
  });
  beforeEach(() => {
    seen.length = 0;
  });
  afterAll(() => server.close());

  test('offer all of their operations, and their own tools', async () => {
    expect(await listTools(server.resource, await server.token())).toStrictEqual([
      'beside',
      'byUseClass',
      'byUseFactory',
      'curatedOfRequest',
      'curatedRoute',
      'curatedTransient',
      'inherited',
      'ofChild',
      'ofController',
      'ofParent',
      'ofRequest',
      'own',
      'plain',
      'transient',
      'withDependency',
    ]);
  });

  test.each([
    ['withDependency', ['desk']],
    ['transient', []],
    ['curatedTransient', ['desk']],
    ['ofRequest', ['guard at desk']],
    ['ofController', []],
    ['curatedRoute', []],
    ['ofParent', ['child desk']],
    ['inherited', []],
    ['beside', []],
    ['byUseFactory', []],
  ])('run %s', async (name, expected) => {
    const result = await callTool(server.resource, await server.token({ sub: 'alice' }), name);

    expect(result.structuredContent).toMatchObject({ path: `/v1/${name}`, subject: 'alice' });
    expect(seen).toStrictEqual(expected);
  });

  test('are made for each request if they say so', async () => {
    await callTool(server.resource, await server.token({ sub: 'alice' }), 'curatedOfRequest');
    await callTool(server.resource, await server.token({ sub: 'bob' }), 'curatedOfRequest');

    const [, alice = '', , bob = ''] = seen;
    expect([alice.split(' ')[0], bob.split(' ')[0]]).toStrictEqual(['alice', 'bob']);
    expect(alice.split(' ')[1]).not.toBe(bob.split(' ')[1]);
  });
});

describe('a module that is loaded later', () => {
  @Module({ providers: [Desk, WithDependency] })
  class Later {}

  test('is offered once it is discovered, and once only', async () => {
    const server = await startDownstreamServer({ providers: [createNamed('first')] });
    const token = await server.token();
    try {
      await server.app.get(LazyModuleLoader).load(() => Later);
      await server.app.get(McpRegistry).discover();
      await server.app.get(McpRegistry).discover();

      expect(await listTools(server.resource, token)).toStrictEqual(['first', 'plain', 'withDependency']);
      expect((await callTool(server.resource, token, 'withDependency')).structuredContent).toMatchObject({
        path: '/v1/withDependency',
      });
    } finally {
      await server.close();
    }
  });
});

describe('two servers', () => {
  @Injectable()
  class Allowed implements Policy {
    permits() {
      return true;
    }
  }

  @UsePolicy(Allowed)
  @McpDefaults({ maxAgeMs: 60_000 })
  @McpOpenApi({ ...forOrders('readAll', 'writeAll'), exclude: 'writeAll', server: 'readers' })
  class ForReaders {
    @UsePolicy(Allowed)
    @McpOperation('readAll')
    read(_input: object, call: OperationCall) {
      return call({});
    }
  }

  @McpOpenApi({ ...forOrders('readAll', 'writeAll'), server: ['writers'] })
  class ForWriters {}

  test('have different operations of one document', async () => {
    const issuer = await TestIssuer.start();
    const application = await startApplication({
      imports: (origin) =>
        ['readers', 'writers'].map((name) =>
          McpAuthModule.forRoot(
            optionsFor(origin, issuer.issuer, {
              server: { name, version: '1' },
              resource: `${origin}/${name}/mcp`,
              client: { id: 'server', authentication: clientSecretBasic('secret') },
              downstreams: { orders: { baseUrl: 'http://localhost:1', audience: 'orders' } },
            }),
          ),
        ),
      providers: [ForReaders, ForWriters, createNamed('both')],
    });
    const list = async (name: string) => {
      const resource = `${application.origin}/${name}/mcp`;
      return await listTools(resource, await issuer.token({ aud: resource }));
    };
    try {
      expect(await list('readers')).toStrictEqual(['both', 'readAll']);
      expect(await list('writers')).toStrictEqual(['both', 'readAll', 'writeAll']);
    } finally {
      await application.close();
      await issuer.close();
    }
  });
});

describe('faulty classes stop the boot', () => {
  class Stray {
    @McpOperation('plain')
    find(_input: object, call: OperationCall) {
      return call({});
    }
  }

  @McpOpenApi(forOrders('plain'))
  class Misspelled {
    @McpOperation('plane')
    find(_input: object, call: OperationCall) {
      return call({});
    }
  }

  @McpOpenApi({ ...forOrders('plain', 'other'), exclude: 'plain' })
  class LeftOut {
    @McpOperation('GET /plain')
    find(_input: object, call: OperationCall) {
      return call({});
    }
  }

  @McpOpenApi(forOrders('plain', 'other'))
  class Several {
    @McpOperation('GET /*')
    find(_input: object, call: OperationCall) {
      return call({});
    }
  }

  @McpOpenApi(forOrders('plain'))
  class Twice {
    @McpOperation('plain')
    one(_input: object, call: OperationCall) {
      return call({});
    }

    @McpOperation('GET /plain')
    two(_input: object, call: OperationCall) {
      return call({});
    }
  }

  @McpOpenApi({ ...forOrders('plain'), server: 'nobody' })
  class UnknownServer {}

  @McpOpenApi({ ...forOrders('plain', 'other'), downstream: 'order' })
  class UnknownDownstream {}

  @McpOpenApi(forOrders('plain'))
  class VainPolicy {
    @UsePolicy()
    helper() {
      return 1;
    }
  }

  test.each<[string, Type, string]>([
    [
      '@McpOperation without a document',
      Stray,
      '@McpOperation on Stray.find has no document. Add @McpOpenApi to Stray',
    ],
    ['a misspelled operation', Misspelled, '@McpOperation on Misspelled.find names "plane", which no document'],
    ['an operation that is left out', LeftOut, '@McpOperation on LeftOut.find names "GET /plain", which no document'],
    ['several operations', Several, 'names "GET /*", which is several operations: GET /plain, GET /other.'],
    ['two methods', Twice, 'Two methods take the place of GET /plain: Twice.one and Twice.two. Remove one.'],
    ['an unknown server', UnknownServer, '`server` of @McpOpenApi on UnknownServer is "nobody"'],
    ['an unknown downstream', UnknownDownstream, '`downstream` of @McpOpenApi on UnknownDownstream is "order"'],
    ['a policy of another method', VainPolicy, '@UsePolicy on VainPolicy.helper protects nothing'],
  ])('%s', async (_fault, type, problem) => {
    const message = await startDownstreamServer({ providers: [type] }).then(
      async (server) => {
        await server.close();
        return 'started';
      },
      (error: unknown) => (error as Error).message,
    );

    expect(message).toContain(problem);
  });
});
