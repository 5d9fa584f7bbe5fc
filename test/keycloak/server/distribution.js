import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

const ARTIFACT = 'org.keycloak:keycloak-quarkus-dist';
const DEPENDENCY_PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1';

/** Keycloak cannot be had on this machine, for a reason that is no fault of the tests. */
export class KeycloakUnavailableError extends Error {}

/**
 * What has to be there before anything is asked for.
 *
 * @throws {KeycloakUnavailableError}
 */
export async function checkTools() {
  const { output } = await run('java', ['-version']).catch(() => ({ output: '' }));
  const version = Number(/version "(\d+)/.exec(output)?.[1] ?? 0);
  if (version < 17) throw new KeycloakUnavailableError('there is no Java 17 or later on PATH');
  const maven = await run('mvn', ['--version']).catch(() => ({ status: 1 }));
  if (maven.status !== 0) throw new KeycloakUnavailableError('there is no Maven (mvn) on PATH');
}

/**
 * The newest release, or KEYCLOAK_VERSION.
 *
 * @returns {Promise<string>}
 * @throws {KeycloakUnavailableError} if Maven Central cannot be reached, and Maven does not remember what it said
 */
export async function newestVersion() {
  const directory = await mkdtemp(join(tmpdir(), 'keycloak-version-'));
  try {
    const version = process.env.KEYCLOAK_VERSION ?? 'RELEASE';
    await maven('copy', `${ARTIFACT}:${version}:pom`, directory);
    const [file = ''] = await readdir(directory);
    return file.replace(/^keycloak-quarkus-dist-|\.pom$/g, '');
  } finally {
    await rm(directory, { recursive: true });
  }
}

/**
 * Unpacks a release.
 *
 * @param {string} version
 * @param {string} directory where to
 * @returns {Promise<string>} its home
 */
export async function unpack(version, directory) {
  await maven('unpack', `${ARTIFACT}:${version}:zip`, directory);
  return join(directory, `keycloak-${version}`);
}

/** By Maven, with the mirrors and proxies that it has here; `--strict-checksums` takes nothing that was damaged. */
async function maven(goal, artifact, directory) {
  const { status, output } = await run('mvn', [
    ...['--batch-mode', '--no-transfer-progress', '--strict-checksums'],
    ...[`${DEPENDENCY_PLUGIN}:${goal}`, `-Dartifact=${artifact}`, `-DoutputDirectory=${directory}`],
  ]);
  if (status === 0) return;
  if (/checksum/i.test(output)) throw new Error(`Maven refused ${artifact}:\n${output}`);
  const reason = /^\[ERROR\] (.+)$/m.exec(output)?.[1] ?? output;
  throw new KeycloakUnavailableError(`Maven cannot get ${artifact}: ${reason}`);
}

async function run(command, args) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const [status] = await once(child, 'close');
  return { status, output };
}
