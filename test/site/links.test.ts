import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { base } from '../../docs/.vitepress/site.js';
import { BUILT, builtPages, htmlOf } from './built-pages.js';

const SITE = 'http://site.invalid';

interface BuiltPage {
  readonly anchors: ReadonlySet<string>;
  readonly links: readonly URL[];
}

const pages = new Map<string, BuiltPage>(
  builtPages.map((page) => {
    const html = htmlOf(page);
    const here = `${SITE}${base}${page}`;
    return [
      page,
      {
        anchors: new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, id = '']) => id)),
        links: [...html.matchAll(/<(?:a|link|img|script)\b[^>]*? (?:href|src)="([^"]+)"/g)]
          .map(([, link = '']) => new URL(link.replaceAll('&amp;', '&'), here))
          .filter(({ origin }) => origin === SITE),
      },
    ];
  }),
);

test('the site has the pages that people write, and those of the API', () => {
  expect(builtPages).toEqual(expect.arrayContaining(['', 'introduction/', 'reference/options', 'reference/api/']));
  expect([...pages.values()].filter(({ links }) => links.length < 3)).toEqual([]);
});

test('every link of every page leads to a page or a file of the site', () => {
  expect(faultsOf(({ pathname }) => !exists(pathname))).toEqual([]);
});

test('every link to a heading leads to one', () => {
  expect(
    faultsOf(({ pathname, hash }) => {
      const target = pages.get(pathname.slice(base.length));
      return hash !== '' && target !== undefined && !target.anchors.has(decodeURIComponent(hash.slice(1)));
    }),
  ).toEqual([]);
});

function exists(path: string): boolean {
  if (!path.startsWith(base)) return false;
  const inside = decodeURIComponent(path.slice(base.length));
  return pages.has(inside) || existsSync(join(BUILT, inside));
}

function faultsOf(isFaulty: (link: URL) => boolean): string[] {
  const faults = [...pages].flatMap(([page, { links }]) =>
    links.filter(isFaulty).map(({ pathname, hash }) => `${page}: ${pathname}${hash}`),
  );
  return [...new Set(faults)];
}
