import { describe, expect, test } from '@jest/globals';
import { argumentOf, describeFirst } from './described-input.js';

const LEGAL = /^[A-Za-z0-9_.-]{1,64}$/;

describe('keys that models may not write have an alias', () => {
  test.each([
    ['$filter', 'filter'],
    ['$.xgafv', 'xgafv'],
    ['filter[status]', 'filter_status'],
    ['größe', 'gro_e'],
    ['日本', 'value'],
    ['constructor', 'constructor_value'],
    ['__proto__', 'proto'],
    ['x'.repeat(80), 'x'.repeat(64)],
  ])('parameter %s', (name, alias) => {
    const described = describeFirst({ parameters: [{ name, in: 'query', schema: { type: 'string' } }] });

    expect(Object.keys(described.input.schema.properties as object)).toStrictEqual([alias]);
    expect(described.takes({})).toBe(true);
    expect(described.build({ [alias]: 'v' }).target).toBe(`/things?${encodeURIComponent(name)}=v`);
  });

  test.each([
    [
      'a property of the body',
      { type: 'object', properties: { '@id': { type: 'string' } } },
      { id: 'x' },
      { '@id': 'x' },
    ],
    [
      'a nested property',
      { type: 'object', properties: { a: { type: 'object', properties: { '@id': { type: 'string' } } } } },
      { a: { id: 'x' } },
      { a: { '@id': 'x' } },
    ],
    [
      'an item of a list',
      { type: 'object', properties: { a: { type: 'array', items: { $ref: '#/components/schemas/Odd' } } } },
      { a: [{ id: 'x' }, { id: 'y' }] },
      { a: [{ '@id': 'x' }, { '@id': 'y' }] },
    ],
    [
      'a member of a circle',
      { type: 'object', properties: { a: { $ref: '#/components/schemas/Circle' } } },
      { a: { id: '1', next: { id: '2', next: { id: '3' } } } },
      { a: { '@id': '1', next: { '@id': '2', next: { '@id': '3' } } } },
    ],
    [
      'a value of a map',
      { type: 'object', additionalProperties: { $ref: '#/components/schemas/Odd' } },
      { body: { id: { id: 'x' } } },
      { id: { '@id': 'x' } },
    ],
    [
      'a value of keys by a pattern',
      {
        type: 'object',
        properties: {
          a: { type: 'object', patternProperties: { '^x-': { $ref: '#/components/schemas/Odd' }, '^y': true } },
        },
      },
      { a: { 'x-1': { id: 'x' }, y: { id: 'y' } } },
      { a: { 'x-1': { '@id': 'x' }, y: { id: 'y' } } },
    ],
    [
      'a key beside keys by a pattern, which alias could match',
      {
        type: 'object',
        properties: { a: { type: 'object', properties: { '@id': {} }, patternProperties: { '^i': {} } } },
      },
      { a: { id: 'x', in: 'y' } },
      { a: { '@id': 'x', in: 'y' } },
    ],
    [
      'a key of a free object, which is none',
      { type: 'object', properties: { '@id': { type: 'string' }, free: { type: 'object' } } },
      { id: 'x', free: { id: 'y', a: { id: 'z' } } },
      { '@id': 'x', free: { id: 'y', a: { id: 'z' } } },
    ],
    [
      'keys that are both there',
      { type: 'object', properties: { a: { $ref: '#/components/schemas/Both' } } },
      { a: { id: 1, id_c1664c: 2 } },
      { a: { id: 1, '@id': 2 } },
    ],
    [
      'an alternative, by the one that takes the value',
      { anyOf: [{ $ref: '#/components/schemas/Odd' }, { $ref: '#/components/schemas/Even' }] },
      { body: { id: 4 } },
      { id: 4 },
    ],
    [
      'an alternative, by the other one',
      { anyOf: [{ $ref: '#/components/schemas/Even' }, { $ref: '#/components/schemas/Odd' }] },
      { body: { id: 'x' } },
      { '@id': 'x' },
    ],
  ])('%s', (_what, body, args, sent) => {
    const described = describeFirst({ body, schemas });

    expect(described.takes(args)).toBe(true);
    expect(JSON.parse(described.build(args).body as string)).toStrictEqual(sent);
  });

  test('and so has an argument whose name others have', () => {
    const described = describeFirst({
      path: '/things/{id}',
      parameters: [
        { name: 'id', in: 'path', required: true, schema: { type: 'string' } },
        { name: 'query_id', in: 'query', schema: { type: 'string' } },
        { name: 'id', in: 'query', schema: { type: 'string' } },
      ],
    });

    expect(Object.keys(described.input.schema.properties as object)).toStrictEqual(['id', 'query_id', 'query_id_2']);
    expect(described.build({ id: '1', query_id: '2', query_id_2: '3' }).target).toBe('/things/1?query_id=2&id=3');
  });

  test('are legal, and never two of one object', () => {
    const keys = ['a/b', 'a b', 'a_b', 'a?b', '_a_b_', '', '#', 'toString', 'valueOf', '$'.repeat(90), '%'.repeat(90)];
    const inner = { type: 'object', properties: Object.fromEntries(keys.map((key) => [key, { type: 'string' }])) };
    const described = describeFirst({ body: { type: 'object', properties: { inner } } });

    const { properties } = argumentOf(described, 'inner') as { properties: object };
    expect(Object.keys(properties)).toHaveLength(keys.length);
    expect(Object.keys(properties).filter((key) => !LEGAL.test(key))).toStrictEqual([]);
    expect(described.takes({ inner: {} })).toBe(true);
  });
});

const schemas = {
  Odd: { type: 'object', required: ['@id'], properties: { '@id': { type: 'string' } } },
  Even: { type: 'object', required: ['id'], properties: { id: { type: 'integer' } } },
  Both: { type: 'object', properties: { '@id': { type: 'integer' }, id: { type: 'integer' } } },
  Circle: {
    type: 'object',
    properties: { '@id': { type: 'string' }, next: { $ref: '#/components/schemas/Circle' } },
  },
};
