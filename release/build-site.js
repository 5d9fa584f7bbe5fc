/** Builds the site of the newest version, and each older one of `versions.json` from its last tag, into one folder. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';

const DIST = 'docs/.vitepress/dist';
const VERSIONS = 'docs/.vitepress/versions.json';

/**
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').ExecFileSyncOptions} options
 */
function run(command, args, options = {}) {
  execFileSync(command, args, { stdio: 'inherit', ...options });
}

/**
 * The last release of an older version.
 *
 * @param {string} version such as `v0.1`
 * @returns {string}
 */
function findTag(version) {
  const tags = execFileSync('git', ['tag', '--list', `${version}.*`, '--sort=-version:refname'], { encoding: 'utf8' });
  const [tag = ''] = tags.split('\n');
  if (tag === '') throw new Error(`No tag begins with ${version}. Fetch the tags: git fetch --tags`);
  return tag;
}

run('npm', ['run', 'docs:build']);
for (const version of JSON.parse(readFileSync(VERSIONS, 'utf8')).older) {
  const tag = findTag(version);
  const folder = mkdtempSync(join(tmpdir(), 'site-'));
  const checkout = join(folder, version);
  run('git', ['worktree', 'add', '--detach', checkout, tag]);
  try {
    // The menu of every version names them all.
    cpSync(VERSIONS, join(checkout, VERSIONS));
    const options = { cwd: checkout, env: { ...process.env, DOCS_VERSION: version, DOCS_TAG: tag } };
    run('npm', ['ci', '--ignore-scripts'], options);
    run('npm', ['run', 'docs:build'], options);
    cpSync(join(checkout, DIST), join(DIST, version), { recursive: true });
  } finally {
    run('git', ['worktree', 'remove', '--force', checkout]);
    rmSync(folder, { recursive: true, force: true });
  }
}
process.stdout.write(`The site is in ${resolve(DIST)}.\n`);
