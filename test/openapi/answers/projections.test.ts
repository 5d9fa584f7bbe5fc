import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startAnswerServer, type AnswerServer } from './answer-server.js';

const read = (operationId: string) => ({ get: { operationId, responses: { 200: { description: 'ok' } } } });

const FIELDS: Readonly<Record<string, readonly string[]>> = {
  names: ['id', 'items[].name'],
  nested: ['customer.address.city'],
  lists: ['groups[].members[].name'],
  jsonPath: ['$.items[?@.open == true].name'],
  everywhere: ['$..name'],
  all: ['$'],
  both: ['id', '$.items[0]'],
  absent: ['nothing'],
  strange: ['@id', 'a-b'],
  within: ['items', 'items[].name'],
};

const json = { 'content-type': 'application/json' };

const body = {
  id: 7,
  '@id': 'x',
  'a-b': 1,
  items: [
    { name: 'tea', open: true, note: 'n' },
    { name: 'salt', open: false },
  ],
  customer: { name: 'Ada', address: { city: 'Bonn', street: 's' } },
  groups: [{ members: [{ name: 'a', age: 1 }] }, { other: 1 }],
};

describe.each(['express', 'fastify'] as const)('`fields` of answers on %s', (platform) => {
  let server: AnswerServer;

  beforeAll(async () => {
    const names = Object.keys(FIELDS);
    server = await startAnswerServer({
      platform,
      paths: Object.fromEntries(names.map((name) => [`/${name}`, read(name)])),
      answers: { operations: Object.fromEntries(names.map((name) => [name, { fields: FIELDS[name] ?? [] }])) },
    });
  });
  afterAll(() => server.close());

  test.each([
    ['names', body, { id: 7, items: [{ name: 'tea' }, { name: 'salt' }] }],
    [
      'names',
      [body, { id: 8, note: 'n' }],
      { result: [{ id: 7, items: [{ name: 'tea' }, { name: 'salt' }] }, { id: 8 }] },
    ],
    ['nested', body, { customer: { address: { city: 'Bonn' } } }],
    ['lists', body, { groups: [{ members: [{ name: 'a' }] }] }],
    ['jsonPath', body, { items: [{ name: 'tea' }] }],
    ['everywhere', { a: { name: 1, x: 2 }, name: 3 }, { a: { name: 1 }, name: 3 }],
    ['all', body, body],
    ['both', body, { id: 7, items: [body.items[0]] }],
    ['absent', body, {}],
    ['within', body, { items: body.items }],
    ['names', 7, { result: 7 }],
    ['lists', { groups: 'none' }, {}],
    ['strange', body, { '@id': 'x', 'a-b': 1 }],
  ])('keep what they name, and what is around it: %s', async (tool, answered, kept) => {
    const result = await server.answer(tool, `/v1/${tool}`, { headers: json, body: JSON.stringify(answered) });

    expect(result.structuredContent).toStrictEqual(kept);
    expect(JSON.parse(result.content[0]?.text ?? '')).toStrictEqual(kept);
  });
});

test.each([['$.items['], ['items[0'], [''], ['a..b']])('"%s" stops the boot', async (field) => {
  await expect(startAnswerServer({ paths: { '/a': read('a') }, answers: { fields: [field] } })).rejects.toThrow(
    '`answers.fields[0]` is neither a path such as "items[].name" nor JSONPath (RFC 9535)',
  );
});
