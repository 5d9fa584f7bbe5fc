import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { errors } from 'nestjs-mcp-auth';
import { codesOf, errorClasses } from './error-classes.js';

const document = readFileSync('docs/reference/errors.md', 'utf8');
const codes = errorClasses.flatMap((one) => one.codes);

/** Codes that have a section of their own. */
const documented = [...document.matchAll(/^### `([a-z_]+)`$/gm)].map(([, code]) => code);

describe('every class of errors', () => {
  test('is found', () => {
    expect(errorClasses.length).toBeGreaterThan(10);
    expect(codes.length).toBeGreaterThan(35);
  });

  test.each(errorClasses)('$name has a code', (one) => {
    expect(one.codes).not.toEqual([]);
  });

  test('has codes of its own', () => {
    expect(codes.filter((code, index) => codes.indexOf(code) !== index)).toEqual([]);
  });

  test('has its codes in McpAuthErrorCode, which has no others', () => {
    expect(codes.toSorted()).toEqual(codesOf('McpAuthErrorCode').toSorted());
  });

  test('that reaches an application is in `errors`, which has nothing else', () => {
    const reaching = errorClasses.filter(({ file }) => dirname(file) === join('lib', 'errors'));
    expect(Object.keys(errors).toSorted()).toEqual([...reaching.map(({ name }) => name), 'McpAuthError'].toSorted());
  });
});

describe('docs/reference/errors.md', () => {
  test.each(codes)('has a section for %s', (code) => {
    expect(documented.filter((one) => one === code)).toHaveLength(1);
  });

  test.each(errorClasses)('has $name', ({ name }) => {
    expect(document).toContain(`\`${name}\``);
  });

  const all = readdirSync('lib', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join('lib', file), 'utf8'))
    .join('\n');

  test.each([
    ...new Set(
      [
        ...document.matchAll(
          /`((?:caller|client|target|exchange|issuer|downstream|token|invalid|revocation|shared|replay)_[a-z_]+)`/g,
        ),
      ].map(([, code = '']) => code),
    ),
  ])('says %s, which is somewhere in the code', (code) => {
    expect(all).toContain(`'${code}'`);
  });
});
