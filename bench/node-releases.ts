import { execFileSync } from 'node:child_process';

/** A Node that servers run on. */
export interface NodeRelease {
  /** Major version. */
  readonly major: string;
  readonly version: string;
  readonly path: string;
}

/**
 * Finds releases of Node. The one that runs this is taken as it is; others are installed by npm, from its package `node`
 * (some 50 MB each), and stay in npm's cache.
 *
 * @param majors - such as `24`
 */
export function findNodes(majors: readonly string[]): readonly NodeRelease[] {
  const [own = ''] = process.versions.node.split('.');
  return majors.map((major) => {
    if (major === own || major === 'current')
      return { major: own, version: process.versions.node, path: process.execPath };
    const text = '[process.versions.node, process.execPath].join(" ")';
    const args = ['exec', '--yes', `--package=node@${major}`, '--', 'node', '-p', text];
    // What npm tells its scripts of this project is not meant for that.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_|^NODE_OPTIONS$/.test(name)));
    const [version = '', path = ''] = execFileSync('npm', args, { encoding: 'utf8', env }).trim().split(' ');
    if (!version.startsWith(`${major}.`)) throw new Error(`npm has installed Node ${version} for node@${major}`);
    return { major, version, path };
  });
}
