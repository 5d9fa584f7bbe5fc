import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { McpDefaults, McpOpenApi, McpOperation, type McpOpenApiOptions, type OperationCall } from 'nestjs-mcp-auth';
import { startDownstreamServer, type DownstreamServer } from '../../downstream/downstream-server.js';
import { post, toolCall } from '../../support/mcp-request.js';
import { documentWith } from './security-document.js';

type Scopes = McpOpenApiOptions['scopes'];

const AB_OR_C = [{ oauth: ['a', 'b'] }, { oauth: ['c'] }];

/** Options, what an operation demands by them, and the scopes that a stranger is asked for. */
const CASES: readonly (readonly [scopes: Scopes, security: unknown, asked: string | undefined])[] = [
  [{ a: 'own:a' }, [{ oauth: ['a'] }], 'own:a'],
  [{ a: ['own:a', 'own:use'] }, [{ oauth: ['a'] }], 'own:a own:use'],
  [{ a: 'own:use', b: 'own:use' }, [{ oauth: ['a', 'b'] }], 'own:use'],
  [{ a: 'own:use', b: 'own:use' }, [{ oauth: ['a'] }, { oauth: ['b'] }], 'own:use'],
  [{ a: 'own:a', b: 'own:b', c: 'own:c' }, AB_OR_C, 'own:a own:b'],
  [{ a: [], b: 'own:b' }, [{ oauth: ['a', 'b'] }], 'own:b'],
  [{ a: [] }, [{ oauth: ['a'] }], undefined],
  [{ '*': 'own:*' }, [{ oauth: ['a', 'b'] }], 'own:a own:b'],
  [{ '*': 'own:use' }, [{ oauth: ['a', 'b'] }], 'own:use'],
  [{ '*': '*' }, [{ oauth: ['a'] }], 'a'],
  [{ a: 'own:admin', '*': ['own:*', 'own:use'] }, [{ oauth: ['a', 'b'] }], 'own:admin own:b own:use'],
  [({ security }) => security, AB_OR_C, 'a b'],
  [
    ({ operation }) => [`own:${operation.method}:${operation.id ?? ''}:${operation.path}`],
    [],
    'own:GET:case12:/things/12',
  ],
  [({ operation }) => (operation.tags.length > 0 ? [] : { anyOf: [['x', 'y'], 'z'] }), [], 'x y'],
  [() => [], [{ oauth: ['a'] }], undefined],
];

const classes = CASES.map(([scopes, security], at) => {
  // Only the last operation of each document is offered, so that each class has another one.
  const document = documentWith(
    [...CASES.keys()].map((index) => (index === at ? security : [])),
    { name: 'case' },
  );
  @McpOpenApi({ downstream: 'orders', document, include: `case${at}`, ...(scopes && { scopes }) })
  class Api {}
  return Api;
});

@McpOpenApi({ downstream: 'billing', document: documentWith([[{ oauth: ['a'] }]], { name: 'mapped' }) })
class MappedApi {}

@McpOpenApi({ downstream: 'orders', document: documentWith([[], [{ oauth: ['a'] }], []], { name: 'defaulted' }) })
@McpDefaults({ scopes: ['own:default'] })
class DefaultedApi {
  @McpOperation('defaulted2', { scopes: ['own:curated'] })
  curated(input: object, call: OperationCall) {
    return call({ ...input });
  }
}

describe.each(['express', 'fastify'] as const)('scopes of this server on %s', (platform) => {
  let server: DownstreamServer;

  beforeAll(async () => {
    const providers = [...classes, MappedApi, DefaultedApi];
    server = await startDownstreamServer({ platform, providers, billing: { scopeMap: { a: ['own:billing'] } } });
  });
  afterAll(() => server.close());

  /** The scopes that a caller without any is asked for. */
  async function ask(tool: string): Promise<string | undefined> {
    const response = await post(server.resource, toolCall(tool), { token: await server.token({ scope: '' }) });
    await response.text();
    return /scope="([^"]*)"/.exec(response.headers.get('www-authenticate') ?? '')?.[1];
  }

  test.each(CASES.map(([scopes, security, asked], at) => ({ scopes, security, asked, tool: `case${at}` })))(
    '$tool: $scopes makes $asked of $security',
    async ({ tool, asked }) => {
      expect(await ask(tool)).toBe(asked);
    },
  );

  test.each([
    ['those of the map of the downstream, where the class has none', 'mapped0', 'own:billing'],
    ['those of the class, where an operation demands none', 'defaulted0', 'own:default'],
    ['those of the operation, where the class has others', 'defaulted1', 'a'],
    ['those of the curated method, where it has some', 'defaulted2', 'own:curated'],
  ])('are %s', async (_what, tool, asked) => {
    expect(await ask(tool)).toBe(asked);
  });
});

test('clients start with the scopes of operations that only read', async () => {
  const document = {
    ...documentWith([]),
    paths: {
      '/things': Object.fromEntries(
        ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'query'].map((method) => [
          method,
          { operationId: method, security: [{ oauth: [`to:${method}`] }], responses: {} },
        ]),
      ),
    },
  };
  @McpOpenApi({ downstream: 'orders', document })
  class Api {}
  const server = await startDownstreamServer({ providers: [Api] });

  const metadata = await fetch(`${server.origin}/.well-known/oauth-protected-resource/mcp`);

  expect(await metadata.json()).toMatchObject({ scopes_supported: ['to:get', 'to:head', 'to:options', 'to:query'] });
  await server.close();
});

describe('stop the boot', () => {
  const demanding = documentWith([[{ oauth: ['a'] }, { oauth: ['b'] }]]);

  test.each([
    [
      { scopes: { a: 'own:a' } },
      'has no scopes for GET /things/0: it does not map "b". Map it to a scope of this server',
    ],
    [{ scopes: () => 'own:a' }, 'has no scopes for GET /things/0: What the function in `scopes` returned is neither'],
    [{ scopes: () => ['own a'] }, 'the function returned "own a", which is not a scope token'],
    [{ scopes: () => ['offline_access'] }, 'the function returned "offline_access", which must not be'],
    [
      {
        scopes: () => {
          throw new Error('no idea');
        },
      },
      'has no scopes for GET /things/0: no idea',
    ],
    [
      {
        scopes: () => {
          throw 'not today';
        },
      },
      'has no scopes for GET /things/0: not today',
    ],
    [{ scopes: { a: 'own a' } }, '`scopes.a` is not a scope token'],
    [{ scopes: ['own:a'] }, '`scopes` has to be a function, or a map from scopes of the API'],
  ])('%#: %j', async (options, problem) => {
    @McpOpenApi({ downstream: 'orders', document: demanding, ...options } as McpOpenApiOptions)
    class OrdersApi {}

    await expect(startDownstreamServer({ providers: [OrdersApi] })).rejects.toThrow(problem);
    await expect(startDownstreamServer({ providers: [OrdersApi] })).rejects.toThrow('OrdersApi');
  });

  test('scopes of operations that are not offered do not count', async () => {
    const document = documentWith([[{ oauth: ['a'] }], []]);
    @McpOpenApi({ downstream: 'orders', document, exclude: 'tool0', scopes: {} })
    class OrdersApi {}

    const server = await startDownstreamServer({ providers: [OrdersApi] });

    expect(server.origin).toMatch(/^http/);
    await server.close();
  });
});
