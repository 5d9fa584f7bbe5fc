import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';

const document = readFileSync('docs/reference/compliance.md', 'utf8');
const rows = document
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| ---'))
  .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '').trim()))
  .filter(([, requirement]) => requirement !== 'Requirement');

/** Names of the tests in a file, as they are written. */
function testsOf(file: string): string {
  return readFileSync(file, 'utf8').replace(/\\'/g, "'");
}

test('the document has a row for each requirement', () => {
  expect(rows.length).toBeGreaterThan(50);
  for (const row of rows) expect(row).toHaveLength(4);
});

describe('what the document says of', () => {
  test.each(rows)('%s: %s', (_level, _requirement, code = '', tests = '') => {
    const files = [...code.matchAll(/`(lib\/[^`]+)`/g)].map(([, file = '']) => file);
    expect(files.filter((file) => !existsSync(file))).toEqual([]);
    const named = tests.split('<br>').map((one) => /^`([^`]+)`: (.+)$/.exec(one) ?? []);
    expect(files.length * named.length).toBeGreaterThan(0);
    for (const [, file = '', name = ''] of named) expect(testsOf(file)).toContain(name);
  });
});

test('the threat model names tests that exist', () => {
  const named = [...readFileSync('SECURITY.md', 'utf8').matchAll(/`(test\/[^`]+)`/g)].map(([, file = '']) => file);
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter((file) => !existsSync(file))).toEqual([]);
});
