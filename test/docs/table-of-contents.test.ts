import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { DefaultTheme } from 'vitepress';
import { written } from '../../docs/.vitepress/sidebar.js';

// TypeDoc writes the pages of the API when the site is built.
const links = linksOf(written);
const pages = readdirSync('docs', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.md') && !/^(\.vitepress|reference\/api)\//.test(file))
  // The first page of the site is behind its name.
  .filter((file) => file !== 'index.md');

test('every page is in the table of contents, once', () => {
  expect(links.toSorted()).toEqual(pages.map(linkTo).toSorted());
});

test.each(links)('%s is a page', (link) => {
  expect(existsSync(join('docs', link.endsWith('/') ? `${link}index.md` : `${link}.md`))).toBe(true);
});

function linkTo(file: string): string {
  return `/${file.replace(/(?:(?<=^|\/)index)?\.md$/, '')}`;
}

function linksOf(items: readonly DefaultTheme.SidebarItem[]): string[] {
  return items.flatMap(({ link, items: inside = [] }) => [...(link === undefined ? [] : [link]), ...linksOf(inside)]);
}
