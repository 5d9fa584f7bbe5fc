import process from 'node:process';
import { newestVersion } from '../../../keycloak/server/distribution.js';
import { ADMIN } from '../../../keycloak/server/keycloak-process.js';
import { startPrepared } from '../../../keycloak/server/prepared-home.js';
import { checkTools, ServerUnavailableError } from '../../../support/java-tools.js';
import { run } from '../../installed/setup/run.js';
import { buildProgram } from './page-program.js';

/** The page, where tests find how its program is started, and what builds it. */
const PROGRAMS = [
  ['go', 'CLIENT_SDK_GO', [['go', 'version']]],
  ['rust', 'CLIENT_SDK_RUST', [['cargo', '--version']]],
  [
    'java',
    'CLIENT_SDK_JAVA',
    [
      ['javac', '-version'],
      ['mvn', '--version'],
    ],
  ],
];

/** Builds the programs of the pages, and starts a Keycloak; or says what there is not. Tests are skipped then. */
export default async function setUp() {
  for (const [page, variable, tools] of PROGRAMS) {
    const missing = await firstMissing(tools);
    if (missing === undefined) process.env[variable] = JSON.stringify(await buildProgram(page));
    else if (process.env.REQUIRE_CLIENTS !== undefined) throw new Error(`There is no ${missing} on PATH`);
    else process.stdout.write(`\nNOT TESTED: docs/clients/${page}.md, because there is no ${missing} on PATH.\n\n`);
  }
  await startKeycloak();
}

async function firstMissing(tools) {
  for (const [command, ...args] of tools) {
    if ((await run(command, args)).status !== 0) return command;
  }
  return undefined;
}

async function startKeycloak() {
  try {
    await checkTools();
    const version = await newestVersion();
    const server = await startPrepared(version, [], {});
    globalThis.keycloakServers = [server];
    Object.assign(process.env, {
      KEYCLOAK_ORIGIN: server.origin,
      KEYCLOAK_HOME: server.home,
      KEYCLOAK_ADMIN: ADMIN.username,
      KEYCLOAK_ADMIN_PASSWORD: ADMIN.password,
      KEYCLOAK_VERSION: version,
    });
  } catch (error) {
    if (!(error instanceof ServerUnavailableError) || process.env.REQUIRE_KEYCLOAK !== undefined) throw error;
    process.stdout.write(`\nNOT TESTED against a real Keycloak: ${error.message}.\n\n`);
  }
}
