import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** A server cannot be had on this machine, for a reason that is no fault of the tests. */
export class ServerUnavailableError extends Error {}

const DEPENDENCY_PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1';

/**
 * What has to be there before anything is asked for.
 *
 * @param {{ compiler?: boolean }} [needed]
 * @throws {ServerUnavailableError}
 */
export async function checkTools({ compiler = false } = {}) {
  const { output } = await run('java', ['-version']).catch(() => ({ output: '' }));
  const version = Number(/version "(\d+)/.exec(output)?.[1] ?? 0);
  if (version < 17) throw new ServerUnavailableError('there is no Java 17 or later on PATH');
  if (compiler && (await succeeds('javac', ['-version'])) === false)
    throw new ServerUnavailableError('there is no compiler of Java (javac) on PATH');
  if (!(await succeeds('mvn', ['--version']))) throw new ServerUnavailableError('there is no Maven (mvn) on PATH');
}

/**
 * By Maven, with the mirrors and proxies that it has here; `--strict-checksums` takes nothing that was damaged.
 *
 * @param {string} goal of the dependency plugin
 * @param {readonly string[]} args
 * @param {string} directory where Maven may leave its marks
 * @throws {ServerUnavailableError} if Maven Central cannot be reached, and Maven does not remember what it said
 */
export async function runMaven(goal, args, directory) {
  const options = [
    ...['--batch-mode', '--no-transfer-progress', '--strict-checksums'],
    ...[`${DEPENDENCY_PLUGIN}:${goal}`, ...args],
  ];
  const { status, output } = await run('mvn', options, directory);
  if (status === 0) return;
  if (/checksum/i.test(output)) throw new Error(`Maven refused ${args.join(' ')}:\n${output}`);
  const reason = /^\[ERROR\] (.+)$/m.exec(output)?.[1] ?? output;
  throw new ServerUnavailableError(`Maven cannot get ${args.join(' ')}: ${reason}`);
}

async function succeeds(command, args) {
  const { status } = await run(command, args).catch(() => ({ status: 1 }));
  return status === 0;
}

/**
 * Runs a command to its end.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {string} [cwd]
 */
export async function run(command, args, cwd) {
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const [status] = await once(child, 'close');
  return { status, output };
}

/**
 * @param {string} source a file
 * @param {string} libraries directory with the archives that it needs
 * @param {string} directory where the classes go
 */
export async function compile(source, libraries, directory) {
  const { status, output } = await run('javac', ['-cp', join(libraries, '*'), '-d', directory, source]);
  if (status !== 0) throw new Error(`${source} does not compile:\n${output}`);
}
