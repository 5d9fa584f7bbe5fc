import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const TUTORIALS = 'docs/get-started';
const TESTS = 'test/handbook/pages';

/** What a page says of itself that no test follows. */
const NOT_FOLLOWED = /^<!-- not followed: .+ -->$/m;

const followed = readdirSync(TESTS).flatMap((file) =>
  [...readFileSync(join(TESTS, file), 'utf8').matchAll(/followPage\('([^']+)'/g)].map(([, page = '']) => page),
);
const pages = readdirSync(TUTORIALS)
  .filter((file) => file.endsWith('.md'))
  .map((file) => join(TUTORIALS, file));

test.each(pages)('%s is followed by a test, or says why not', (page) => {
  expect(NOT_FOLLOWED.test(readFileSync(page, 'utf8'))).toBe(!followed.includes(page));
});

test('what is followed is there', () => {
  expect(followed.filter((page) => !pages.includes(page))).toEqual([]);
});
