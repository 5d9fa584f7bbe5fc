import { join } from 'node:path';
import { describe } from '@jest/globals';

/** A client that the run installed; `undefined` where it could not be had, which the set-up has said. */
export interface InstalledClient {
  readonly command: string;
  readonly args: readonly string[];
}

const { CLIENTS_MODULES: modules, CLIENTS_NODE: node, CLIENTS_PYTHON: python } = process.env;

function fromNpm(command: string | undefined, file: string): InstalledClient | undefined {
  return modules === undefined || command === undefined ? undefined : { command, args: [join(modules, file)] };
}

export const inspector = fromNpm(node, '@modelcontextprotocol/inspector/clients/launcher/build/index.js');
export const mcpRemote = fromNpm(process.execPath, 'mcp-remote/dist/proxy.js');
/** A library: the script that uses it, and where it is. */
export const aiSdk: InstalledClient | undefined =
  modules === undefined || node === undefined
    ? undefined
    : { command: node, args: [join(import.meta.dirname, 'ai-sdk-client.js'), modules] };
export const pythonClient: InstalledClient | undefined =
  python === undefined ? undefined : { command: python, args: [join(import.meta.dirname, 'python_client.py')] };

/** Tests that need a client; skipped where there is none. */
export function describeWith(
  client: InstalledClient | undefined,
  name: string,
  tests: (client: InstalledClient) => void,
): void {
  if (client) {
    describe(name, () => {
      tests(client);
    });
  } else {
    describe.skip(name, () => {
      tests({ command: '', args: [] });
    });
  }
}

/** For a client of the user's, who has a home in `directory`, and no browser that could open. */
export function environmentIn(directory: string): Record<string, string> {
  return { PATH: process.env.PATH ?? '', HOME: directory, BROWSER: 'true' };
}
