import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';

const FILE = fileURLToPath(new URL('../../docs/reference/openapi-corpus.md', import.meta.url));

/** Replaces one part of `docs/reference/openapi-corpus.md`: what stands between its two marks. */
export async function writeSection(name: string, text: string): Promise<void> {
  const [start, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
  const known = await readFile(FILE, 'utf8');
  const [before = '', rest = ''] = known.split(start);
  const [, after = ''] = rest.split(end);
  const written = `${before}${start}\n\n${text}\n\n${end}${after}`;
  await writeFile(FILE, await format(written, { ...(await resolveConfig(FILE)), parser: 'markdown' }));
}
