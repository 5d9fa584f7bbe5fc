import { describe, expect, test } from '@jest/globals';
import { argumentOf, describeFirst } from './described-input.js';

const text = { type: 'string' };
const schemas = {
  Self: { allOf: [{ $ref: '#/components/schemas/Self' }, { type: 'object', properties: { a: text } }] },
  Base: { type: 'object', required: ['id'], properties: { id: { ...text, readOnly: true }, name: text } },
  Cat: { type: 'object', properties: { kind: text, meows: { type: 'boolean' } } },
  Any: true,
  Alias: { $ref: '#/components/schemas/Cat' },
  Ping: { allOf: [{ $ref: '#/components/schemas/Pong' }] },
  Pong: { allOf: [{ $ref: '#/components/schemas/Ping' }] },
  Tree: { type: 'object', properties: { next: { $ref: '#/components/schemas/Tree', minProperties: 1 } } },
  Dog: { type: 'object', properties: { kind: text, barks: { type: 'boolean' } } },
};

describe('a schema becomes JSON Schema 2020-12', () => {
  test.each([
    ['3.0.3', { ...text, nullable: true }, { type: ['string', 'null'] }],
    ['3.1.0', { type: ['string', 'integer'] }, { anyOf: [text, { type: 'integer' }] }],
    ['3.0.3', { type: 'number', minimum: 1, exclusiveMinimum: true }, { type: 'number', exclusiveMinimum: 1 }],
    ['3.1.0', { type: 'number', multipleOf: 0.01 }, { type: 'number' }],
    ['3.1.0', { ...text, pattern: '[' }, text],
    ['3.1.0', { ...text, format: 'no-such-format' }, text],
    ['3.1.0', { type: 'integer', format: 'int64' }, { type: 'integer' }],
    ['3.1.0', { ...text, enum: [1, 2, 2] }, { ...text, enum: ['1', '2'] }],
    ['3.1.0', { type: 'integer', enum: ['1', 'x'] }, { type: 'integer', const: 1 }],
    [
      '3.1.0',
      { type: 'integer', enum: ['1 (Basic)', '2 (Full)'] },
      { anyOf: [{ type: 'integer' }, { type: 'string', enum: ['1 (Basic)', '2 (Full)'] }] },
    ],
    ['3.1.0', { type: 'array', properties: { a: text } }, { type: 'array' }],
    ['3.1.0', { type: 'array', prefixItems: [text], items: false }, { type: 'array', maxItems: 1, items: text }],
    ['3.1.0', { type: 'array', prefixItems: [text] }, { type: 'array' }],
    ['3.1.0', true, {}],
    [
      '3.1.0',
      { allOf: [{ $ref: '#/components/schemas/Base' }, { required: ['name'] }] },
      {
        type: 'object',
        properties: { name: text },
        required: ['name'],
      },
    ],
    ['3.1.0', { $ref: '#/components/schemas/Self' }, {}],
    ['3.0.3', { $ref: '#/components/schemas/Cat', description: 'dropped' }, schemas.Cat],
    ['3.1.0', { $ref: '#/components/schemas/Cat', description: 'kept' }, { ...schemas.Cat, description: 'kept' }],
    [
      '3.1.0',
      {
        oneOf: [{ $ref: '#/components/schemas/Cat' }, { $ref: '#/components/schemas/Dog' }],
        discriminator: { propertyName: 'kind', mapping: { cat: '#/components/schemas/Cat', dog: 'Dog' } },
      },
      {
        anyOf: [
          { type: 'object', properties: { kind: { ...text, const: 'cat' }, meows: { type: 'boolean' } } },
          { type: 'object', properties: { kind: { ...text, const: 'dog' }, barks: { type: 'boolean' } } },
        ],
      },
    ],
    ['3.1.0', { $ref: '#/components/schemas/Any' }, {}],
    ['3.1.0', { $ref: '#/components/schemas/Alias' }, schemas.Cat],
    ['3.1.0', { $ref: '#/components/schemas/Ping' }, {}],
    [
      '3.1.0',
      { allOf: [{ $ref: '#/components/schemas/Self' }, { required: ['b'] }] },
      { type: 'object', properties: { b: {} }, required: ['b'] },
    ],
    [
      '3.1.0',
      { allOf: [{ $ref: '#/components/schemas/Tree' }, { required: ['next'] }] },
      {
        type: 'object',
        properties: { next: { allOf: [{ $ref: '#/$defs/Tree' }, { type: 'object', minProperties: 1 }] } },
        required: ['next'],
      },
    ],
    ['3.1.0', false, { not: {} }],
    ['3.1.0', { allOf: [{}, {}] }, {}],
    ['3.1.0', { type: 7 }, {}],
    ['3.1.0', { type: 'Float' }, { type: 'number' }],
    ['3.1.0', { ...text, pattern: 7 }, text],
    ['3.1.0', { ...text, deprecated: true }, { ...text, deprecated: true }],
    ['3.1.0', { ...text, not: { type: 'string', enum: ['x'] } }, { allOf: [text, { not: { enum: ['x'] } }] }],
    ['3.1.0', { ...text, oneOf: [{ minLength: 1 }] }, { ...text, minLength: 1 }],
    ['3.1.0', { ...text, oneOf: [] }, text],
    ['3.1.0', { type: ['integer', 'null'], enum: [1, null] }, { type: ['integer', 'null'], enum: [1, null] }],
    ['3.1.0', { type: 'boolean', enum: ['true', 'false'] }, { type: 'boolean', enum: [true, false] }],
    ['3.1.0', { type: 'integer', enum: [{}] }, { type: 'integer' }],
    ['3.1.0', { type: 'object', enum: [[1]] }, { type: 'object' }],
    [
      '3.1.0',
      { type: 'array', items: [text, { type: 'integer' }], additionalItems: false },
      { type: 'array', maxItems: 2, items: { anyOf: [text, { type: 'integer' }] } },
    ],
    ['3.1.0', { type: 'array', items: [text], maxItems: 1 }, { type: 'array', maxItems: 1, items: text }],
    ['3.1.0', { type: 'object', properties: { a: true } }, { type: 'object', properties: { a: {} } }],
    [
      '3.1.0',
      { type: 'object', patternProperties: { '^x-': text } },
      { type: 'object', patternProperties: { '^x-': text } },
    ],
    [
      '3.1.0',
      {
        allOf: [
          { type: 'object', minProperties: 1 },
          { type: 'object', maxProperties: 2 },
        ],
      },
      { type: 'object', minProperties: 1, maxProperties: 2 },
    ],
    [
      '3.1.0',
      {
        allOf: [
          { type: 'object', additionalProperties: text },
          { type: 'object', properties: { a: text } },
        ],
      },
      { type: 'object', properties: { a: text }, additionalProperties: text },
    ],
    [
      '3.1.0',
      {
        allOf: [
          { $ref: '#/components/schemas/Base' },
          {
            anyOf: [
              { type: 'object', properties: { id: text, a: text } },
              { type: 'object', properties: { b: text } },
            ],
          },
        ],
      },
      {
        allOf: [
          { type: 'object', properties: { name: text } },
          {
            anyOf: [
              { type: 'object', properties: { id: text, a: text } },
              { type: 'object', properties: { b: text } },
            ],
          },
        ],
      },
    ],
    [
      '3.1.0',
      {
        oneOf: [{ $ref: '#/components/schemas/Cat' }, { $ref: '#/components/schemas/Base' }],
        discriminator: {
          propertyName: 'kind',
          mapping: { cat: 'Cat', kitten: '#/components/schemas/Cat', lost: 'Lost', base: 'Base', odd: 7 },
        },
      },
      {
        anyOf: [
          { type: 'object', properties: { kind: { ...text, enum: ['cat', 'kitten'] }, meows: { type: 'boolean' } } },
          { type: 'object', properties: { name: text } },
        ],
      },
    ],
    [
      '3.1.0',
      {
        oneOf: [{ $ref: '#/components/schemas/Cat' }, { $ref: '#/components/schemas/Dog' }],
        discriminator: { propertyName: 'kind' },
      },
      { anyOf: [schemas.Cat, schemas.Dog] },
    ],
  ])('%s %j', (version, schema, expected) => {
    const described = describeFirst({ version, schemas, parameters: [{ name: 'a', in: 'query', schema }] });

    expect(argumentOf(described, 'a')).toStrictEqual(expected);
  });
});

test('a parameter says of itself that it is out of use', () => {
  const parameters = [{ name: 'a', in: 'query', schema: text, deprecated: true }];

  expect(argumentOf(describeFirst({ parameters }), 'a')).toStrictEqual({ ...text, deprecated: true });
});

test('a security scheme that leads nowhere hides no parameter', () => {
  const described = describeFirst({
    parameters: [{ name: 'key', in: 'query', schema: text }],
    securitySchemes: { lost: { $ref: '#/components/securitySchemes/None' } },
  });

  expect(argumentOf(described, 'key')).toStrictEqual(text);
});
