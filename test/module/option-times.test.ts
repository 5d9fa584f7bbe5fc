import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { optionsSchema } from '../../lib/configuration/options-schema.js';

interface Leaf {
  readonly path: string;
  readonly schema: z.core.$ZodType;
}

/** The options that hold a value, with where they are. */
function leavesOf(schema: z.core.$ZodType, path: readonly string[] = []): Leaf[] {
  if (schema instanceof z.ZodOptional) return leavesOf(schema.unwrap(), path);
  if (schema instanceof z.ZodArray) return leavesOf(schema.element, path);
  if (schema instanceof z.ZodRecord) return leavesOf(schema.valueType, [...path, '*']);
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => leavesOf(option, path));
  if (schema instanceof z.ZodObject) {
    return Object.entries(schema.shape).flatMap(([key, one]) => leavesOf(one as z.core.$ZodType, [...path, key]));
  }
  return [{ path: path.join('.'), schema }];
}

/** What is said of a value that no time can be. */
function complaintOf({ schema }: Leaf): string {
  const { error } = z.safeParse(schema, -1);
  return error?.issues.map(({ message }) => message).join(' ') ?? '';
}

const leaves = leavesOf(optionsSchema);

test('the walk finds options at every depth', () => {
  expect(leaves.map(({ path }) => path)).toEqual(
    expect.arrayContaining([
      'resource',
      'calls.timeoutMs',
      'issuers.introspection.cacheMs',
      'downstreams.*.http.circuitBreaker.pauseMs',
    ]),
  );
});

test('each option that is a time ends with Ms, and none else does', () => {
  const times = leaves.filter((leaf) => /seconds/i.test(complaintOf(leaf))).map(({ path }) => path);
  expect(times).toEqual(leaves.map(({ path }) => path).filter((path) => path.endsWith('Ms')));
  expect(times.length).toBeGreaterThan(10);
});

test('no option counts in seconds', () => {
  expect(leaves.filter((leaf) => /(^|[^i])seconds/i.test(complaintOf(leaf).replaceAll('milliseconds', 'ms')))).toEqual(
    [],
  );
});

test('no bound of a number is told in the words of the schema library', () => {
  const issues = leaves.flatMap(({ path, schema }) =>
    [-1, 0, 1e12].flatMap((value) =>
      (z.safeParse(schema, value).error?.issues ?? []).map(({ code, message }) => ({ path, code, message })),
    ),
  );
  const bounds = issues.filter(({ code }) => ['too_small', 'too_big'].includes(code));
  expect(bounds.length).toBeGreaterThan(10);
  expect(bounds.filter(({ message }) => message.startsWith('Too '))).toEqual([]);
});

/** Options and their documentation, of decorators and of what else is no option of the module. */
const DOCUMENTED = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*(?:readonly )?(\w+)\??: number\b/g;

const FILES = readdirSync('lib', { recursive: true, encoding: 'utf8' }).filter((file) =>
  /(-options|\.decorator|private-key-jwt|test-token)\.ts$/.test(file),
);

test.each(FILES)('nor does any in %s', (file) => {
  for (const [, documentation = '', name = ''] of readFileSync(`lib/${file}`, 'utf8').matchAll(DOCUMENTED)) {
    if (file.endsWith('resolved-options.ts')) continue;
    expect({ name, isTime: /seconds/i.test(documentation) }).toEqual({ name, isTime: name.endsWith('Ms') });
    expect(documentation).not.toMatch(/\bSeconds\b/);
  }
});
