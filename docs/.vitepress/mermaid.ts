import { cp } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MarkdownRenderer } from 'vitepress';

/** Blocks of ` ```mermaid ` become pictures. GitHub draws the same blocks by itself. */
export function mermaidFences(md: MarkdownRenderer): void {
  const { fence } = md.renderer.rules;
  md.renderer.rules.fence = (tokens, index, ...rest) => {
    const token = tokens[index];
    if (token?.info.trim() === 'mermaid') return `<MermaidPicture source="${encodeURIComponent(token.content)}" />`;
    return fence?.(tokens, index, ...rest) ?? '';
  };
}

const ENTRY = 'mermaid.esm.min.mjs';
const CHUNKS = 'chunks/mermaid.esm.min';

/** Mermaid is on the site as its authors bundle it. Bundling it once more takes longer than all the pages. */
export async function copyMermaid(site: string): Promise<void> {
  const from = dirname(fileURLToPath(import.meta.resolve(`mermaid/dist/${ENTRY}`)));
  const to = join(site, 'mermaid');
  const filter = (file: string) => !file.endsWith('.map');
  for (const name of [ENTRY, CHUNKS]) await cp(join(from, name), join(to, name), { recursive: true, filter });
}
