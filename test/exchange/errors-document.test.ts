import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import * as library from 'nestjs-mcp-auth';
import { McpAuthError } from 'nestjs-mcp-auth';

const document = readFileSync('docs/errors.md', 'utf8');
const source = readFileSync('lib/errors/downstream-error.ts', 'utf8');

/** Members of the unions of codes. */
const codes = [...source.matchAll(/^ {2}\| '(\w+)'/gm)].map(([, code = '']) => code);

/** Codes in the first cell of a row. */
const documented = [...document.matchAll(/^\| `([a-z]+_[a-z_]+)` +\|/gm)].map(([, code = '']) => code);

/** Classes of errors that the package exports. */
const classes = Object.entries(library).filter(
  ([, value]) => typeof value === 'function' && value.prototype instanceof McpAuthError,
);

test('there are codes, and rows', () => {
  expect(codes.length).toBeGreaterThan(25);
  expect(documented.length).toBeGreaterThan(25);
});

test.each(codes)('docs/errors.md has a row for %s', (code) => {
  expect(documented.filter((one) => one === code)).toHaveLength(1);
});

test.each(classes.map(([name]) => [name]))('docs/errors.md has %s', (name) => {
  expect(document).toContain(`\`${name}\``);
});

describe('what docs/errors.md says', () => {
  const all = readdirSync('lib', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join('lib', file), 'utf8'))
    .join('\n');

  test.each([
    ...new Set(
      [
        ...document.matchAll(
          /`((?:caller|client|target|exchange|issuer|downstream|token|invalid|revocation)_[a-z_]+)`/g,
        ),
      ].map(([, code = '']) => code),
    ),
  ])('%s is somewhere in the code', (code) => {
    expect(all).toContain(`'${code}'`);
  });
});
