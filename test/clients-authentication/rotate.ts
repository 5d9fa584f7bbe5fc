import { rename, writeFile } from 'node:fs/promises';

/** Writes as those do that rotate: a new file, which takes the place of the old one at once. */
export async function rotate(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}
