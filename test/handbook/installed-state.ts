import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const exec = promisify(execFile);

const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'nestjs-mcp-auth', 'handbook');

/** Nothing but these is remembered. */
const INSTALLING = /^(npx (-y |--yes )?@nestjs\/cli\S* new|npm (install|i|init|pkg)|mkdir|cd) /;

/** Whether a command does nothing but install: npm need not do it again, if nothing is different. */
export function isInstalling(command: string): boolean {
  const lines = command
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'));
  return lines.every((line) => INSTALLING.test(`${line} `)) && /^(npx|npm) /m.test(command);
}

/**
 * What a folder looked like after a command that installs, kept outside the repository. The same command on the same files
 * makes the same of them, as long as the package needs the same.
 */
export class InstalledState {
  private constructor(
    private readonly folder: string,
    private readonly home: string,
  ) {}

  /** @param history - the commands that installed before, and this one */
  static async of(folder: string, history: readonly string[]): Promise<InstalledState> {
    const { dependencies, peerDependencies } = JSON.parse(await readFile('package.json', 'utf8')) as Record<
      string,
      object
    >;
    const hash = createHash('sha256');
    hash.update(JSON.stringify([history, dependencies, peerDependencies, process.version]));
    const files = (await filesIn(folder)).filter((path) => !path.endsWith('package-lock.json'));
    for (const path of files) hash.update(path).update(await readFile(join(folder, path)));
    return new InstalledState(folder, join(CACHE, hash.digest('hex').slice(0, 16)));
  }

  /** @returns whether it was known */
  async restore(): Promise<boolean> {
    if (!existsSync(this.home)) return false;
    await rm(this.folder, { recursive: true });
    await copy(this.home, this.folder);
    return true;
  }

  async remember(): Promise<void> {
    await mkdir(CACHE, { recursive: true });
    const making = await mkdtemp(join(CACHE, 'making-'));
    try {
      await copy(this.folder, join(making, 'folder'));
      await rename(join(making, 'folder'), this.home).catch((error: unknown) => {
        // Another run was faster.
        if (!existsSync(this.home)) throw error;
      });
    } finally {
      await rm(making, { recursive: true, force: true });
    }
  }
}

/** Files of packages are linked, which npm replaces and does not write to. All others are copied. */
async function copy(from: string, to: string): Promise<void> {
  await exec('cp', ['-al', from, to]).catch(async () => {
    // Links do not reach other file systems.
    await rm(to, { recursive: true, force: true });
    await exec('cp', ['-a', from, to]);
  });
  for (const path of await filesIn(to)) {
    await exec('cp', ['-a', '--remove-destination', join(from, path), join(to, path)]);
  }
}

/** All files but those of packages, in one order. */
async function filesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const nested = entries
    .filter((entry) => entry.name !== 'node_modules' && !entry.isSymbolicLink())
    .map(async (entry) =>
      entry.isDirectory()
        ? (await filesIn(join(folder, entry.name))).map((path) => join(entry.name, path))
        : [entry.name],
    );
  return (await Promise.all(nested)).flat().toSorted();
}
