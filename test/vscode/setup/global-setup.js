import process from 'node:process';
import startServers from '../../keycloak/server/global-setup.js';
import { installCodeServer, VERSION } from './installation.js';

/** Installs VS Code and starts Keycloak. Who runs this wants both: it fails where one cannot be had. */
export default async function setUp() {
  process.env.REQUIRE_KEYCLOAK ??= '1';
  process.env.REQUIRE_CHROMIUM ??= '1';
  Object.assign(process.env, await installCodeServer());
  process.stdout.write(`\ncode-server ${VERSION}\n`);
  await startServers();
}
