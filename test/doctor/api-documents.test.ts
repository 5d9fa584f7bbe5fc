import { afterEach, describe, expect, test } from '@jest/globals';
import type { Type } from '@nestjs/common';
import { Anonymous, McpDefaults, McpOpenApi, McpOperation, type OperationCall } from 'nestjs-mcp-auth';
import { startDownstreamServer } from '../downstream/downstream-server.js';
import { CLIENT, Clinic } from './examined.js';

const clinic = new Clinic();
afterEach(() => clinic.close());

const secured = { operationId: 'secured', responses: {}, security: [{ oauth: ['orders:read'] }] };
const open = { operationId: 'open', responses: {} };

function documentOf(paths: Record<string, unknown>, servers?: readonly unknown[]): Record<string, unknown> {
  const components = { securitySchemes: { oauth: { type: 'oauth2', flows: {} } } };
  return { openapi: '3.1.0', info: { title: 'Orders', version: '1' }, paths, components, ...(servers && { servers }) };
}

function classOf(document: Record<string, unknown>, ...decorators: ClassDecorator[]): Type {
  class OrdersApi {
    readonly name = 'orders';
  }
  for (const decorate of [McpOpenApi({ downstream: 'orders', document }), ...decorators]) decorate(OrdersApi);
  return OrdersApi;
}

/** What is found of the class alone. */
async function found(type: Type, baseUrl = 'https://orders.example/v1'): Promise<string[]> {
  const downstreams = { orders: { baseUrl, audience: 'orders-api' } };
  const findings = await clinic.examine({ options: { client: CLIENT, downstreams }, classes: [type] });
  return findings
    .filter(({ subject }) => subject === '@McpOpenApi on OrdersApi')
    .map(({ severity, code, message }) => `${severity} ${code}: ${message}`);
}

describe('operations without scopes', () => {
  test.each<[string, Type, string[]]>([
    ['none', classOf(documentOf({ '/a': { get: secured } })), []],
    [
      'one that reads',
      classOf(documentOf({ '/a': { get: open, post: secured } })),
      ['info operations_without_scopes: Any valid token is enough for an operation: GET /a.'],
    ],
    [
      'one that writes',
      classOf(documentOf({ '/a': { get: open, post: { responses: {} } } })),
      ['warning operations_without_scopes: Any valid token is enough for 2 operations: GET /a, POST /a.'],
    ],
    [
      'one with the scopes of its class',
      classOf(documentOf({ '/a': { get: open } }), McpDefaults({ scopes: ['a'] })),
      [],
    ],
    ['one that is open to all', classOf(documentOf({ '/a': { get: open } }), Anonymous()), []],
  ])('%s', async (_what, type, findings) => {
    expect(await found(type)).toStrictEqual(findings);
  });

  test('but for what a curated method says', async () => {
    @McpOpenApi({ downstream: 'orders', document: documentOf({ '/a': { post: open } }) })
    class OrdersApi {
      @McpOperation('open', { scopes: ['orders:write'] })
      curated(input: object, call: OperationCall) {
        return call({ ...input });
      }
    }

    expect(await found(OrdersApi)).toStrictEqual([]);
  });
});

test('operations that are left out', async () => {
  const lost = { responses: {}, security: [{ none: [] }] };

  expect(await found(classOf(documentOf({ '/a': { get: secured, put: lost } })))).toStrictEqual([
    'warning operations_left_out: It cannot offer all that is chosen: PUT /a (document#/paths/~1a/put/security/0: names "none", which `components.securitySchemes` does not have. Add it there).',
  ]);
});

describe('where the API is', () => {
  const https = 'https://orders.example/v1';

  test.each<[readonly unknown[], string[]]>([
    [[], []],
    [[{ url: https }], []],
    [[{ url: `${https}/` }], []],
    [[{ url: '/v1' }], []],
    [[{ url: 'https://other.example/v3' }, { url: https }], []],
    [
      [
        {
          url: 'https://{host}/{version}',
          variables: { host: { default: 'orders.example' }, version: { default: 'v1' } },
        },
      ],
      [],
    ],
    [[{ url: 7 }, 'x'], []],
    [
      [{ url: 'https://api.example/v1' }],
      [
        'info server_url_mismatch: The document says that the API is at https://api.example/v1, and `downstreams.orders.baseUrl` is https://orders.example/v1. Calls go to https://orders.example/v1.',
      ],
    ],
    [
      [{ url: '/v2' }],
      [
        'warning server_url_mismatch: The document says that the API is at /v2, and `downstreams.orders.baseUrl` is https://orders.example/v1. Calls go to https://orders.example/v1/v2.',
      ],
    ],
    [
      [{ url: 'https://user:secret@orders.example/?key=secret' }],
      [
        'warning server_url_mismatch: The document says that the API is at https://orders.example/, and `downstreams.orders.baseUrl` is https://orders.example/v1. Calls go to https://orders.example/v1.',
      ],
    ],
  ])('%j', async (servers, findings) => {
    expect(await found(classOf(documentOf({ '/a': { get: secured } }, servers)))).toStrictEqual(findings);
  });
});

test('scopes of a document that the issuer does not advertise are found at boot, with the rest', async () => {
  const document = documentOf({ '/a': { get: secured, post: open } }, [{ url: '/elsewhere' }]);
  const server = await startDownstreamServer({ providers: [classOf(document)], options: { doctor: true } });
  const lines = () => server.log.lines.filter((line) => line.includes('McpAuthDoctor')).join('\n');
  while (!lines().includes('scopes_not_advertised')) await new Promise(setImmediate);

  expect(lines()).toMatch(/knows orders:read\. .*\(scopes_not_advertised\)/);
  expect(lines()).toMatch(/^warn @McpOpenApi on OrdersApi: Any valid token .*\(operations_without_scopes\)/m);
  expect(lines()).toMatch(/^warn @McpOpenApi on OrdersApi: The document says .*\(server_url_mismatch\)/m);
  await server.close();
});
