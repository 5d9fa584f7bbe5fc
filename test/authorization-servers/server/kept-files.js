import { mkdir, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'nestjs-mcp-auth');

/**
 * A directory outside the repository, which is filled once for each version.
 *
 * @param {readonly string[]} names the server and its version
 * @param {(directory: string) => Promise<void>} fill
 * @returns {Promise<string>}
 */
export async function keepFiles(names, fill) {
  const directory = join(CACHE, ...names);
  const complete = join(directory, 'complete');
  const isThere = await stat(complete).then(
    () => true,
    () => false,
  );
  if (isThere) return directory;
  await mkdir(directory, { recursive: true });
  await fill(directory);
  await writeFile(complete, '');
  return directory;
}
