import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { Manifest } from '../../lib/manifest/manifest.js';
import { orderDocument } from '../openapi/order-document.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { keepSecret, overhear } from '../support/secret-watch.js';
import { TestIssuer } from '../support/test-issuer.js';
import { run } from './run-command.js';

const SECRET = 'the-secret-of-an-application';
keepSecret(SECRET);

const ROOT = process.cwd();
const importFrom = (names: string, path: string) => `import { ${names} } from ${JSON.stringify(join(ROOT, path))};\n`;

let folder: string;
let issuer: TestIssuer;
let files = 0;

beforeAll(async () => {
  Logger.overrideLogger(new RecordingLogger());
  folder = await mkdtemp(join(tmpdir(), 'manifest-'));
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
});
beforeEach(async () => {
  issuer = await TestIssuer.start();
});
afterEach(() => issuer.close());
afterAll(() => rm(folder, { recursive: true }));

/** A server with a tool, a resource, operations of a document and rules for another server. */
interface Application {
  scopes?: string;
  more?: string;
  options?: string;
  decorate?: string;
  /** Names of further classes. */
  providers?: string;
  controllers?: string;
}

/** A module of an application that nobody has loaded before. */
async function application({
  scopes = "['orders:read']",
  more = '',
  options = '',
  decorate = '',
  providers = '',
  controllers = '',
}: Application = {}) {
  files += 1;
  const path = join(folder, `app-${files}.mjs`);
  await writeFile(
    path,
    `import { Controller, Module, UseGuards } from '@nestjs/common';
${importFrom('Anonymous, clientSecretBasic, McpAuthModule, McpOpenApi, McpResource, McpTool, ProtectedMcp, UsePolicy', 'lib/index.ts')}
const decorate = (type, name, ...decorators) => {
  for (const one of decorators) one(type.prototype, name, Object.getOwnPropertyDescriptor(type.prototype, name));
};
class OrderTools { find() {} read() {} place() {} }
decorate(OrderTools, 'find', McpTool({ description: 'Finds', scopes: ${scopes}, annotations: { readOnlyHint: true } }));
decorate(OrderTools, 'read', McpResource({ uri: 'orders://all', name: 'all' }));
${more}
class OrdersApi {}
McpOpenApi({ downstream: 'orders', document: ${JSON.stringify(orderDocument)} })(OrdersApi);
class OfficeHours { canActivate() { return true; } }
${decorate}
export class AppModule {}
Module({
  imports: [McpAuthModule.forRoot({
    server: { name: 'shop', version: '1' }, resource: 'https://mcp.example/mcp',
    issuers: [{ issuer: '${issuer.issuer}' }],
    client: { id: 'mcp', authentication: clientSecretBasic('${SECRET}') },
    downstreams: { orders: { baseUrl: 'https://orders.example', audience: 'orders' } },
    ${options}
  })],
  providers: [OrderTools, OrdersApi, OfficeHours, ${providers}],
  controllers: [${controllers}],
})(AppModule);`,
  );
  return path;
}

async function describeManifest(path: string): Promise<Manifest> {
  const { code, stdout, stderr } = await run('manifest', '--config', path, '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  overhear('console', stdout, stderr);
  return JSON.parse(stdout) as Manifest;
}

describe('nestjs-mcp-auth manifest --config <file>', () => {
  test('prints which scopes reach what', async () => {
    const { code, stdout } = await run('manifest', '--config', await application());
    expect(code).toBe(0);
    expect(stdout).toBe(
      `## shop

| Scope           | Opens                           | Needs | May change | Calls  |
| --------------- | ------------------------------- | ----- | ---------- | ------ |
| orders:read     | tool find                       |       |            |        |
|                 | tool listOrders (GET /orders)   |       |            | orders |
| orders:write    | tool createOrder (POST /orders) |       | yes        | orders |
| any valid token | resource orders://all           |       |            |        |

operations: 4
`,
    );
  });

  test('tells of several scopes, of broader ones, and of what takes no token', async () => {
    const path = await application({
      scopes: "{ anyOf: [['orders:read', 'audit'], ['a|b']] }",
      more: `
        decorate(OrderTools, 'place', Anonymous());
        decorate(OrderTools, 'place', McpTool({ description: 'Places' }));`,
      options: "scopes: { hierarchy: { admin: ['orders:read'] } },",
    });

    const { stdout } = await run('manifest', '--config', path);
    const rows = stdout.split('\n').map((row) => row.replaceAll(/ +/g, ' '));
    const need = String.raw`(audit and orders:read) or a\|b`;
    expect(rows).toEqual(
      expect.arrayContaining([
        String.raw`| a\|b | tool find | ${need} | | |`,
        `| audit | tool find | ${need} | | |`,
        `| orders:read | tool find | ${need} | | |`,
        '| no token | tool place | | yes | |',
        'admin implies orders:read.',
      ]),
    );
  });

  test('prints JSON where it is asked to, without secrets, and always the same', async () => {
    const path = await application();
    const manifest = await describeManifest(path);
    expect(await describeManifest(path)).toEqual(manifest);
    expect(manifest.servers).toMatchObject([
      {
        name: 'shop',
        scopes: { 'orders:read': ['tool find', 'tool listOrders'], 'orders:write': ['tool createOrder'] },
        operations: [
          { kind: 'resource', name: 'orders://all', source: 'class', writes: false, scopes: [[]] },
          {
            kind: 'tool',
            name: 'createOrder',
            source: 'openapi',
            operation: 'POST /orders',
            writes: true,
            downstreams: ['orders'],
          },
          { kind: 'tool', name: 'find', source: 'class', writes: false, scopes: [['orders:read']] },
          { kind: 'tool', name: 'listOrders', source: 'openapi', operation: 'GET /orders' },
        ],
      },
    ]);
  });

  test('describes rules for other servers, and what they are guarded by', async () => {
    const more = `
      class Foreign { handle() {} }
      Controller('foreign')(Foreign);
      ProtectedMcp({ tools: { run: { scopes: ['run'] } }, methods: { 'acme/do': { scopes: ['do'] } } })(Foreign);
      UseGuards(new (class Always { canActivate() { return true; } })())(OrderTools);
      decorate(OrderTools, 'place', McpTool({ description: 'Places', maxAgeMs: 60_000, acrValues: ['b', 'a'], scopes: () => ['x'] }));
      class Searched {}
      McpOpenApi({ downstream: 'orders', offer: 'search', document: {
        openapi: '3.1.0', info: { title: 'S', version: '1' },
        paths: { '/s': { get: { operationId: 'lost', responses: {}, parameters: [
          { in: 'query', name: 'q', schema: { $ref: '#/components/schemas/None' } }, { in: 'header', name: 'Accept', schema: {} },
        ] } } },
      } })(Searched);`;
    const path = await application({ more, providers: 'Searched', controllers: 'Foreign' });
    const { servers } = await describeManifest(path);
    const found = new Map(servers[0]?.operations.map((one) => [`${one.kind} ${one.name}`, one]));

    expect([...found.keys()]).toStrictEqual([
      'method acme/do',
      'resource orders://all',
      'tool call_operation',
      'tool createOrder',
      'tool describe_operation',
      'tool find',
      'tool find_operations',
      'tool listOrders',
      'tool lost',
      'tool place',
      'tool run',
    ]);
    expect(found.get('tool run')).toMatchObject({
      source: 'protected',
      scopes: [['run']],
      safeguards: [],
      arguments: {},
    });
    expect(found.get('method acme/do')).toMatchObject({ kind: 'method', source: 'protected', scopes: [['do']] });
    expect(found.get('tool place')).toMatchObject({
      maxAgeMs: 60_000,
      acrValues: ['a', 'b'],
      computesScopes: true,
      safeguards: ['Always'],
    });
    expect(found.get('tool lost')).toMatchObject({ source: 'openapi', arguments: {} });
    expect((await run('manifest', '--config', path)).stdout).toMatch(
      /^\| scopes computed from the arguments \| tool place +\| +\| yes +\| +\|$/m,
    );
  });

  test.each([
    ['a module without an application', 'export const x = 1;', 'The module exports no Nest module.'],
    ['one that is null', 'export const AppModule = null;', 'The module exports no Nest module.'],
  ])('cannot run with %s', async (_what, text, problem) => {
    files += 1;
    const path = join(folder, `none-${files}.mjs`);
    await writeFile(path, text);

    expect(await run('manifest', '--config', path)).toEqual({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining(problem),
    });
  });

  test('says that an application has no server', async () => {
    files += 1;
    const path = join(folder, `bare-${files}.mjs`);
    await writeFile(path, `import { Module } from '@nestjs/common';\nexport default class Bare {}\nModule({})(Bare);`);

    expect(await run('manifest', '--config', path)).toEqual({
      code: 0,
      stdout: 'The application has no server. Import McpAuthModule.\n',
      stderr: '',
    });
  });

  test('writes or checks, and not both', async () => {
    const path = await application();

    expect(await run('manifest', '--config', path, '--write', 'a.json', '--check', 'a.json')).toEqual({
      code: 2,
      stdout: '',
      stderr: 'nestjs-mcp-auth: Use --write or --check, not both\n',
    });
  });

  test('asks no issuer', async () => {
    await run('manifest', '--config', await application());
    expect(issuer.requests).toEqual([]);
  });

  test('cannot run with an application that does not start', async () => {
    const { code, stdout, stderr } = await run('manifest', '--config', await application({ options: 'nonsense: 1,' }));
    expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: '', stderr: expect.stringContaining('`nonsense`') });
  });

  test.each([[[]], [['x']], [['--config', 'x', 'y']]])('does not take %j', async (args) => {
    expect(await run('manifest', ...args)).toMatchObject({ code: 2, stderr: expect.stringMatching(/^Usage:/) });
  });
});

describe('nestjs-mcp-auth manifest --check', () => {
  const hierarchy = (map: object) => `scopes: { hierarchy: ${JSON.stringify(map)} },`;

  test.each<[string, Application, Application, string, RegExp]>([
    ['nothing', {}, {}, '', /^Nothing differs\.\n$/],
    [
      'fewer scopes',
      { scopes: "['a', 'b']" },
      { scopes: "['a']" },
      'OPENED',
      /tool find takes a\. Before it took a and b/,
    ],
    [
      'no token',
      {},
      { more: "decorate(OrderTools, 'find', Anonymous());", scopes: 'undefined' },
      'OPENED',
      /tool find takes no token/,
    ],
    [
      'a new tool that may change something',
      {},
      { more: "decorate(OrderTools, 'place', McpTool({ description: 'Places', scopes: ['orders:write'] }));" },
      'OPENED',
      /tool place is new and may change something\. It takes orders:write\./,
    ],
    [
      'a guard less',
      { decorate: 'UseGuards(OfficeHours)(OrderTools);' },
      {},
      'OPENED',
      /tool find no longer has, or has a weaker: OfficeHours/,
    ],
    [
      'a scope that implies more',
      { options: hierarchy({ admin: ['orders:read'] }) },
      { options: hierarchy({ admin: ['orders:read', 'orders:write'] }) },
      'OPENED',
      /scope admin implies orders:write, and so reaches tool createOrder/,
    ],
    ['clients without a user', { options: "access: { appOnly: 'deny' }," }, {}, 'OPENED', /the demand for a user/],
    ['a scope more', { scopes: "['a']" }, { scopes: "['a', 'b']" }, 'CHANGED', /tool find takes a and b/],
  ])('tells of %s', async (_name, before, now, kind, line) => {
    const file = join(folder, `manifest-${files}.json`);
    expect(await run('manifest', '--config', await application(before), '--write', file)).toMatchObject({ code: 0 });
    const { code, stdout, stderr } = await run('manifest', '--config', await application(now), '--check', file);
    expect({ code, stderr }).toEqual({ code: kind === '' ? 0 : 1, stderr: '' });
    expect(stdout).toMatch(line);
    expect(stdout.startsWith(kind)).toBe(true);
  });
});
