import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { McpOpenApi } from 'nestjs-mcp-auth';
import type { JsonObject } from '../../../lib/json/json-object.js';
import { startDownstreamServer, type DownstreamServer } from '../../downstream/downstream-server.js';
import { callTool, textOf } from '../../support/mcp-request.js';
import { judgeRequest, type ReceivedRequest } from './judged-request.js';
import { describeOperation, readRecordedCases, toArguments, type RecordedCase } from './request-case.js';

/** One case of each kind. */
function sampleCases(): readonly RecordedCase[] {
  const seen = new Set<string>();
  return readRecordedCases().filter(({ kind, id }) => {
    if (seen.has(kind) || id === 4) return false;
    seen.add(kind);
    return true;
  });
}

const cases = sampleCases();

const PLACES = ['path', 'query', 'header', 'cookie'].map((place) => ({
  name: `in-${place}`,
  in: place,
  required: true,
}));

const BODY = { content: { 'application/json': { schema: { properties: { a: {} } } } } };

const ownDocument = {
  openapi: '3.1.0',
  info: { title: 'An API', version: '1' },
  paths: {
    '/files/{path}': { get: { operationId: 'readFile' } },
    '/pairs/{one}.{two}/x': { delete: { operationId: 'dropPair' } },
    '/styles/{label}{matrix}': {
      delete: {
        operationId: 'dropStyled',
        parameters: ['label', 'matrix'].map((style) => ({ name: style, in: 'path', required: true, style })),
      },
    },
    '/served': { servers: [{ url: '/area' }], get: { operationId: 'findServed' } },
    '/all/{in-path}': { get: { operationId: 'findAll', parameters: PLACES, requestBody: BODY } },
  },
};

/** Tools have the names of their cases. */
function toApi({ mini, path, id }: RecordedCase): unknown {
  const paths = mini.paths as Record<string, Record<string, JsonObject>>;
  const [method = '', operation] = Object.entries(paths[path] ?? {}).find(([, one]) => 'responses' in one) ?? [];
  const document = {
    ...mini,
    paths: { [path]: { ...paths[path], [method]: { ...operation, operationId: `case${id}` } } },
  };
  @McpOpenApi({ downstream: 'orders', document, scopes: () => [] })
  class RecordedApi {}
  return RecordedApi;
}

@McpOpenApi({ downstream: 'orders', document: ownDocument })
class OwnApi {}

describe.each(['express', 'fastify'] as const)('a request of a generated tool on %s', (platform) => {
  let server: DownstreamServer;
  let token: string;

  beforeAll(async () => {
    const providers = [OwnApi, ...cases.map(toApi)] as never[];
    server = await startDownstreamServer({ platform, providers });
    token = await server.token();
  });
  beforeEach(() => {
    server.orders.requests.length = 0;
  });
  afterAll(() => server.close());

  test.each(cases)('reaches the API as it is meant: $kind $method ($id)', async (meant) => {
    const { operation, input } = describeOperation(meant);
    const isRefused = meant.kind === 'pathesc' && meant.values.some(({ value }) => String(value).startsWith('..'));

    const result = await callTool(server.resource, token, `case${meant.id}`, toArguments(meant, input));

    expect([operation.path, result.isError ?? false]).toStrictEqual([meant.path, isRefused]);
    if (!isRefused) expect(await judgeRequest(meant, receive(server, meant))).toStrictEqual([]);
  });

  test('keeps the path of a relative server', async () => {
    await callTool(server.resource, token, 'findServed');

    expect(server.orders.last.path).toBe('/v1/area/served');
  });

  test('has its cookie and the body of a GET', async () => {
    const args = { 'in-path': 'é', 'in-query': '+', 'in-header': 'x', 'in-cookie': 'a;b', a: 1 };

    await callTool(server.resource, token, 'findAll', args);

    const { path, headers, body } = server.orders.last;
    expect([path, headers['in-header'], headers.cookie, body]).toStrictEqual([
      '/v1/all/%C3%A9?in-query=%2B',
      'x',
      'in-cookie=a%3Bb',
      '{"a":1}',
    ]);
  });

  test.each([
    ['.'],
    ['..'],
    ['../admin'],
    ['..\\admin'],
    ['x/../../admin'],
    ['%2e%2e'],
    ['%2E.'],
    ['..%2fadmin'],
    ['%252e%252e%252fadmin'],
    ['..;/admin'],
    ['..?x'],
    ['..#x'],
    ['..\0'],
    ['..\n'],
    [' ..'],
    ['\uff0e\uff0e/admin'],
    ['%c0%ae%c0%ae/admin'],
    ['%u002e%u002e'],
    [''],
  ])('is refused with a message for the model where a value of its path is %j', async (path) => {
    const result = await callTool(server.resource, token, 'readFile', { path });

    expect(result.isError).toBe(true);
    expect(textOf(result)).toMatch(/^path: /);
    expect(server.orders.requests).toStrictEqual([]);
  });

  test.each([
    ['a/b'],
    ['a\\b'],
    ['a?b=c#d'],
    ['a;b=c'],
    ['a\r\nb'],
    ['...'],
    ['.a'],
    ['a..b'],
    ['%41'],
    ['a%'],
    ['\u2044'],
    ['//'],
  ])('carries a value of its path: %j', async (path) => {
    await callTool(server.resource, token, 'readFile', { path });

    expect(readPath(server)).toStrictEqual(['files', path]);
  });

  test('carries two values of one segment, and styles', async () => {
    await callTool(server.resource, token, 'dropPair', { one: 'a.b', two: '/' });
    expect(server.orders.last.path).toBe('/v1/pairs/a.b.%2F/x');

    await callTool(server.resource, token, 'dropStyled', { label: 'x', matrix: ['a', ';'] });
    expect(server.orders.last.path).toBe('/v1/styles/.x;matrix=a,%3B');
  });

  test.each(['dropPair', 'dropStyled'])('cannot climb by values that climb together: %s', async (tool) => {
    const args = tool === 'dropPair' ? { one: '', two: '' } : { label: '.', matrix: '' };

    expect(await callTool(server.resource, token, tool, args)).toMatchObject({ isError: true });
    expect(server.orders.requests).toStrictEqual([]);
  });
});

describe('a value of a path', () => {
  let server: DownstreamServer;
  let token: string;

  beforeAll(async () => {
    server = await startDownstreamServer({ providers: [OwnApi] });
    token = await server.token();
  });
  afterAll(() => server.close());

  const pieces = [
    '.',
    '..',
    '/',
    '\\',
    '%',
    '2e',
    '2f',
    '5c',
    '25',
    ';',
    '?',
    '#',
    ' ',
    '\t',
    '\0',
    'a',
    'é',
    '\uff0e',
    '\u2024',
    '%c0%ae',
  ];

  test('arrives as it is meant, or not at all', async () => {
    const value = fc.oneof(
      fc.array(fc.constantFrom(...pieces), { maxLength: 8 }).map((all) => all.join('')),
      fc.string({ unit: 'binary' }),
    );
    await fc.assert(
      fc.asyncProperty(value, async (path) => {
        server.orders.requests.length = 0;
        const result = await callTool(server.resource, token, 'readFile', { path });
        if (result.isError) expect([textOf(result).slice(0, 6), server.orders.requests]).toStrictEqual(['path: ', []]);
        else expect(readPath(server)).toStrictEqual(['files', path]);
      }),
      { numRuns: 120, seed: 14 },
    );
  });
});

/** The segments of the path below the base URL, as the API reads them. */
function readPath({ orders }: DownstreamServer): readonly string[] {
  const { pathname } = new URL(orders.last.path, orders.origin);
  expect(pathname).toBe(orders.last.path);
  return pathname.split('/').slice(2).map(decodeURIComponent);
}

/** Headers that every request has. */
const COMMON = ['accept', 'accept-encoding', 'authorization', 'connection', 'content-length', 'host', 'user-agent'];

function receive({ orders }: DownstreamServer, { values }: RecordedCase): ReceivedRequest {
  const { method, path, headers, bytes } = orders.last;
  const named = new Set(values.map(({ name }) => name.toLowerCase()));
  const own = Object.entries(headers).filter(([name]) => named.has(name) || !COMMON.includes(name));
  return {
    method,
    target: path.slice('/v1'.length),
    headers: Object.fromEntries(own) as Record<string, string>,
    body: bytes,
  };
}
