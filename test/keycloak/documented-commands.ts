import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

/** What the page has the reader set. */
export interface DocumentedValues {
  readonly KEYCLOAK: string;
  readonly REALM: string;
  readonly RESOURCE: string;
}

/** The commands of some sections of a page, in its order: the values that a reader sets, and what is run with them. */
export interface DocumentedCommands {
  readonly names: readonly string[];
  /** The first block, which has the values if there are any to set. */
  readonly first: string;
  readonly blocks: readonly string[];
}

/** @param sections - their headings, the first of which has the values */
export async function readCommands(page: string, sections: readonly string[]): Promise<DocumentedCommands> {
  const text = await readFile(new URL(`../../docs/${page}`, import.meta.url), 'utf8');
  const chosen = text.split(/^## /m).filter((section) => sections.some((heading) => section.startsWith(heading)));
  const all = [...chosen.join('').matchAll(/^( *)```sh\n(.*?)^\1```$/gms)].map(([, indent = '', block = '']) =>
    block.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  );
  const [first = '', ...blocks] = all;
  return { names: [...first.matchAll(/^([A-Z_]+)=/gm)].map(([, name = '']) => name), first, blocks };
}

/** The commands of the page on Keycloak with which its administrator signs in. */
export const SIGN_IN = 'kcadm.sh config credentials --server "$KEYCLOAK" --realm master --user admin\n';

/**
 * Runs commands with the tools of the Keycloak under test, as its administrator.
 *
 * @returns what they print
 */
export async function runCommands(script: string, values: DocumentedValues): Promise<string> {
  const { KEYCLOAK_HOME = '', KEYCLOAK_ADMIN_PASSWORD = '', PATH = '' } = process.env;
  const home = await mkdtemp(join(tmpdir(), 'kcadm-'));
  try {
    const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], {
      env: {
        ...process.env,
        ...values,
        PATH: [join(KEYCLOAK_HOME, 'bin'), PATH].join(delimiter),
        KC_CLI_PASSWORD: KEYCLOAK_ADMIN_PASSWORD,
        // Where it keeps its sign-in.
        KC_OPTS: `-Duser.home=${home} -XX:TieredStopAtLevel=1`,
      },
    });
    return stdout;
  } finally {
    await rm(home, { recursive: true });
  }
}
