import { copyFile, cp, mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { unpack } from './distribution.js';
import { startKeycloak } from './keycloak-process.js';

const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'nestjs-mcp-auth', 'keycloak');

/**
 * A server with these features, ready to be started: built, with a database that has its tables. Made once for each
 * release, outside the repository.
 *
 * @param {string} version
 * @param {readonly string[]} features
 * @returns {Promise<string>} its home
 */
async function preparedHome(version, features) {
  const options = ['--db=dev-file', '--cache=local', ...features.map((feature) => `--feature-${feature}=enabled`)];
  return await makeOnce(version, features.join('+') || 'default', (home) => startKeycloak(home, options));
}

/**
 * A server as it is after the first `kc.sh start-dev`, which takes long. Made once for each release, outside the repository.
 *
 * @param {string} version
 * @returns {Promise<string>} its home, which is to be copied
 */
export async function developmentHome(version) {
  return await makeOnce(version, 'development', (home) => startKeycloak(home, [], {}, 'start-dev'));
}

/**
 * @param {string} version
 * @param {string} name
 * @param {(home: string) => Promise<{ stop(): Promise<void> }>} start what makes of an unpacked release what is wanted
 */
async function makeOnce(version, name, start) {
  const home = join(CACHE, version, name);
  if (await isThere(home)) return home;
  await mkdir(join(CACHE, version), { recursive: true });
  const directory = await mkdtemp(join(CACHE, version, 'making-'));
  try {
    const made = await unpack(version, directory);
    await (await start(made)).stop();
    await rename(made, home).catch(async (error) => {
      // Another run was faster.
      if (!(await isThere(home))) throw error;
    });
    return home;
  } finally {
    await rm(directory, { recursive: true });
  }
}

/**
 * Starts a server with these features, with nothing in it that an earlier run left.
 *
 * @param {string} version
 * @param {readonly string[]} features
 * @param {Readonly<Record<string, string>>} environment
 */
export async function startPrepared(version, features, environment) {
  const home = await preparedHome(version, features);
  const database = await mkdtemp(join(tmpdir(), 'keycloak-database-'));
  const forget = () => rm(database, { recursive: true });
  try {
    await cp(join(home, 'data', 'h2'), database, { recursive: true });
    const url = `jdbc:h2:file:${join(database, 'keycloakdb')};NON_KEYWORDS=VALUE`;
    const { origin, stop } = await startKeycloak(home, ['--optimized', `--db-url=${url}`], environment);
    return { home, origin, stop: () => stop().finally(forget) };
  } catch (error) {
    await forget();
    throw error;
  }
}

/**
 * Starts a server that imports a realm as it starts.
 *
 * @param {string} version
 * @param {string} file of the realm
 * @param {Readonly<Record<string, string>>} environment what stands for `${…}` in the file, among others
 */
export async function startWithRealm(version, file, environment) {
  const prepared = await preparedHome(version, []);
  const home = await mkdtemp(join(tmpdir(), 'keycloak-home-'));
  const forget = () => rm(home, { recursive: true });
  try {
    await cp(prepared, home, { recursive: true });
    await mkdir(join(home, 'data', 'import'), { recursive: true });
    await copyFile(file, join(home, 'data', 'import', 'realm.json'));
    const url = `jdbc:h2:file:${join(home, 'data', 'h2', 'keycloakdb')};NON_KEYWORDS=VALUE`;
    const options = ['--optimized', `--db-url=${url}`, '--import-realm'];
    const { origin, stop } = await startKeycloak(home, options, environment);
    return { origin, stop: () => stop().finally(forget) };
  } catch (error) {
    await forget();
    throw error;
  }
}

async function isThere(path) {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
