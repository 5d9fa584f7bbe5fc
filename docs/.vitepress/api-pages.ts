import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DefaultTheme } from 'vitepress';

const FOLDER = join(import.meta.dirname, '../reference/api');

/** The pages that TypeDoc has written, as they are in their folders. There are none before `npm run docs:api`. */
export function apiPages(folder = ''): DefaultTheme.SidebarItem[] {
  const path = join(FOLDER, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path, { withFileTypes: true })
    .toSorted((one, other) => rankOf(one.name) - rankOf(other.name) || one.name.localeCompare(other.name, 'en'))
    .flatMap((entry): DefaultTheme.SidebarItem[] => {
      const place = `${folder}${entry.name}`;
      if (entry.isDirectory()) return [{ text: titleOf(place), collapsed: true, items: apiPages(`${place}/`) }];
      if (!entry.name.endsWith('.md')) return [];
      const name = entry.name.slice(0, -'.md'.length);
      return name === 'index'
        ? [{ text: 'Overview', link: `/reference/api/${folder}` }]
        : [{ text: name, link: `/reference/api/${place.slice(0, -'.md'.length)}` }];
    });
}

/** The page of a folder is its first. */
function rankOf(name: string): number {
  return name === 'index.md' ? 0 : 1;
}

/** `index` is what the package itself exports. */
function titleOf(folder: string): string {
  return folder === 'index' ? 'nestjs-mcp-auth' : (folder.split('/').at(-1)?.replaceAll('-', ' ') ?? folder);
}
