import process from 'node:process';

/** Where the code is. */
export const repository = 'https://github.com/nestjs-mcp-auth/nestjs-mcp-auth';

/** Where the site of the newest version is. Every older version is in a folder of it. */
const ROOT = 'https://nestjs-mcp-auth.github.io/nestjs-mcp-auth/';

/** The older version that is built, such as `v0.1`, or nothing for the newest. */
export const olderVersion = process.env.DOCS_VERSION;

/** What links to files on GitHub name: the tag of the older version that is built, or `main`. */
export const ref = process.env.DOCS_TAG ?? 'main';

/** Where the site of this version is. */
export const address = olderVersion === undefined ? ROOT : `${ROOT}${olderVersion}/`;

/** The path of `address`, which all links of the site begin with. */
export const base = new URL(address).pathname;

/** The address of the newest version, or of an older one. */
export function addressOf(version?: string): string {
  return version === undefined ? ROOT : `${ROOT}${version}/`;
}
