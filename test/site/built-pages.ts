import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where `npm run docs:build` writes. */
export const BUILT = 'docs/.vitepress/dist';

/** The paths of all pages of the built site, without the base: `guides/nest`, and `''` for the first one. */
export const builtPages: readonly string[] = readdirSync(BUILT, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.html') && file !== '404.html')
  .map((file) => file.replace(/(?:(?<=^|\/)index)?\.html$/, ''));

/** Those that people have written. */
export const writtenPages: readonly string[] = builtPages.filter((page) => !page.startsWith('reference/api/'));

/** The HTML of a page. */
export function htmlOf(page: string): string {
  return readFileSync(join(BUILT, page === '' || page.endsWith('/') ? `${page}index.html` : `${page}.html`), 'utf8');
}
