import process from 'node:process';
import { checkTools, ServerUnavailableError } from '../../support/java-tools.js';
import { startSpring } from './spring.js';
import { startUaa } from './uaa.js';

/** Where tests find the origin of a server. */
const SERVERS = { SPRING_ORIGIN: startSpring, UAA_ORIGIN: startUaa };

/** Starts the servers, or says why there are none; tests are skipped then, unless REQUIRE_AUTHORIZATION_SERVERS is set. */
export default async function setUp() {
  globalThis.authorizationServers = [];
  const failures = await Promise.all(Object.entries(SERVERS).map(([variable, start]) => keep(variable, start)));
  const failure = failures.find((error) => error !== undefined);
  if (!failure) return;
  if (failure instanceof ServerUnavailableError && process.env.REQUIRE_AUTHORIZATION_SERVERS === undefined) {
    process.stdout.write(`\nNOT TESTED against real authorization servers: ${failure.message}.\n\n`);
    return;
  }
  await Promise.all(globalThis.authorizationServers.map((server) => server.stop()));
  throw failure;
}

async function keep(variable, start) {
  // One that runs already.
  if (process.env[variable] !== undefined) return undefined;
  try {
    await checkTools({ compiler: true });
    const server = await start();
    globalThis.authorizationServers.push(server);
    process.env[variable] = server.origin;
    return undefined;
  } catch (error) {
    return error;
  }
}
