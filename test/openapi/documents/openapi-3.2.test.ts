import { describe, expect, test } from '@jest/globals';
import { loadDocument } from '../../../lib/openapi/documents/load-document.js';
import { listOperations } from '../../../lib/openapi/operations/list-operations.js';

/** What an OpenAPI 3.2 document with these paths offers. */
async function list(paths: object, components: object = {}) {
  const { operations, faulty } = listOperations(
    await loadDocument({ document: { openapi: '3.2.0', info: {}, paths, components } }),
  );
  return { operations, problems: faulty.map(({ problem }) => problem.message) };
}

const form = 'application/x-www-form-urlencoded';

describe('OpenAPI 3.2', () => {
  test('has the method QUERY, and others as they are spelled', async () => {
    const additionalOperations = { LINK: { operationId: 'link' }, Purge: { operationId: 'purge' } };

    const { operations } = await list({ '/a': { query: { operationId: 'query' }, additionalOperations } });

    expect(operations.map(({ method, id }) => [method, id])).toStrictEqual([
      ['QUERY', 'query'],
      ['LINK', 'link'],
      ['Purge', 'purge'],
    ]);
  });

  test.each([
    ['POST', 'belongs into the path itself, as `post`'],
    ['TRACE', 'is a method that `fetch` does not send'],
    ['A B', 'is a method that `fetch` does not send'],
  ])('has no other method %s', async (method, problem) => {
    const { operations, problems } = await list({ '/a': { additionalOperations: { [method]: {} } } });

    expect(operations).toStrictEqual([]);
    expect(problems[0]).toContain(problem);
  });

  test('has query strings as one form', async () => {
    const schema = { $ref: '#/components/schemas/Filter' };
    const parameters = [{ in: 'querystring', name: 'filter', content: { [form]: { schema } } }];
    const Filter = { type: 'object', required: ['a'], properties: { a: { type: 'string' }, b: { type: 'array' } } };

    const { operations } = await list({ '/a': { get: { parameters } } }, { schemas: { Filter } });

    expect(operations[0]?.parameters.map((one) => [one.in, one.name, one.isRequired, one.isExploded])).toStrictEqual([
      ['query', 'a', true, true],
      ['query', 'b', false, true],
    ]);
  });

  test.each([
    [
      'a query string that is no form',
      { get: { parameters: [{ in: 'querystring', content: { 'application/json': {} } }] } },
      '`in: querystring`',
    ],
    [
      'a body that is a stream of items',
      { post: { requestBody: { content: { 'application/jsonl': { itemSchema: {} } } } } },
      '`itemSchema`',
    ],
  ])('leaves out %s, with the reason', async (_what, item, problem) => {
    const { operations, problems } = await list({ '/a': item, '/b': { get: {} } });

    expect(operations.map(({ path }) => path)).toStrictEqual(['/b']);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
  });

  test('offers a body by its other media types, and by references to them', async () => {
    const content = {
      'application/jsonl': { itemSchema: {} },
      'application/json': { $ref: '#/components/mediaTypes/Order' },
    };
    const mediaTypes = { Order: { schema: { type: 'object' } } };

    const { operations } = await list({ '/a': { post: { requestBody: { content } } } }, { mediaTypes });

    expect(operations[0]?.body?.media.map(({ mediaType, schema }) => [mediaType, schema.value])).toStrictEqual([
      ['application/json', { type: 'object' }],
    ]);
  });
});
