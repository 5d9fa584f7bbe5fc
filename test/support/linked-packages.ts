import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { installPackages } from './node-release.js';

const exec = promisify(execFile);

const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'nestjs-mcp-auth', 'packages');

const OWN = 'nestjs-mcp-auth';

/**
 * Gives a project packages, and the packed package with what it needs. They are installed once, outside the repository,
 * and linked from there. Only the packed package is the project's own.
 */
export async function linkPackages(project: string, packages: readonly string[], tarball: string): Promise<void> {
  const installed = join(await findInstalled(packages, tarball), 'node_modules');
  for (const name of await listPackages(installed)) {
    const link = join(project, 'node_modules', name);
    await mkdir(dirname(link), { recursive: true });
    if (name !== OWN) await symlink(join(installed, name), link);
  }
  const own = join(project, 'node_modules', OWN);
  await mkdir(own);
  await exec('tar', ['-xzf', tarball, '-C', own, '--strip-components=1']);
  const nested = join(installed, OWN, 'node_modules');
  if (existsSync(nested)) await symlink(nested, join(own, 'node_modules'));
}

async function listPackages(folder: string): Promise<readonly string[]> {
  const names = (await readdir(folder)).filter((name) => !name.startsWith('.'));
  const all = names.map(async (name) =>
    name.startsWith('@') ? (await readdir(join(folder, name))).map((one) => `${name}/${one}`) : [name],
  );
  return (await Promise.all(all)).flat();
}

async function findInstalled(packages: readonly string[], tarball: string): Promise<string> {
  const { dependencies, peerDependencies } = JSON.parse(await readFile('package.json', 'utf8')) as Record<
    string,
    object
  >;
  const key = createHash('sha256')
    .update(JSON.stringify([packages, dependencies, peerDependencies, process.version]))
    .digest('hex')
    .slice(0, 16);
  const home = join(CACHE, key);
  if (existsSync(home)) return home;
  await mkdir(CACHE, { recursive: true });
  const making = await mkdtemp(join(CACHE, 'making-'));
  try {
    await writeFile(join(making, 'package.json'), '{"private":true}');
    await installPackages(making, [...packages, `file:${tarball}`]);
    await rename(making, home).catch((error: unknown) => {
      // Another run was faster.
      if (!existsSync(home)) throw error;
    });
    return home;
  } finally {
    await rm(making, { recursive: true, force: true });
  }
}
