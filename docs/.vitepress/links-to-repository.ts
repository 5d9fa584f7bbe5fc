import { statSync } from 'node:fs';
import { join, posix } from 'node:path';
import type { MarkdownEnv, MarkdownRenderer } from 'vitepress';
import { ref, repository } from './site.js';

const ROOT = join(import.meta.dirname, '../..');

/** Links from a page to a file outside `docs`, such as a sample, lead to that file on GitHub, as it is in this version. */
export function linksToRepository(md: MarkdownRenderer): void {
  md.core.ruler.push('links_to_repository', ({ tokens, env }) => {
    const { relativePath } = env as MarkdownEnv;
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const link = token.type === 'link_open' ? token.attrGet('href') : null;
      if (link !== null && /^\.\.?\//.test(link)) token.attrSet('href', addressOf(relativePath, link));
    }
  });
}

function addressOf(page: string, link: string): string {
  const [path = '', anchor] = link.split('#');
  const target = posix.join('docs', posix.dirname(page), path);
  if (target.startsWith('docs/')) return link;
  const kind = statSync(join(ROOT, target)).isDirectory() ? 'tree' : 'blob';
  return `${repository}/${kind}/${ref}/${target}${anchor === undefined ? '' : `#${anchor}`}`;
}
