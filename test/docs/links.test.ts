import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { expect, test } from '@jest/globals';
import { slugOf } from '../../docs/.vitepress/slug.js';
import { documents } from './documents.js';

/** Where a document says that something is: a link, a picture, or the same in HTML. */
const LINK = /\]\((?<markdown>[^)\s]+)(?: "[^"]*")?\)|(?:href|src|srcset)="(?<html>[^"]+)"/g;
/** What a message of the library says of a page. */
const PAGE = /(?<![\w/.-])docs\/[\w/-]+\.md(?:#[\w-]+)?/g;

test.each(documents)('the links of %s lead somewhere', (file) => {
  const links = [...withoutCode(readFileSync(file, 'utf8')).matchAll(LINK)]
    .map(({ groups }) => groups?.markdown ?? groups?.html ?? '')
    .filter((link) => !/^[a-z]+:/.test(link));
  expect(links.filter((link) => isDead(file, link))).toEqual([]);
});

test('the pages that messages of the library name are there, with their headings', () => {
  const named = readdirSync('lib', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => [...readFileSync(join('lib', file), 'utf8').matchAll(PAGE)].map(([page]) => page));
  expect(named).not.toEqual([]);
  expect(named.filter((page) => isDead('README.md', page))).toEqual([]);
});

test.each([
  ['a page that is not there', 'docs/guides/nothing.md'],
  ['a heading that is not there', 'docs/guides/nest.md#nothing'],
  ['a heading of its own that is not there', '#nothing'],
])('%s is found', (_, link) => {
  expect(isDead('README.md', link)).toBe(true);
});

function isDead(file: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? file : posix.join(posix.dirname(file), path);
  if (!existsSync(target)) return true;
  return anchor !== undefined && target.endsWith('.md') && statSync(target).isFile() && !anchorsOf(target).has(anchor);
}

/** The anchors of a page as GitHub makes them: the second heading of one name gets `-1`. */
function anchorsOf(file: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of withoutFences(readFileSync(file, 'utf8')).matchAll(/^#{1,6} (.+)$/gm)) {
    const slug = slugOf(heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1'));
    let anchor = slug;
    for (let count = 1; anchors.has(anchor); count += 1) anchor = `${slug}-${count}`;
    anchors.add(anchor);
  }
  for (const [, id = ''] of readFileSync(file, 'utf8').matchAll(/<a (?:id|name)="([^"]+)"/g)) anchors.add(id);
  return anchors;
}

function withoutFences(text: string): string {
  return text.replaceAll(/^ *(`{3,}).*?^ *\1$/gms, '');
}

function withoutCode(text: string): string {
  return withoutFences(text).replaceAll(/(`+)[^`]+?\1/g, '');
}
