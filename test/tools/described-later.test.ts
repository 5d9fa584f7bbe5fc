import { Injectable } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { McpTool } from 'nestjs-mcp-auth';
import { z } from 'zod';
import * as mini from 'zod/mini';
import { toObjectSchema } from '../../lib/resource-server/catalogue/arguments-schema.js';
import { findParameterHeaders } from '../../lib/resource-server/catalogue/parameter-headers.js';
import { isPlainSchema } from '../../lib/resource-server/catalogue/plain-schema.js';
import type { ToolSchema } from '../../lib/resource-server/decorators/access-options.js';
import { message, post } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

const HEADER = { 'x-mcp-header': 'Region' };

/** Parts of schemas, plain and odd ones. */
const LEAVES: Readonly<Record<string, () => z.ZodType>> = {
  text: () => z.string().min(1).max(9).trim(),
  email: () => z.email(),
  pattern: () => z.string().regex(/^a+$/),
  number: () => z.number().multipleOf(0.5),
  infinite_step: () => z.number().multipleOf(Infinity),
  integer: () => z.int().positive(),
  boolean: () => z.boolean(),
  null: () => z.null(),
  any: () => z.any(),
  unknown: () => z.unknown(),
  never: () => z.never(),
  enum: () => z.enum(['a', 'b']),
  literal: () => z.literal(['a', 7, null]),
  undefined_literal: () => z.literal(undefined),
  big_literal: () => z.literal(7n),
  date: () => z.date(),
  big: () => z.bigint(),
  refined: () => z.string().refine(() => true),
  described: () => z.string().describe('Text'),
  marked: () => z.string().meta(HEADER),
  marked_before: () => z.string().meta(HEADER).max(9),
  named: () => z.string().meta({ id: 'name' }),
  custom: () => z.custom(() => true),
  nan: () => z.nan(),
  symbol: () => z.symbol(),
  undefined: () => z.undefined(),
  void: () => z.void(),
  file: () => z.file(),
  map: () => z.map(z.string(), z.string()),
  set: () => z.set(z.string()),
  promise: () => z.promise(z.string()),
  transformed: () => z.string().transform(Number),
  piped: () => z.string().transform(Number).pipe(z.number()),
  codec: () =>
    z.codec(z.string(), z.date(), { decode: (text) => new Date(text), encode: (date) => date.toISOString() }),
  template: () => z.templateLiteral(['a', z.number()]),
  stringbool: () => z.stringbool(),
  json: () => z.json(),
  default: () => z.string().default('x'),
  default_object: () => z.object({ a: z.bigint() }).default({ a: 7n }),
  throwing_default: () =>
    z.string().default(() => {
      throw new Error('inside');
    }),
  caught: () => z.string().catch('x'),
  lazy: () => z.lazy(() => z.string()),
  own_description: () => {
    const schema = z.string();
    schema._zod.toJSONSchema = () => {
      throw new Error('inside');
    };
    return schema;
  },
};

const WRAPPERS: Readonly<Record<string, (part: z.ZodType) => z.ZodType>> = {
  itself: (part) => part,
  optional: (part) => part.optional(),
  nullable: (part) => part.nullable(),
  readonly: (part) => part.readonly(),
  described: (part) => part.describe('Something'),
  list: (part) => z.array(part).max(3),
  pair: (part) => z.tuple([z.string(), part]),
  rest: (part) => z.tuple([z.string()], part),
  record: (part) => z.record(z.string(), part),
  union: (part) => z.union([z.string(), part]),
  both: (part) => z.intersection(z.object({ a: part }), z.object({ b: z.string() })),
  object: (part) => z.object({ nested: part }),
  open: (part) => z.object({}).catchall(part),
  getter: (part) =>
    z.object({
      get nested() {
        return part;
      },
    }),
};

const part = fc
  .tuple(fc.constantFrom(...Object.keys(LEAVES)), fc.array(fc.constantFrom(...Object.keys(WRAPPERS)), { maxLength: 3 }))
  .map(([leaf, wrappers]) => ({
    text: [leaf, ...wrappers].join(' in '),
    make: () => wrappers.reduce<z.ZodType>((inner, wrapper) => WRAPPERS[wrapper]?.(inner) ?? inner, makeLeaf(leaf)),
  }));

function makeLeaf(leaf: string): z.ZodType {
  return LEAVES[leaf]?.() ?? z.string();
}

const DIRECTIONS = ['input', 'output'] as const;

/** What the boot has to find. */
function listFaults(schema: z.ZodObject, direction: (typeof DIRECTIONS)[number]): readonly string[] {
  try {
    const faults: string[] = [];
    const headers = findParameterHeaders(toObjectSchema(schema, direction), (fault) => faults.push(fault));
    return [...faults, ...headers.map(({ name }) => name)];
  } catch (error) {
    return [(error as Error).message];
  }
}

describe('a schema that is described when it is asked for', () => {
  test('has no faults and marks no headers, whatever it is made of', () => {
    let plain = 0;
    fc.assert(
      fc.property(
        fc.array(part, { minLength: 1, maxLength: 3 }),
        fc.constantFrom(...DIRECTIONS),
        (parts, direction) => {
          const schema = z.object(Object.fromEntries(parts.map(({ make }, index) => [`part_${index}`, make()])));
          if (!isPlainSchema(schema, direction)) return;
          plain += 1;
          expect([parts.map(({ text }) => text), listFaults(schema, direction)]).toEqual([expect.anything(), []]);
        },
      ),
      { numRuns: 2_000, seed: 1 },
    );
    expect(plain).toBeGreaterThan(300);
  });

  test.each(Object.keys(LEAVES).flatMap((leaf) => Object.keys(WRAPPERS).map((wrapper) => [leaf, wrapper] as const)))(
    'is right with %s in %s',
    (leaf, wrapper) => {
      for (const direction of DIRECTIONS) {
        const make = () => z.object({ part: WRAPPERS[wrapper]?.(makeLeaf(leaf)) ?? z.never() });
        if (isPlainSchema(make(), direction)) expect(listFaults(make(), direction)).toEqual([]);
      }
    },
  );

  test.each([
    'text',
    'number',
    'integer',
    'boolean',
    'enum',
    'literal',
    'date',
    'big',
    'described',
    'default',
    'refined',
  ])('is one with %s in all that JSON has', (leaf) => {
    for (const [name, wrap] of Object.entries(WRAPPERS))
      expect([name, isPlainSchema(z.object({ part: wrap(makeLeaf(leaf)) }), 'input')]).toEqual([name, name !== 'both']);
  });

  test('may contain itself', () => {
    const node = z.object({
      get children() {
        return z.array(node);
      },
    });
    expect(isPlainSchema(node, 'input')).toBe(true);
    expect(listFaults(node, 'input')).toEqual([]);
  });

  test.each<[string, ToolSchema]>([
    ['text', z.string()],
    ['list', z.array(z.string())],
    ['union', z.union([z.object({}), z.object({})])],
    ['object of zod/mini, which cannot describe itself', mini.object({}) as unknown as ToolSchema],
  ])('is no %s', (_name, schema) => {
    expect(isPlainSchema(schema, 'input')).toBe(false);
  });
});

/** How often the schemas of the tools were described. */
const described: string[] = [];

function watch<Schema extends z.ZodType>(name: string, schema: Schema): Schema {
  const { jsonSchema } = schema['~standard'] as unknown as { jsonSchema: Record<string, (options: object) => object> };
  const { input } = jsonSchema;
  jsonSchema.input = (options) => {
    described.push(name);
    return input?.(options) ?? {};
  };
  return schema;
}

@Injectable()
class Tools {
  @McpTool({ description: 'One', input: watch('plain', z.object({ text: z.string() })) })
  plain() {
    return 1;
  }

  @McpTool({ description: 'One', input: watch('odd', z.object({ text: z.string().meta(HEADER) })) })
  odd() {
    return 1;
  }
}

describe('the tools of a server', () => {
  let server: ProtectedServer;
  beforeAll(async () => {
    server = await startProtectedServer({ platform: 'fastify', providers: [Tools] });
  });
  afterAll(() => server.close());

  test('are described when they are listed, once, unless only that shows whether they are right', async () => {
    expect(described).toEqual(['odd']);
    const token = await server.token();
    for (let time = 0; time < 2; time += 1) {
      const answer = await post(server.resource, message('tools/list'), { token });
      const { result } = (await answer.json()) as { result: { tools: { name: string; inputSchema: object }[] } };
      expect(result.tools.find(({ name }) => name === 'plain')?.inputSchema).toMatchObject({
        type: 'object',
        properties: { text: { type: 'string' } },
        required: ['text'],
      });
      expect(described).toEqual(['odd', 'plain']);
    }
  });
});
