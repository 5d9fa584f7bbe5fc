import process from 'node:process';
import { newestVersion } from '../../keycloak/server/distribution.js';
import { developmentHome } from '../../keycloak/server/prepared-home.js';
import { checkTools, ServerUnavailableError } from '../../support/java-tools.js';

/** Gets a Keycloak for pages that start one, or says why there is none; they are skipped then, unless REQUIRE_KEYCLOAK is set. */
export default async function setUp() {
  try {
    await checkTools();
    const version = await newestVersion();
    process.env.KEYCLOAK_DEVELOPMENT_HOME = await developmentHome(version);
    process.env.KEYCLOAK_VERSION = version;
  } catch (error) {
    if (!(error instanceof ServerUnavailableError) || process.env.REQUIRE_KEYCLOAK !== undefined) throw error;
    process.stdout.write(`\nNOT TESTED with a real Keycloak: ${error.message}.\n\n`);
  }
}
