import { describe, expect, test } from '@jest/globals';
import { toToolSchema } from '../../../lib/openapi/inputs/tool-schema.js';
import { argumentOf, describeFirst } from './described-input.js';

const text = { type: 'string', description: 'A text that says what it is for. '.repeat(20) };
const names = Array.from({ length: 40 }, (_, index) => `member${index}`);
const deep = (levels: number): object => ({
  type: 'object',
  description: 'A part of the order.',
  properties: Object.fromEntries(names.slice(0, 6).map((name) => [name, levels === 0 ? text : deep(levels - 1)])),
});
const body = {
  type: 'object',
  required: ['member0'],
  properties: { ...Object.fromEntries(names.map((one) => [one, text])), deep: deep(3) },
};
const value = { member0: 'a', deep: { member1: { member2: { member3: { member4: 'b' } } } } };

describe('the schema of a tool has a bound', () => {
  test.each([500, 1_000, 2_000, 8_000, 24_000, 100_000])(
    'of %i characters, and takes what the full one takes',
    (maxSize) => {
      const described = describeFirst({ body }, { maxSize });

      expect(JSON.stringify(described.input.schema).length).toBeLessThanOrEqual(maxSize);
      expect(described.input.isReduced).toBe(true);
      expect(described.takes(value)).toBe(true);
      expect(JSON.parse(described.build(value).body as string)).toStrictEqual(value);
    },
  );

  test('that leaves a small schema as it is', () => {
    const { input } = describeFirst({ body: { type: 'object', properties: { a: text } } });

    expect(input.isReduced).toBe(false);
    expect(input.unnamed).toBeUndefined();
  });

  test('below which arguments have no names, and are known all the same', () => {
    const { input } = describeFirst({ body }, { maxSize: 500 });

    expect(input.schema).not.toHaveProperty('properties');
    expect([...(input.unnamed ?? [])].toSorted()).toStrictEqual([...names, 'deep'].toSorted());
  });

  test('which a circle does not exceed', () => {
    const circle = {
      type: 'object',
      properties: { ...body.properties, next: { $ref: '#/components/schemas/Circle' } },
    };
    const described = describeFirst(
      { body: { $ref: '#/components/schemas/Circle' }, schemas: { Circle: circle } },
      { maxSize: 6_000 },
    );

    expect(JSON.stringify(described.input.schema).length).toBeLessThanOrEqual(6_000);
    expect(described.takes({ next: { next: { next: { member1: 'a' } } } })).toBe(true);
  });

  test('for which long enumerations are told in words', () => {
    const many = Array.from({ length: 200 }, (_one, index) => `value ${index}`);
    const schema = { type: 'string', enum: many, description: 'The state.' };
    const described = describeFirst({ parameters: [{ name: 'a', in: 'query', schema }] }, { maxSize: 1_000 });

    expect(argumentOf(described, 'a')).toStrictEqual({
      type: 'string',
      description: 'The state. One of 200, such as "value 0", "value 1", "value 2", "value 3", "value 4".',
    });
  });

  test('below which an argument of another name is refused', () => {
    const { input } = describeFirst({ body }, { maxSize: 500 });
    const { validate } = toToolSchema(
      () => input.schema,
      () => input.unnamed,
    )['~standard'];

    expect(validate({ member0: 'a', other: 'b', constructor: 'c' })).toStrictEqual({
      issues: [
        { message: 'is no argument', path: ['other'] },
        { message: 'is no argument', path: ['constructor'] },
      ],
    });
    expect(validate({ member0: 'a' })).toStrictEqual({ value: { member0: 'a' } });
    expect(validate('member0')).toHaveProperty('issues');
  });

  test('and each definition has a name of its own', () => {
    const circle = (next: string) => ({ type: 'object', properties: { next: { $ref: next } } });
    const parameter = (name: string, $ref: string) => ({ name, in: 'query', schema: { $ref } });
    const { input } = describeFirst({
      parameters: [
        parameter('a', '#/components/schemas/Node'),
        parameter('b', '#/components/schemas/Other/properties/Node'),
        parameter('c', '#/components/schemas/'),
        parameter('d', '#/components/schemas/日本'),
      ],
      schemas: {
        Node: circle('#/components/schemas/Node'),
        Other: { properties: { Node: circle('#/components/schemas/Other/properties/Node') } },
        '': circle('#/components/schemas/'),
        日本: circle('#/components/schemas/日本'),
      },
    });

    expect(Object.keys(input.schema.$defs as object)).toStrictEqual(['Node', 'Node_2', 'schema', '_']);
  });
});
