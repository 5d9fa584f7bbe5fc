import { cp, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** Pages link to files that stand beside them, such as an OpenAPI document. The site has these files at the same place. */
export async function copyLinkedFiles(documents: string, site: string): Promise<void> {
  const entries = await readdir(documents, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.md'))
    .map((entry) => relative(documents, join(entry.parentPath, entry.name)))
    .filter((file) => !/^(\.vitepress|images|reference\/api)\//.test(file));
  for (const file of files) await cp(join(documents, file), join(site, file));
}
