import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { ClientsUnavailableError, installFromNpm, installFromPyPi } from './installation.js';

const INSTALLATIONS = [
  ['the Inspector, mcp-remote and @ai-sdk/mcp', installFromNpm],
  ["the Python SDK's client", installFromPyPi],
];

/** Installs the clients, or says which there are not; tests are skipped then, unless REQUIRE_CLIENTS is set. */
export default async function setUp() {
  const directory = await mkdtemp(join(tmpdir(), 'mcp-clients-'));
  globalThis.clientsDirectory = directory;
  const outcomes = await Promise.allSettled(INSTALLATIONS.map(([, install]) => install(directory)));
  for (const [index, { value, reason }] of outcomes.entries()) {
    if (value) Object.assign(process.env, value);
    else if (reason instanceof ClientsUnavailableError && process.env.REQUIRE_CLIENTS === undefined) {
      process.stdout.write(`\nNOT TESTED with ${INSTALLATIONS[index][0]}: ${reason.message}.\n\n`);
    } else {
      await rm(directory, { recursive: true });
      throw reason;
    }
  }
}
