import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { orderDocument } from '../openapi/order-document.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { run } from './run-command.js';

const LIBRARY = JSON.stringify(join(process.cwd(), 'lib/index.ts'));

let folder: string;
let orders: string;
let files = 0;

async function write(name: string, content: unknown): Promise<string> {
  files += 1;
  const path = join(folder, `${files}-${name}`);
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

beforeAll(async () => {
  Logger.overrideLogger(new RecordingLogger());
  folder = await mkdtemp(join(tmpdir(), 'openapi-command-'));
  orders = await write('orders.json', orderDocument);
});
afterAll(() => rm(folder, { recursive: true }));

interface Reported {
  documents: {
    tools: { name: string; scopes: string[][]; tokens: number }[];
    totals: object;
    warnings: { code: string; isError: boolean; place: string; message: string }[];
  }[];
}

async function report(...args: string[]) {
  const { code, stdout, stderr } = await run('openapi', '--json', ...args);
  expect(stderr).toBe('');
  const [document] = (JSON.parse(stdout) as Reported).documents;
  if (!document) throw new Error('No document was reported');
  return { code, ...document };
}

/** A document with these operations. */
function document(paths: object, rest: object = {}) {
  return { openapi: '3.1.0', info: { title: 'Things', version: '2' }, paths, ...rest };
}

const responses = { 200: { description: 'OK' } };

describe('nestjs-mcp-auth openapi <document>', () => {
  test('prints a line for each tool, and the totals', async () => {
    const { code, stdout, stderr } = await run('openapi', orders);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^.*orders\.json: Orders 1\n\n/);
    expect(stdout).toMatch(/\n {2}createOrder {2}POST \/orders {2}orders:write {2}\d+ tokens\n/);
    expect(stdout).toMatch(/\n {2}listOrders {3}GET \/orders {3}orders:read {3}\d+ tokens\n/);
    expect(stdout).toContain('2 of 2 operations would be tools, 1 of which may change something.\n');
    expect(stdout).toMatch(/about \d+ tokens, estimated at 4 characters each\.\n$/);
  });

  test('prints JSON where it is asked to', async () => {
    const { code, tools, totals, warnings } = await report(orders);
    expect(code).toBe(0);
    expect(tools).toEqual([
      {
        name: 'createOrder',
        method: 'POST',
        path: '/orders',
        operationId: 'createOrder',
        writes: true,
        anonymous: false,
        scopes: [['orders:write']],
        computesScopes: false,
        arguments: ['item', 'quantity'],
        tokens: expect.any(Number),
      },
      expect.objectContaining({ name: 'listOrders', writes: false, scopes: [['orders:read']], arguments: ['status'] }),
    ]);
    const tokens = tools.reduce((sum, one) => sum + one.tokens, 0);
    expect(totals).toEqual({ operations: 2, offered: 2, leftOut: 0, writes: 1, tokens });
    expect(warnings).toEqual([]);
  });

  test.each<[string, string[], string[]]>([
    ['--include', ['--include', 'listOrders'], ['listOrders']],
    ['--include, several times', ['--include', 'listOrders', '--include', 'POST /**'], ['createOrder', 'listOrders']],
    ['--exclude', ['--exclude', 'POST /orders'], ['listOrders']],
    ['--exclude, as JSON', ['--exclude', '{"method":"GET"}'], ['createOrder']],
  ])('takes %s', async (_name, args, names) => {
    expect((await report(orders, ...args)).tools.map(({ name }) => name)).toEqual(names);
  });

  test('takes a map of scopes', async () => {
    const { tools } = await report(orders, '--scopes', '{"orders:read":"read","*":"api:*"}');
    expect(tools.map(({ scopes }) => scopes)).toEqual([[['api:orders:write']], [['read']]]);
  });

  test.each<[string, unknown, string, string, boolean]>([
    [
      'an operation that cannot be read',
      document({ '/a': { get: { responses, operationId: 'a', parameters: [{ in: 'moon', name: 'x' }] } } }),
      'operation_left_out',
      '/paths/~1a/get/parameters/0',
      false,
    ],
    [
      'a pattern that is not valid',
      document({
        '/a': {
          get: {
            responses,
            operationId: 'a',
            parameters: [{ in: 'query', name: 'q', schema: { type: 'string', pattern: '(' } }],
          },
        },
      }),
      'keyword_dropped',
      '/paths/~1a/get/parameters/0/schema',
      false,
    ],
    [
      'an operationId that is no name',
      document({ '/a': { get: { responses, operationId: 'list things!' } } }),
      'name_changed',
      'GET /a',
      false,
    ],
    ['no security', document({ '/a': { get: { responses, operationId: 'a' } } }), 'no_security', 'GET /a', false],
    [
      'a write without scopes',
      document({ '/a': { delete: { responses, operationId: 'a' } } }),
      'write_without_scopes',
      'DELETE /a',
      false,
    ],
    ['a document that is none', document({}, { openapi: '4.0' }), 'invalid_document', 'things.json', true],
  ])('tells of %s', async (_name, content, code, place, isError) => {
    const { warnings, code: exitCode } = await report(await write('things.json', content));
    expect(warnings).toContainEqual({
      code,
      isError,
      place: expect.stringContaining(place),
      message: expect.anything(),
    });
    expect(exitCode).toBe(isError ? 1 : 0);
  });

  test('fetches a document of an origin that is named', async () => {
    const url = 'http://127.0.0.1:1/api/.openapi.json';
    const { code, warnings, tools } = await report(url, '--allow-origin', 'http://127.0.0.1:1');

    expect({ code, tools }).toEqual({ code: 1, tools: [] });
    expect(warnings).toEqual([
      { code: 'invalid_document', isError: true, place: url, message: expect.stringContaining('cannot be fetched') },
    ]);
    expect(await report(url)).toMatchObject({
      warnings: [{ code: 'invalid_document', message: expect.stringContaining('Add "http://127.0.0.1:1"') }],
    });
  });

  test('takes --strict, under which what is left out is an error', async () => {
    const path = await write('things.json', document({ '/a': { get: { parameters: ['x'] } }, '/b': { get: {} } }));
    const { code, warnings } = await report(path, '--strict');

    expect(code).toBe(1);
    expect(warnings.filter(({ isError }) => isError).map((one) => one.code)).toEqual(['operation_left_out']);
  });

  test('takes --downstream, and a title that is no text for none', async () => {
    const path = await write('.json', document({ '/a': { get: { operationId: 'a' } } }, { info: { title: 7 } }));
    const manifest = join(folder, 'downstream.json');
    await run('openapi', path, '--downstream', 'shop', '--write', manifest);

    expect(JSON.parse(await readFile(manifest, 'utf8'))).toMatchObject({ servers: [{ name: 'shop' }] });
    expect((await run('openapi', path)).stdout).toMatch(/\.json: no document\n\n/);
  });

  test('names the downstream after the file, if it can', async () => {
    const path = join(folder, '.json');
    await writeFile(path, JSON.stringify(document({ '/a': { get: { operationId: 'a' } } })));
    const manifest = join(folder, 'named.json');
    await run('openapi', path, '--write', manifest);

    expect(JSON.parse(await readFile(manifest, 'utf8'))).toMatchObject({ servers: [{ name: 'api' }] });
  });

  test('tells five warnings of a kind, and how many more there are', async () => {
    const paths = Array.from({ length: 7 }, (_one, index) => [`/p${index}`, { get: { operationId: `op${index}` } }]);
    const { stdout } = await run('openapi', await write('many.json', document(Object.fromEntries(paths))));

    expect(stdout.match(/^WARNING no_security$/gm)).toHaveLength(5);
    expect(stdout).toMatch(/\n {2}and 2 more: no_security\n$/);
  });

  test('tells of a write that takes no token', async () => {
    const config = {
      downstream: 'things',
      document: document({ '/a': { delete: { operationId: 'a' } } }),
      anonymous: 'a',
    };
    const path = await write('config.mjs', `export default ${JSON.stringify(config)};`);

    expect((await report('--config', path)).warnings).toEqual([
      {
        code: 'write_without_scopes',
        isError: false,
        place: 'DELETE /a',
        message: 'It may change something, and takes no token.',
      },
    ]);
  });

  test('a document without operations has no lines', async () => {
    const { code, stdout } = await run('openapi', await write('empty.json', document({})));

    expect(code).toBe(0);
    expect(stdout).toMatch(
      /empty\.json: Things 2\n\n0 of 0 operations would be tools, 0 of which may change something\.\nTheir definitions have about 0 tokens, [^\n]*\n$/,
    );
  });

  test('tells of more tools than there may be', async () => {
    const { code, warnings } = await report(orders, '--max-tools', '1');
    expect(code).toBe(1);
    expect(warnings).toEqual([
      expect.objectContaining({ code: 'too_many_tools', isError: true, message: expect.stringContaining('maxTools') }),
    ]);
  });

  test('tells of options that stop the boot', async () => {
    const { code, warnings } = await report(orders, '--max-tools', '0');
    expect(code).toBe(1);
    expect(warnings).toEqual([
      expect.objectContaining({
        code: 'invalid_options',
        isError: true,
        message: expect.stringContaining('`maxTools`'),
      }),
    ]);
  });

  test('what a document says cannot steer the terminal', async () => {
    const path = await write(
      'things.json',
      document({ '/a\u001b[2J': { get: { responses, operationId: 'a\u202e' } } }, { info: { title: '\u001b]0;x' } }),
    );
    expect((await run('openapi', path)).stdout).not.toMatch(/[\p{Cf}]|(?!\n)\p{Cc}/u);
  });
});

describe('nestjs-mcp-auth openapi --config <file>', () => {
  test.each<[string, (text: string) => string]>([
    ['options by default', (text) => `export default ${text};`],
    ['options as `options`', (text) => `export const options = ${text};`],
    ['options of CommonJS that was compiled', (text) => `export default { __esModule: true, options: ${text} };`],
    ['options by default of CommonJS that was compiled', (text) => `export default { default: ${text} };`],
    ['options by a function', (text) => `export default async () => (${text});`],
    ['a list of options', (text) => `export default [${text}];`],
    ['a class', (text) => `export class OrdersApi {} McpOpenApi(${text})(OrdersApi);`],
  ])('takes %s', async (_name, exported) => {
    const options = `{ downstream: 'orders', document: ${JSON.stringify(orders)}, include: 'listOrders' }`;
    const path = await write('config.mjs', `import { McpOpenApi } from ${LIBRARY};\n${exported(options)}`);
    const { code, tools } = await report('--config', path);
    expect(code).toBe(0);
    expect(tools.map(({ name }) => name)).toEqual(['listOrders']);
  });

  test.each<[string, string, string[]]>([
    ['forFeature', `McpOpenApiModule.forFeature(OPTIONS)`, ['McpOpenApiModule.forFeature']],
    [
      'forFeature with two documents',
      `McpOpenApiModule.forFeature([OPTIONS, OPTIONS])`,
      ['options[0] of McpOpenApiModule.forFeature', 'options[1] of McpOpenApiModule.forFeature'],
    ],
    [
      'forFeatureAsync, injected from a module',
      `McpOpenApiModule.forFeatureAsync({
         imports: [{ module: class {}, providers: [{ provide: 'given', useValue: OPTIONS }], exports: ['given'] }],
         inject: ['given'],
         useFactory: async (given) => given,
       })`,
      ['McpOpenApiModule.forFeature'],
    ],
  ])('takes what McpOpenApiModule.%s returned', async (_what, feature, names) => {
    const options = `{ downstream: 'orders', document: ${JSON.stringify(orders)}, include: 'listOrders' }`;
    const path = await write(
      'config.mjs',
      `import { McpOpenApiModule } from ${LIBRARY};
       class Api { read() {} }
       export const documents = ${feature.replaceAll('OPTIONS', options)};`,
    );
    const { code, stdout } = await run('openapi', '--json', '--config', path);

    expect(code).toBe(0);
    expect((JSON.parse(stdout) as { documents: { name: string; tools: { name: string }[] }[] }).documents).toEqual(
      names.map((name) => expect.objectContaining({ name, tools: [expect.objectContaining({ name: 'listOrders' })] })),
    );
  });

  test('takes scopes by the `scopeMap` of the downstream', async () => {
    const scopeMap = { 'orders:read': ['read'], 'orders:write': ['write', 'read'] };
    const path = await write(
      'config.mjs',
      `import { clientSecretBasic } from ${LIBRARY};
       export const mcpAuthOptions = {
         server: { name: 'x', version: '1' },
         resource: 'https://mcp.example/mcp',
         issuers: [{ issuer: 'https://login.example' }],
         client: { id: 'mcp', authentication: clientSecretBasic('not-used-here') },
         downstreams: {
           orders: { baseUrl: 'https://orders.example', audience: 'orders', scopeMap: ${JSON.stringify(scopeMap)} },
         },
       };
       export default { downstream: 'orders', document: ${JSON.stringify(orders)} };`,
    );
    const { code, tools } = await report('--config', path);

    expect(code).toBe(0);
    expect(tools.map(({ name, scopes }) => [name, scopes])).toEqual([
      ['createOrder', [['read', 'write']]],
      ['listOrders', [['read']]],
    ]);
  });

  test('says what is wrong with the options of the module', async () => {
    const path = await write(
      'config.mjs',
      `export const mcpAuthOptions = () => ({});
       export default { downstream: 'orders', document: ${JSON.stringify(orders)} };`,
    );
    expect(await run('openapi', '--config', path)).toEqual({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('`resource`'),
    });
  });

  test('takes what a class says of its methods', async () => {
    const path = await write(
      'config.mjs',
      `import { Anonymous, McpOpenApi, McpOperation } from ${LIBRARY};
       export class OrdersApi { create() {} }
       const method = [OrdersApi.prototype, 'create', Object.getOwnPropertyDescriptor(OrdersApi.prototype, 'create')];
       McpOperation('createOrder', { name: 'place_order', scopes: ['shop'] })(...method);
       McpOpenApi({ downstream: 'orders', document: ${JSON.stringify(orders)} })(OrdersApi);`,
    );
    expect((await report('--config', path)).tools).toEqual([
      expect.objectContaining({ name: 'listOrders', scopes: [['orders:read']] }),
      expect.objectContaining({ name: 'place_order', scopes: [['shop']] }),
    ]);
  });

  test.each<[string, object, number, string[]]>([
    ['in the list', {}, 1, ['too_many_tools']],
    ['behind a search', { offer: 'search' }, 0, []],
    ['behind a search, of which two are listed', { offer: 'search', listed: ['op0', 'op1'] }, 0, []],
    ['behind a search, of which too many are listed', { offer: 'search', listed: ['GET /**'] }, 1, ['too_many_tools']],
  ])('takes many operations %s', async (_what, options, expected, codes) => {
    const paths = Array.from({ length: 61 }, (_one, index) => {
      const needs = { responses, security: [{ oauth: ['read'] }] };
      return [`/p${index}`, { get: { operationId: `op${index}`, summary: 'Reads.', ...needs } }];
    });
    const securitySchemes = {
      oauth: { type: 'oauth2', flows: { clientCredentials: { tokenUrl: 'https://login.example', scopes: {} } } },
    };
    const many = document(Object.fromEntries(paths), { components: { securitySchemes } });
    const config = { downstream: 'things', document: many, ...options };
    const { code, tools, warnings } = await report(
      '--config',
      await write('config.mjs', `export default ${JSON.stringify(config)};`),
    );

    expect(code).toBe(expected);
    expect(tools).toHaveLength(61);
    expect(warnings.map((one) => one.code)).toEqual(codes);
  });

  test('leaves out what a search would find and could not describe, and the boot is not stopped by it', async () => {
    const parameters = [{ in: 'query', name: 'q', schema: { $ref: '#/components/schemas/None' } }];
    const paths = { '/a': { get: { responses, operationId: 'broken', parameters } }, '/b': { get: { responses } } };
    const config = { downstream: 'things', document: document(paths), offer: 'search' };
    const { code, tools, warnings } = await report(
      '--config',
      await write('config.mjs', `export default ${JSON.stringify(config)};`),
    );

    expect(code).toBe(0);
    expect(tools.map(({ name }) => name)).toEqual(['get_b_db789e']);
    expect(warnings.map((one) => `${one.code} ${one.place}`)).toEqual([
      'operation_left_out document#/paths/~1a/get/parameters/0/schema',
      'no_security GET /b',
    ]);
  });

  test('takes several options, each by its place', async () => {
    const one = (paths: object) => ({ downstream: 'things', document: document(paths) });
    const list = [one({ '/a': { get: { operationId: 'a' } } }), one({ '/b': { get: { operationId: 'b' } } })];
    const path = await write('config.mjs', `export const options = ${JSON.stringify(list)};`);
    const { code, stdout } = await run('openapi', '--config', path);
    const written = join(folder, 'several.json');

    expect(code).toBe(0);
    expect(stdout).toMatch(/^options\[0\]: Things 2\n[^]*\noptions\[1\]: Things 2\n/);
    expect(await run('openapi', '--config', path, '--write', written)).toMatchObject({
      stdout: `${written} is written: 1 + 1 operations.\n`,
    });
    expect(JSON.parse(await readFile(written, 'utf8'))).toMatchObject({
      servers: [{ name: 'things', operations: [{ name: 'a' }, { name: 'b' }] }],
    });
    expect(await run('openapi', '--config', path, '--write', join(folder, 'several.ts'))).toEqual({
      code: 2,
      stdout: '',
      stderr: 'nestjs-mcp-auth: A class is written for one document. Name it\n',
    });
    const few = list.map((each) => ({ ...each, maxTools: 1 }));
    const config = await write('config.mjs', `export default ${JSON.stringify(few)};`);
    expect((await report('--config', config)).warnings.map((each) => each.code)).toEqual([
      'too_many_tools',
      'no_security',
    ]);
  });

  test.each<[string, string, string]>([
    ['a function', `parameters: { q: { from: () => 'x' } }`, '`parameters` has a function or an instance of a class'],
    [
      'an instance',
      `parameters: { q: { value: new Date(0) } }`,
      '`parameters` has a function or an instance of a class',
    ],
  ])('writes no class for an option with %s', async (_what, option, problem) => {
    const paths = { '/a': { get: { operationId: 'a', parameters: [{ in: 'query', name: 'q', schema: {} }] } } };
    const text = `{ downstream: 'things', document: ${JSON.stringify(document(paths))}, ${option} }`;
    const path = await write('config.mjs', `export default ${text};`);

    expect(await run('openapi', '--config', path, '--write', join(folder, 'a.ts'))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(problem),
    });
  });

  test('writes no class for what nothing names alone', async () => {
    const twin = { operationId: 'twin' };
    const paths = { '/{a}': { get: twin }, '/*': { get: twin }, '/b/{c}': { get: {} } };
    const path = await write(
      'config.mjs',
      `export default ${JSON.stringify({ downstream: 'things', document: document(paths) })};`,
    );

    expect(await run('openapi', '--config', path, '--write', join(folder, 'a.ts'))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Nothing names GET /* alone'),
    });
  });

  test('cannot run with a module that exports neither', async () => {
    const { code, stderr } = await run('openapi', '--config', await write('config.mjs', 'export const x = 1;'));
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('@McpOpenApi') });
  });
});

describe('nestjs-mcp-auth openapi', () => {
  test.each([[[]], [['a.json', 'b.json']]])('does not take %j', async (args) => {
    expect(await run('openapi', ...args)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^Usage:/),
    });
  });

  test.each([
    [['--scopes', '{'], 'JSON'],
    [['--write', 'a.ts', '--check', 'a.ts'], 'not both'],
    [['--max-tools', 'many'], 'not a number'],
    [['--write', '/'], 'EISDIR'],
    [['--colour'], '--colour'],
  ])('says what is wrong with %j', async (args, message) => {
    expect(await run('openapi', orders, ...args)).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
  });
});
