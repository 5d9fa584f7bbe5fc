import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const exec = promisify(execFile);

/** npm hands its settings down to the scripts it runs; a project of its own has none of them. */
export const ENVIRONMENT_OF_A_PROJECT = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^npm_(config_(?!registry|cache)|package|lifecycle)|^NODE_OPTIONS$/i.test(name),
  ),
);

/** Installs packages into a folder, from the cache of the machine where they are in it. None of their scripts run. */
export async function installPackages(folder: string, packages: readonly string[] = []): Promise<void> {
  const options = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline', '--loglevel=error'];
  await exec('npm', ['install', ...options, ...packages], { cwd: folder, env: ENVIRONMENT_OF_A_PROJECT });
}

/**
 * Installs releases of Node into a folder: what the npm package `node` installs, without its script.
 *
 * @returns paths of the executables, by version
 */
export async function installNode(folder: string, versions: readonly string[]): Promise<Map<string, string>> {
  const name = `${process.platform === 'darwin' ? 'node-bin' : 'node'}-${process.platform}-${process.arch}`;
  await writeFile(join(folder, 'package.json'), '{"private":true}');
  await installPackages(
    folder,
    versions.map((version) => `node-${version}@npm:${name}@${version}`),
  );
  return new Map(versions.map((version) => [version, join(folder, 'node_modules', `node-${version}`, 'bin/node')]));
}
