import fc from 'fast-check';
import type { JsonObject } from '../../../lib/json/json-object.js';

/** Schemas that others refer to, one of them to itself. */
export const COMPONENTS: JsonObject = {
  Named: { type: 'object', required: ['a'], properties: { a: { type: 'string' }, b: { type: ['integer', 'null'] } } },
  Node: {
    type: 'object',
    properties: { a: { type: 'integer' }, c: { $ref: '#/components/schemas/Node' } },
    additionalProperties: false,
  },
};

const KEYS = ['a', 'b', 'c', 'd'];
const TEXTS = ['', 'a', 'ab', 'abc', 'x-1'];
const key = fc.constantFrom(...KEYS);
const count = fc.integer({ min: 0, max: 3 });
const scalar = fc.oneof(
  fc.constantFrom(...TEXTS),
  fc.integer({ min: -1, max: 4 }),
  fc.constantFrom(0.5, 2.5),
  fc.boolean(),
  fc.constant(null),
);

/** Some of these keywords, or all. */
const some = (keywords: Record<string, fc.Arbitrary<unknown>>) =>
  fc.record(keywords, { requiredKeys: [] }) as fc.Arbitrary<JsonObject>;

/** Small schemas of JSON Schema 2020-12, as OpenAPI 3.1 has them. */
export const { schema: schemaArbitrary } = fc.letrec<{ schema: JsonObject; typed: JsonObject }>((tie) => {
  const members = fc.dictionary(key, tie('schema'), { maxKeys: 3 });
  const list = fc.array(tie('schema'), { minLength: 1, maxLength: 3 });
  const string = some({ minLength: count, maxLength: count, pattern: fc.constantFrom('^a', 'b$', '[', '^[a-z]*$') });
  const number = some({
    minimum: count,
    maximum: count,
    exclusiveMinimum: count,
    exclusiveMaximum: count,
    multipleOf: fc.constantFrom(1, 2, 0.5),
  });
  const items = { items: fc.oneof(tie('schema'), fc.boolean()), prefixItems: list };
  const counts = { minItems: count, maxItems: count, uniqueItems: fc.boolean() };
  const array = fc.oneof(some(items), some({ ...items, ...counts }));
  const object = some({
    properties: members,
    required: fc.uniqueArray(key, { maxLength: 2 }),
    additionalProperties: fc.oneof(tie('schema'), fc.boolean()),
    unevaluatedProperties: fc.oneof(tie('schema'), fc.boolean()),
    patternProperties: fc.dictionary(fc.constantFrom('^a', '^[cd]$', '['), tie('schema'), { maxKeys: 1 }),
    propertyNames: fc.record({ pattern: fc.constantFrom('^[ab]$', '.') }),
    dependentRequired: fc.dictionary(key, fc.uniqueArray(key, { maxLength: 2 }), { maxKeys: 1 }),
    minProperties: count,
    maxProperties: count,
  });
  const types = fc.uniqueArray(fc.constantFrom('array', 'boolean', 'integer', 'null', 'number', 'object', 'string'), {
    minLength: 1,
    maxLength: 3,
  });
  const typed = fc
    .tuple(
      fc.oneof(
        fc.constantFrom('array', 'object'),
        types.map(([one]) => one),
        types,
      ),
      string,
      number,
      array,
      object,
    )
    .map(([type, ...keywords]): JsonObject => {
      const names = [type].flat();
      const [ofString, ofNumber, ofArray, ofObject] = keywords;
      return {
        type,
        ...(names.includes('string') && ofString),
        ...((names.includes('number') || names.includes('integer')) && ofNumber),
        ...(names.includes('array') && ofArray),
        ...(names.includes('object') && ofObject),
      };
    });
  const values = fc.oneof(
    fc.array(scalar, { minLength: 1, maxLength: 3 }).map((all): JsonObject => ({ enum: all })),
    scalar.map((one): JsonObject => ({ const: one })),
  );
  const composed = fc.oneof(
    list.map((anyOf): JsonObject => ({ anyOf })),
    list.map((oneOf): JsonObject => ({ oneOf })),
    list.map((allOf): JsonObject => ({ allOf })),
    fc.tuple(tie('typed'), list).map(([own, anyOf]): JsonObject => ({ ...own, anyOf })),
    fc.tuple(tie('typed'), list).map(([own, allOf]): JsonObject => ({ ...own, allOf })),
    fc
      .tuple(tie('schema'), tie('schema'), tie('schema'))
      .map(([condition, one, other]): JsonObject => ({ if: condition, then: one, else: other })),
    fc.array(scalar, { minLength: 1, maxLength: 2 }).map((all): JsonObject => ({ not: { enum: all } })),
  );
  const reference = fc
    .constantFrom(...Object.keys(COMPONENTS))
    .chain((name) =>
      fc.oneof(fc.constant({}), tie('typed')).map((beside) => ({ $ref: `#/components/schemas/${name}`, ...beside })),
    );
  return {
    typed,
    schema: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      { weight: 2, arbitrary: values },
      { weight: 6, arbitrary: typed },
      composed,
      reference,
    ),
  };
});

/** Values of the members that schemas have. */
const { value: anyValue } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(key, tie('value'), { maxKeys: 3 }),
  ),
}));

/** Values many of which fit a schema. */
export function valuesOf(schema: unknown, depth = 0): fc.Arbitrary<unknown> {
  const { type, enum: all, properties = {}, items, anyOf, oneOf, allOf, $ref, ...rest } = schema as JsonObject;
  if (depth > 3) return anyValue;
  const deeper = (one: unknown) => valuesOf(one, depth + 1);
  const choices: fc.Arbitrary<unknown>[] = [anyValue];
  if (Array.isArray(all)) choices.push(fc.constantFrom(...(all as unknown[])));
  if ('const' in rest) choices.push(fc.constant(rest.const));
  if (typeof $ref === 'string') choices.push(deeper(COMPONENTS[$ref.split('/').at(-1) ?? '']));
  for (const parts of [anyOf, oneOf, allOf, rest.then && [rest.then, rest.else]])
    if (Array.isArray(parts)) choices.push(...parts.map(deeper));
  const types = [type].flat();
  if (types.includes('string')) choices.push(fc.constantFrom(...TEXTS));
  if (types.includes('integer') || types.includes('number')) choices.push(fc.integer({ min: -1, max: 4 }));
  if (types.includes('boolean')) choices.push(fc.boolean());
  if (types.includes('null')) choices.push(fc.constant(null));
  if (types.includes('array') && Array.isArray(rest.prefixItems))
    choices.push(fc.tuple(...rest.prefixItems.map(deeper)));
  if (types.includes('array'))
    choices.push(fc.array(typeof items === 'object' ? deeper(items) : anyValue, { maxLength: 3 }));
  if (types.includes('object')) {
    const known = Object.entries(properties as JsonObject).map(([name, one]) => [name, deeper(one)] as const);
    const others = KEYS.map((name) => [name, anyValue] as const);
    const required = (Array.isArray(rest.required) ? rest.required : []) as string[];
    choices.push(
      fc.record(Object.fromEntries(known), { requiredKeys: [] }),
      fc.record(Object.fromEntries([...others, ...known]), { requiredKeys: required }),
    );
  }
  return fc.oneof(...choices);
}
