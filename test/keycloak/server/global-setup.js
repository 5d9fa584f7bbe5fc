import process from 'node:process';
import { checkTools, ServerUnavailableError } from '../../support/java-tools.js';
import { startClientDocuments } from './client-documents.js';
import { newestVersion } from './distribution.js';
import { ADMIN } from './keycloak-process.js';
import { startPrepared } from './prepared-home.js';

/** Where tests find the origin of a server, and what it has that is not there by default. */
const SERVERS = {
  KEYCLOAK_ORIGIN: [],
  KEYCLOAK_CLIENT_DOCUMENTS_ORIGIN: ['cimd'],
  KEYCLOAK_EXPERIMENTAL_ORIGIN: ['resource-indicators', 'identity-assertion-jwt', 'cimd'],
};

/** Starts the servers, or says why there are none; tests are skipped then, unless REQUIRE_KEYCLOAK is set. */
export default async function setUp() {
  try {
    await checkTools();
    const version = await newestVersion();
    globalThis.clientDocuments = await startClientDocuments();
    const started = await Promise.allSettled(
      Object.entries(SERVERS).map(async ([variable, features]) => {
        const server = await startPrepared(version, features, globalThis.clientDocuments.environment);
        process.env[variable] = server.origin;
        process.env.KEYCLOAK_HOME = server.home;
        return server;
      }),
    );
    globalThis.keycloakServers = started.flatMap(({ value }) => value ?? []);
    const failure = started.find(({ status }) => status === 'rejected');
    if (failure) {
      await Promise.all([...globalThis.keycloakServers, globalThis.clientDocuments].map((server) => server.stop()));
      throw failure.reason;
    }
    process.env.KEYCLOAK_ADMIN = ADMIN.username;
    process.env.KEYCLOAK_ADMIN_PASSWORD = ADMIN.password;
    process.env.KEYCLOAK_VERSION = version;
    process.stdout.write(`Keycloak ${version}\n`);
  } catch (error) {
    if (!(error instanceof ServerUnavailableError) || process.env.REQUIRE_KEYCLOAK !== undefined) throw error;
    process.stdout.write(`\nNOT TESTED against a real Keycloak: ${error.message}.\n\n`);
  }
}
