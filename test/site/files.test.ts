import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { address, repository } from '../../docs/.vitepress/site.js';
import { BUILT, builtPages, htmlOf, writtenPages } from './built-pages.js';

const read = (file: string) => readFileSync(join(BUILT, file), 'utf8');

test('the sitemap has every page', () => {
  const listed = [...read('sitemap.xml').matchAll(/<loc>([^<]+)<\/loc>/g)].map(([, page]) => page);
  expect(listed.toSorted()).toEqual(builtPages.map((page) => `${address}${page}`).toSorted());
});

test('llms.txt lists every page that people have written, as Markdown that is there', () => {
  const listed = [...read('llms.txt').matchAll(/\]\(([^)]+)\)/g)].map(([, link = '']) => link);
  expect(listed.length).toBe(writtenPages.filter((page) => page !== '').length);
  for (const link of listed) {
    expect(link.startsWith(address)).toBe(true);
    expect(read(link.slice(address.length))).toContain('# ');
  }
});

test('llms-full.txt has the text of the pages', () => {
  const text = read('llms-full.txt');
  for (const heading of ['# The ten steps', '# Options', '# Calling APIs']) expect(text).toContain(heading);
});

test('a page can be edited, and one of the API cannot', () => {
  expect(htmlOf('guides/nest')).toContain(`${repository}/edit/main/docs/guides/nest.md`);
  expect(htmlOf('reference/api/')).not.toContain('/edit/main/');
});

test('a link to a file of the repository leads to GitHub', () => {
  expect(htmlOf('guides/downstreams')).toContain(`${repository}/tree/main/sample/downstream-clients`);
});

test('the API reference has what the package exports', () => {
  expect(builtPages.filter((page) => page.startsWith('reference/api/')).length).toBeGreaterThan(100);
  expect(htmlOf('reference/api/')).toContain('testing');
});
