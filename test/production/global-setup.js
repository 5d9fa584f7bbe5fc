import process from 'node:process';
import { EnvoyUnavailableError, installEnvoy } from '../support/envoy/installed-envoy.js';

/** Gets Envoy, or says why there is none; tests are skipped then, unless REQUIRE_PROXIES is set. */
export default async function setUp() {
  try {
    await installEnvoy();
  } catch (error) {
    if (!(error instanceof EnvoyUnavailableError) || process.env.REQUIRE_PROXIES !== undefined) throw error;
    process.stdout.write(`\nNOT TESTED with Envoy: ${error.message}.\n\n`);
  }
}
