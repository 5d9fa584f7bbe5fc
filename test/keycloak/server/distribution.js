import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { runMaven } from '../../support/java-tools.js';

const ARTIFACT = 'org.keycloak:keycloak-quarkus-dist';

/**
 * The newest release, or KEYCLOAK_VERSION.
 *
 * @returns {Promise<string>}
 * @throws {ServerUnavailableError} if Maven Central cannot be reached, and Maven does not remember what it said
 */
export async function newestVersion() {
  const directory = await mkdtemp(join(tmpdir(), 'keycloak-version-'));
  try {
    const version = process.env.KEYCLOAK_VERSION ?? 'RELEASE';
    await get('copy', `${ARTIFACT}:${version}:pom`, directory);
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
  await get('unpack', `${ARTIFACT}:${version}:zip`, directory);
  return join(directory, `keycloak-${version}`);
}

async function get(goal, artifact, directory) {
  await runMaven(goal, [`-Dartifact=${artifact}`, `-DoutputDirectory=${directory}`], directory);
}
