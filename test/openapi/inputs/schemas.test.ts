import { describe, expect, test } from '@jest/globals';
import { argumentOf, describeFirst } from './described-input.js';

const text = { type: 'string' };
const schemas = {
  Self: { allOf: [{ $ref: '#/components/schemas/Self' }, { type: 'object', properties: { a: text } }] },
  Base: { type: 'object', required: ['id'], properties: { id: { ...text, readOnly: true }, name: text } },
  Cat: { type: 'object', properties: { kind: text, meows: { type: 'boolean' } } },
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
  ])('%s %j', (version, schema, expected) => {
    const described = describeFirst({ version, schemas, parameters: [{ name: 'a', in: 'query', schema }] });

    expect(argumentOf(described, 'a')).toStrictEqual(expected);
  });
});
