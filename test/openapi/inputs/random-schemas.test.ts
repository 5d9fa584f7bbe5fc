import { expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describeFirst } from './described-input.js';
import { COMPONENTS, schemaArbitrary, valuesOf } from './random-schemas.js';

/** Schemas of one tool: one compilation is for all of them. */
const SCHEMAS = 12;

const one = schemaArbitrary.chain((schema) =>
  fc.record({ schema: fc.constant(schema), values: fc.array(valuesOf(schema), { minLength: 12, maxLength: 12 }) }),
);
const cases = fc.array(one, { minLength: SCHEMAS, maxLength: SCHEMAS });

/** What the schema of a document accepts, by Ajv. Patterns that are none accept all. */
function acceptsOriginal(ajv: Ajv2020, schema: object): (value: unknown) => boolean {
  const text = JSON.stringify({ ...schema, components: { schemas: COMPONENTS } });
  return ajv.compile(JSON.parse(text.replaceAll('"["', '"."')) as object);
}

test.each([24_000, 2_000])('whatever a schema accepts, its tool takes and sends, in %i characters', (maxSize) => {
  let accepted = 0;
  fc.assert(
    fc.property(cases, (all) => {
      const ajv = new Ajv2020({ strict: false, logger: false });
      const parameters = all.map(({ schema }, index) => {
        return { name: `v${index}`, in: 'query', content: { 'application/json': { schema } } };
      });
      const described = describeFirst({ parameters, schemas: COMPONENTS }, { maxSize });
      for (const [index, { schema, values }] of all.entries()) {
        const fitting = values.filter(acceptsOriginal(ajv, schema));
        for (const value of fitting) {
          accepted += 1;
          const args = { [`v${index}`]: value };
          expect([value, described.takes(args)]).toStrictEqual([value, true]);
          const { searchParams } = new URL(described.build(args).target, 'https://api.example');
          expect(JSON.parse(searchParams.get(`v${index}`) ?? '')).toEqual(value);
        }
      }
    }),
    { seed: 20_261_128, numRuns: 12 },
  );
  expect(accepted).toBeGreaterThan(200);
});
