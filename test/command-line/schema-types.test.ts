import { describe, expect, test } from '@jest/globals';
import { Identifiers, toTypeName } from '../../lib/class-source/identifiers.js';
import { writeClass } from '../../lib/class-source/class-source.js';
import { SchemaTypes } from '../../lib/class-source/schema-types.js';

/** All types that are written for the arguments of one operation. */
function write(schema: object): string {
  const types = new SchemaTypes([]);
  types.declare('input', { ...schema }, 'GET /a');
  return types.declarations.join('').replaceAll(/\s+/g, ' ').trim();
}

const text = { type: 'string' };
const member = (a: unknown) => ({ type: 'object', properties: { a }, additionalProperties: false });

describe('the type of a schema', () => {
  test.each<[unknown, string]>([
    [true, 'unknown'],
    [false, 'never'],
    [{ not: {} }, 'never'],
    [{ not: { enum: ['x'] } }, 'unknown'],
    [{ type: 'array' }, 'unknown[]'],
    [{ type: 'array', items: { type: ['string', 'null'] } }, '(string | null)[]'],
    [{ type: 'file' }, 'unknown'],
    [{ type: 'object' }, '{ [key: string]: unknown }'],
    [{ type: 'object', additionalProperties: false }, '{ [key: string]: never }'],
    [{ type: 'object', additionalProperties: text }, '{ [key: string]: string; }'],
    [{ type: 'object', properties: { b: {} }, additionalProperties: text }, '{ b?: unknown; [key: string]: unknown; }'],
    [
      { type: 'object', properties: { b: { type: 'number' } }, required: ['b'], additionalProperties: text },
      '{ b: number; [key: string]: string | number; }',
    ],
    [{ ...member(text), description: ' ' }, '{ a?: string; }'],
    [{ const: 5 }, '5'],
    [{ type: ['integer', 'null'], enum: [1, 1.5, null, 'x'] }, '1 | null'],
    [{ type: 'array', enum: [['a', 1], 'x'] }, "['a', 1]"],
    [{ type: 'object', enum: [{ 'a b': true }, []] }, "{ 'a b': true }"],
    [{ type: 'number', enum: [Infinity] }, 'number'],
    [{ type: 'string', enum: [5] }, 'never'],
    [{ allOf: [{ anyOf: [text, { type: 'null' }] }, { not: {} }] }, '(string | null) & never'],
    [{ allOf: [{}, text] }, 'string'],
    [{ oneOf: [text, text] }, 'string'],
    [{ $ref: '#/$defs/None' }, 'unknown'],
  ])('%j', (schema, written) => {
    expect(write(member(schema))).toBe(`export type Input = { a?: ${written}; };`);
  });

  test('a definition that is only itself says nothing', () => {
    const $defs = {
      Self: { anyOf: [{ $ref: '#/$defs/Other' }, text] },
      Other: { allOf: [{ $ref: '#/$defs/Self' }] },
      Any: true,
    };

    expect(write({ ...member({ $ref: '#/$defs/Self' }), $defs })).toBe(
      'export type Other = unknown; export type Self = unknown | string; export type Any = unknown; export type Input = { a?: Self; };',
    );
  });
});

describe('the name of a type', () => {
  test.each([
    ['create-order', 'CreateOrder'],
    ['1st', 'Api1st'],
    ['日本', 'Api'],
  ])('%s', (name, type) => {
    expect(toTypeName(name)).toBe(type);
  });

  test('is there once', () => {
    const names = new Identifiers(['Order']);

    expect(Array.from({ length: 3 }, () => names.take('Order', 'GET /orders'))).toStrictEqual([
      'Order_60c198',
      'Order_60c198_',
      'Order_60c198__',
    ]);
  });
});

test('options of a class are written as they are', () => {
  const source = writeClass('Api', { maxTools: 5, strict: true, resources: [], answers: {} }, []);

  expect(source.slice(source.indexOf('@McpOpenApi'))).toBe(`@McpOpenApi({
  maxTools: 5,
  strict: true,
  resources: [],
  answers: {},
  include: [],
})
export class Api {
}
`);
});
