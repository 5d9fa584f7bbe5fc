import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { run } from './run.js';

const PINNED = join(import.meta.dirname, 'pinned');

/** For the Inspector, which does not run on all that this package does. */
const NODE = '22.23.3';

/** Clients cannot be had on this machine, for a reason that is no fault of the tests. */
export class ClientsUnavailableError extends Error {}

/**
 * Installs the clients that come from npm, and a newer Node where it is needed, without running a script of any.
 *
 * @param {string} directory
 * @returns {Promise<Record<string, string>>} where they are
 * @throws {ClientsUnavailableError}
 */
export async function installFromNpm(directory) {
  await copyFile(join(PINNED, 'package.json'), join(directory, 'package.json'));
  const { platform, arch } = process;
  const isNewEnough = /^v(22\.(19|[2-9]\d)|2[3-9]|[3-9]\d)\./.test(process.version);
  const node = `node-${platform === 'win32' ? 'win' : platform}-${arch}`;
  const { status, output } = await run(
    'npm',
    [
      ...['install', ...(isNewEnough ? [] : ['--no-save', `${node}@${NODE}`])],
      ...['--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', '--prefer-offline', '--loglevel=error'],
    ],
    { cwd: directory, env: npmEnvironment() },
  );
  if (status !== 0) throw new ClientsUnavailableError(`npm cannot get them: ${reason(output)}`);
  return {
    CLIENTS_MODULES: join(directory, 'node_modules'),
    CLIENTS_NODE: isNewEnough ? process.execPath : join(directory, 'node_modules', node, 'bin', 'node'),
  };
}

/**
 * Installs the Python SDK into an environment of its own.
 *
 * @param {string} directory
 * @returns {Promise<Record<string, string>>} where its Python is
 * @throws {ClientsUnavailableError}
 */
export async function installFromPyPi(directory) {
  const home = join(directory, 'python');
  const made = await run('python3', ['-m', 'venv', home]);
  if (made.status !== 0) throw new ClientsUnavailableError('there is no python3 with venv (python3-venv) on PATH');
  const python = join(home, 'bin', 'python');
  const { status, output } = await run(python, [
    ...['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input', '--no-compile'],
    ...['--requirement', join(PINNED, 'requirements.txt')],
  ]);
  if (status !== 0) throw new ClientsUnavailableError(`pip cannot get it: ${reason(output)}`);
  return { CLIENTS_PYTHON: python };
}

/** The clients and their versions, as they are pinned. */
export async function pinnedVersions() {
  const { dependencies } = JSON.parse(await readFile(join(PINNED, 'package.json'), 'utf8'));
  const requirements = await readFile(join(PINNED, 'requirements.txt'), 'utf8');
  return { ...dependencies, ...Object.fromEntries([requirements.trim().split('==')]) };
}

/** npm hands its settings down to the scripts it runs; an installation of its own has none of them. */
export function npmEnvironment() {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^npm_(config_(?!registry|cache)|package|lifecycle)|^NODE_OPTIONS$/i.test(name),
    ),
  );
}

function reason(output) {
  return output.trim().split('\n').at(-1);
}
