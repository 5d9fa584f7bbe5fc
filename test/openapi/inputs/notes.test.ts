import { describe, expect, test } from '@jest/globals';
import { documentOf, offer } from '../operations/offered-tools.js';

const text = { type: 'string' };
const header = (name: string) => ({ in: 'header', name, schema: text });
const query = (name: string, schema: object) => ({ in: 'query', name, schema });
const operation = (operationId: string, parameters: readonly object[], more: object = {}) => ({
  get: { operationId, parameters, responses: { 200: { description: 'OK' } }, ...more },
});

/** The document of a class, and lines of its log that are about arguments. */
async function boot(paths: Record<string, unknown>, maxToolSize?: number) {
  const { tools, log } = await offer(documentOf(paths), maxToolSize === undefined ? {} : { maxToolSize });
  const lines = log.filter((line) => line.startsWith('warn @McpOpenApi on OrdersApi: '));
  return {
    argumentsOf: (name: string) => {
      const { properties } = tools.find((one) => one.name === name)?.inputSchema ?? {};
      return Object.keys((properties as object | undefined) ?? {});
    },
    lines: lines.map((line) => line.replace('warn @McpOpenApi on OrdersApi: ', '').replace(/ McpOpenApi$/, '')),
  };
}

const SERVER_HEADERS = ['Authorization', 'cookie', 'HOST', 'Accept', 'Content-Type', 'Origin', 'DPoP'];
const PROXY_HEADERS = ['X-Forwarded-For', 'Forwarded'];

describe('the log says at boot what arguments leave out', () => {
  test('headers that steer are no arguments, and those of proxies are told', async () => {
    const headers = [...SERVER_HEADERS, ...PROXY_HEADERS, 'X-Request-Id'].map(header);
    const { argumentsOf, lines } = await boot({ '/a': operation('read', headers), '/b': operation('other', headers) });

    expect(argumentsOf('read')).toStrictEqual(['X-Request-Id']);
    expect(lines).toStrictEqual([
      'Headers that steer proxies are no arguments: X-Forwarded-For, Forwarded. `http.letToolsSteerProxies` of the downstream can allow them.',
    ]);
  });

  test('tools that are described in part', async () => {
    const long = { ...text, description: 'A part of the order. '.repeat(20) };
    const many = Array.from({ length: 30 }, (_one, index) => query(`part${index}`, long));
    const { argumentsOf, lines } = await boot({ '/a': operation('large', many), '/b': operation('small', []) }, 4_000);

    expect(argumentsOf('large')).toHaveLength(30);
    expect(lines).toStrictEqual([
      'Tools whose arguments are described in part, because of `maxToolSize`: large. They take whatever the API takes.',
    ]);
  });

  test('keywords that are not valid, with their places', async () => {
    const parameters = [query('a', { ...text, pattern: '[' }), query('b', { type: 'integer', minimum: 'one' })];
    const { lines } = await boot({ '/a': operation('read', parameters) });

    expect(lines).toStrictEqual([
      'Keywords of schemas that are not valid, and are left out: ' +
        '`pattern` at document#/paths/~1a/get/parameters/0/schema, `minimum` at document#/paths/~1a/get/parameters/1/schema.',
    ]);
  });

  test('ten of them, and how many more there are', async () => {
    const parameters = Array.from({ length: 12 }, (_one, index) => query(`p${index}`, { ...text, pattern: '[' }));
    const { lines } = await boot({ '/a': operation('read', parameters) });

    expect(lines).toStrictEqual([
      expect.stringMatching(/^Keywords of schemas .*\/parameters\/9\/schema, and 2 more\.$/),
    ]);
  });

  test('nothing where nothing is left out', async () => {
    expect((await boot({ '/a': operation('read', [query('a', text)]) })).lines).toStrictEqual([]);
  });
});
