import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Logger, type Type } from '@nestjs/common';
import ts from 'typescript';
import { complaintsOf } from '../docs/type-checker.js';
import { startDownstreamServer } from '../downstream/downstream-server.js';
import { orderDocument } from '../openapi/order-document.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { callTool } from '../support/mcp-request.js';
import { run } from './run-command.js';

let folder: string;

beforeAll(async () => {
  Logger.overrideLogger(new RecordingLogger());
  folder = await mkdtemp(join(tmpdir(), 'written-class-'));
  await symlink(join(process.cwd(), 'node_modules'), join(folder, 'node_modules'));
});
afterAll(() => rm(folder, { recursive: true }));

const responses = { 200: { description: 'OK' } };
const HOSTILE = '*/ process.exit(); /* \' " ` ${process.exit()} \\ \\u0041 \u2028\u2029\u202e</script> @deprecated';

function take(schema: object, rest: object = {}) {
  const content = { 'application/json': { schema } };
  return { post: { operationId: 'take', responses, requestBody: { content, required: true }, ...rest } };
}

const tree = {
  type: 'object',
  properties: { children: { type: 'array', items: { $ref: '#/components/schemas/Tree' } } },
};
const all = { type: 'object', required: ['value'], properties: { value: {} } };

const DOCUMENTS: [string, object, object?][] = [
  ['nested objects', { '/a': take({ type: 'object', properties: { a: { type: 'object', properties: { b: all } } } }) }],
  [
    'what may be null',
    { '/a': take({ type: 'object', properties: { a: { type: ['string', 'null'] }, b: { type: 'null' } } }) },
  ],
  [
    'enumerations',
    { '/a': take({ type: 'object', properties: { a: { enum: ['x', 1, null, HOSTILE, { [HOSTILE]: [true] }] } } }) },
  ],
  [
    'unions',
    {
      '/a': take({
        type: 'object',
        properties: {
          a: {
            oneOf: [
              { type: 'string' },
              all,
              { type: 'array', items: { anyOf: [{ type: 'number' }, { type: 'null' }] } },
            ],
          },
        },
      }),
    },
  ],
  [
    'free-form objects',
    {
      '/a': take({
        type: 'object',
        required: ['n'],
        properties: {
          n: { type: 'object', properties: { k: { type: 'string' } }, additionalProperties: { type: 'number' } },
          m: { type: 'object', additionalProperties: all },
          o: {},
        },
      }),
    },
  ],
  [
    'circles',
    { '/a': take({ $ref: '#/components/schemas/Tree' }), '/b': { put: { ...take(tree).post, operationId: 'other' } } },
    { Tree: tree },
  ],
  [
    'an alias of itself',
    {
      '/a': take({
        type: 'object',
        properties: { a: { $ref: '#/components/schemas/Self' }, b: { $ref: '#/components/schemas/Self' } },
      }),
    },
    { Self: { anyOf: [{ $ref: '#/components/schemas/Self' }, { type: 'string' }] } },
  ],
  [
    'definitions named as types of the language',
    {
      '/a': take({
        type: 'object',
        properties: {
          a: { $ref: '#/components/schemas/string' },
          b: { $ref: '#/components/schemas/string' },
          c: { $ref: '#/components/schemas/OperationCall' },
          d: { $ref: '#/components/schemas/OperationCall' },
        },
      }),
    },
    { string: tree, OperationCall: all, Tree: tree },
  ],
  [
    'hostile texts',
    {
      [`/a/${HOSTILE.replaceAll(/[{}\s/]/g, '')}`]: {
        get: {
          operationId: 'take',
          responses,
          summary: HOSTILE,
          description: HOSTILE,
          parameters: [
            { in: 'query', name: HOSTILE, description: HOSTILE, schema: { type: 'string', default: HOSTILE } },
          ],
        },
      },
    },
  ],
  [
    'names that Nest or the language calls',
    Object.fromEntries(
      ['constructor', 'then', 'onModuleInit', '__proto__', 'toString', 'delete', 'get', 'static', 'prototype'].map(
        (id) => [`/${id}`, { get: { operationId: id, responses } }],
      ),
    ),
  ],
  [
    'names that become the same',
    Object.fromEntries(
      ['a-b', 'aB', 'A_b', '1', '-'].map((id, index) => [`/${index}`, { get: { operationId: id, responses } }]),
    ),
  ],
  ['no operationId', { '/a/{b}': { get: { responses }, delete: { responses } } }],
];

async function write(name: string, content: object): Promise<string> {
  const path = join(folder, `${name}.json`);
  const target = join(folder, `${name}.api.ts`);
  await writeFile(path, JSON.stringify(content));
  const { code, stderr } = await run('openapi', path, '--write', target, '--downstream', 'orders');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return target;
}

/** Loads a class as an application would after its compiler. */
async function load(path: string): Promise<Type> {
  const compilerOptions = {
    module: ts.ModuleKind.ESNext,
    target: ts.ScriptTarget.ES2022,
    experimentalDecorators: true,
  };
  const { outputText } = ts.transpileModule(await readFile(path, 'utf8'), { compilerOptions });
  const compiled = path.replace(/\.ts$/, '.mjs');
  await writeFile(
    compiled,
    outputText.replace("'nestjs-mcp-auth'", JSON.stringify(join(process.cwd(), 'lib/index.ts'))),
  );
  const exported = (await import(pathToFileURL(compiled).href)) as Record<string, Type>;
  return Object.values(exported)[0] as Type;
}

describe('nestjs-mcp-auth openapi --write <file>.ts', () => {
  test('writes classes that compile', async () => {
    const files = new Map<string, string>();
    for (const [index, [, paths, schemas = {}]] of DOCUMENTS.entries()) {
      const document = { openapi: '3.1.0', info: { title: 'T', version: '1' }, paths, components: { schemas } };
      files.set(
        `test/command-line/written-${index}.ts`,
        await readFile(await write(`document-${index}`, document), 'utf8'),
      );
    }
    const complaints = complaintsOf(files, { verbatimModuleSyntax: true, isolatedModules: true });
    expect(
      complaints.map(({ file, message }) => `${DOCUMENTS[Number(/\d+/.exec(file)?.[0])]?.[0] ?? file}: ${message}`),
    ).toEqual([]);
  });

  test('writes a class that boots and calls', async () => {
    const OrdersApi = await load(await write('orders', orderDocument));
    expect(OrdersApi.name).toBe('OrdersApi');
    const server = await startDownstreamServer({ platform: 'express', providers: [OrdersApi] });
    try {
      const token = await server.token({ scope: 'orders:write' });
      await callTool(server.resource, token, 'createOrder', { item: 'tea' });
      expect(JSON.parse(server.orders.last.body)).toStrictEqual({ item: 'tea' });
    } finally {
      await server.close();
    }
  });

  test('is compared like a manifest, and not written over when it was edited', async () => {
    const path = await write('again', orderDocument);
    const source = join(folder, 'again.json');
    expect(await run('openapi', source, '--check', path, '--downstream', 'orders')).toMatchObject({ code: 0 });
    expect(await run('openapi', source, '--write', path, '--downstream', 'orders')).toMatchObject({ code: 0 });
    await writeFile(path, (await readFile(path, 'utf8')).replace('return call(input)', 'return call({ ...input })'));
    expect(await run('openapi', source, '--check', path, '--downstream', 'orders')).toMatchObject({ code: 0 });
    expect(await run('openapi', source, '--write', path, '--downstream', 'orders')).toMatchObject({ code: 2 });
  });
});
