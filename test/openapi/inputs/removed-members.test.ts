import { describe, expect, test } from '@jest/globals';
import { listParameterRules } from '../../../lib/openapi/inputs/parameter-rules.js';
import { argumentOf, describeFirst } from './described-input.js';

const text = { type: 'string' };
const object = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more });
const required = ['tenant'];

/** Takes no members beside those that it names, so that it stays one argument. */
const alternatives = (...anyOf: readonly object[]) => ({ anyOf });

describe('a member that models do not write goes from all parts of a body', () => {
  test.each<[string, string, object, unknown, boolean]>([
    [
      'an alternative that requires it',
      'tenant',
      alternatives(object({ tenant: text, a: text }, { required }), object({ b: text })),
      alternatives(object({ a: text }), object({ b: text })),
      true,
    ],
    [
      'alternatives, and the object beside them',
      'tenant',
      object(
        { tenant: text, c: text },
        alternatives(object({ tenant: text, a: text }, { required }), { type: 'array' }),
      ),
      { allOf: [object({ c: text }), alternatives(object({ a: text }), { type: 'array' })] },
      true,
    ],
    [
      'parts and alternatives',
      '/customer/tenant',
      {
        allOf: [object({ customer: object({ tenant: text, a: text }) }), { type: 'object', not: { enum: [{}] } }],
        anyOf: [object({ customer: object({ tenant: text, b: text }, { required }) }), { type: 'array' }],
      },
      {
        allOf: [
          object({ customer: object({ a: text }) }),
          { allOf: [{ type: 'object' }, { not: { enum: [{}] } }] },
          alternatives(object({ customer: object({ b: text }) }), { type: 'array' }),
        ],
      },
      true,
    ],
    [
      'an object that holds no such member, while an alternative does',
      '/customer/tenant',
      object(
        { customer: text },
        alternatives(object({ customer: object({ tenant: text, a: text }) }), object({ b: text })),
      ),
      {
        allOf: [
          object({ customer: text }),
          alternatives(object({ customer: object({ a: text }) }), object({ b: text })),
        ],
      },
      false,
    ],
  ])('%s', (_what, name, body, schema, isRequired) => {
    const rules = listParameterRules({ parameters: { [name]: { value: 'acme' } } });
    const described = describeFirst({ body }, { rules });

    expect(described.input.filled.map((one) => [one.target, one.isRequired])).toStrictEqual([
      [{ path: name.split('/').filter((one) => one !== '') }, isRequired],
    ]);
    expect(argumentOf(described, 'body')).toStrictEqual(schema);
  });
});
