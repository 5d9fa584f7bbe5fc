import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DefaultTheme } from 'vitepress';
import { addressOf, olderVersion, repository } from './site.js';

interface Versions {
  /** The version that `main` documents. */
  readonly newest: string;
  /** Folders of the site that have an older one: `v0.1`. */
  readonly older: readonly string[];
}

/** The menu of versions, made of `versions.json`. */
export function versionMenu(): DefaultTheme.NavItemWithChildren {
  const file = join(import.meta.dirname, 'versions.json');
  const { newest, older } = JSON.parse(readFileSync(file, 'utf8')) as Versions;
  return {
    text: olderVersion ?? `v${newest}`,
    items: [
      { text: `v${newest} (newest)`, link: addressOf(), target: '_self' },
      ...older.map((version) => ({ text: version, link: addressOf(version), target: '_self' })),
      { text: 'Changelog', link: `${repository}/blob/main/CHANGELOG.md` },
    ],
  };
}
