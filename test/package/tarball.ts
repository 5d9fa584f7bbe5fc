import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ENVIRONMENT_OF_A_PROJECT } from '../support/node-release.js';

const exec = promisify(execFile);

/** What `npm pack` makes of the repository. */
export interface Tarball {
  readonly path: string;
  /** What is in it, by its paths in the repository. */
  readonly files: readonly string[];
}

/** Packs the repository into a folder. */
export async function pack(folder: string): Promise<Tarball> {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const { stdout } = await exec('npm', args, { env: ENVIRONMENT_OF_A_PROJECT });
  const [packed] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
  return { path: join(folder, packed.filename), files: packed.files.map(({ path }) => path) };
}
