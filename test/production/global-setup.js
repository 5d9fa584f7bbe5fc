import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { newestVersion } from '../keycloak/server/distribution.js';
import { ADMIN } from '../keycloak/server/keycloak-process.js';
import { startWithRealm } from '../keycloak/server/prepared-home.js';
import { EnvoyUnavailableError, installEnvoy } from '../support/envoy/installed-envoy.js';
import { checkTools, ServerUnavailableError } from '../support/java-tools.js';

const SAMPLE = 'sample/production';

/** Gets Envoy and a Keycloak, or says why there is none; tests are skipped then, unless they are required. */
export default async function setUp() {
  try {
    await installEnvoy();
  } catch (error) {
    if (!(error instanceof EnvoyUnavailableError) || process.env.REQUIRE_PROXIES !== undefined) throw error;
    process.stdout.write(`\nNOT TESTED with Envoy: ${error.message}.\n\n`);
  }
  try {
    await checkTools();
    await startKeycloak(await newestVersion());
  } catch (error) {
    if (!(error instanceof ServerUnavailableError) || process.env.REQUIRE_KEYCLOAK !== undefined) throw error;
    process.stdout.write(`\nNOT TESTED with a real Keycloak: ${error.message}.\n\n`);
  }
}

/** As compose.yaml does: with the realm of the sample, and with what its `make.sh` has made. */
async function startKeycloak(version) {
  const folder = await mkdtemp(join(tmpdir(), 'production-files-'));
  globalThis.productionFiles = folder;
  await cp(`${SAMPLE}/certificates/make.sh`, join(folder, 'certificates', 'make.sh'), { recursive: true });
  await promisify(execFile)('sh', [join(folder, 'certificates', 'make.sh')]);
  const lines = (await readFile(join(folder, '.env'), 'utf8')).trim().split('\n');
  const made = Object.fromEntries(lines.map((line) => line.split(/=(.*)/s, 2)));
  const { CLIENT_CERTIFICATE, ALICE_PASSWORD } = made;
  const environment = { CLIENT_CERTIFICATE, ALICE_PASSWORD };
  globalThis.productionKeycloak = await startWithRealm(version, `${SAMPLE}/keycloak/realm.json`, environment);
  process.env.KEYCLOAK_PRODUCTION_ORIGIN = globalThis.productionKeycloak.origin;
  process.env.KEYCLOAK_ADMIN = ADMIN.username;
  process.env.KEYCLOAK_ADMIN_PASSWORD = ADMIN.password;
  process.env.PRODUCTION_FILES = folder;
  process.env.PRODUCTION_ALICE_PASSWORD = ALICE_PASSWORD;
}
