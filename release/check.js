/**
 * Says what keeps the version in `package.json` from being published, and fails if anything does. With `--entry` it prints
 * what the changelog says of that version.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import process from 'node:process';

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const [newestEntry = ''] = readFileSync('CHANGELOG.md', 'utf8').split(/^## /m).slice(1);

/** @returns {string[]} */
function findProblems() {
  const problems = [];
  const changed = execFileSync('git', ['status', '--porcelain'], { encoding: 'utf8' }).trim();
  if (changed !== '') problems.push(`The working tree has changes that are not committed:\n${changed}`);

  const waiting = readdirSync('.changeset').filter((file) => file.endsWith('.md') && file !== 'README.md');
  if (waiting.length > 0) {
    problems.push(`Changesets wait for \`npx changeset version\`: ${waiting.join(', ')}.`);
  }

  const [entryOf = ''] = newestEntry.split('\n');
  if (entryOf !== version) {
    problems.push(`The first entry of CHANGELOG.md is "${entryOf}", and package.json has ${version}.`);
  }

  const { newest } = JSON.parse(readFileSync('docs/.vitepress/versions.json', 'utf8'));
  const minor = version.split('.').slice(0, 2).join('.');
  if (newest !== minor)
    problems.push(`docs/.vitepress/versions.json has ${newest} as its newest version, not ${minor}.`);

  const { GITHUB_REF_TYPE: type, GITHUB_REF_NAME: tag } = process.env;
  if (type === 'tag' && tag !== `v${version}`) problems.push(`The tag is ${tag}, and package.json has ${version}.`);
  return problems;
}

if (process.argv.includes('--entry')) {
  process.stdout.write(`${newestEntry.slice(newestEntry.indexOf('\n')).trim()}\n`);
} else {
  const problems = findProblems();
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  if (problems.length === 0) process.stdout.write(`${version} can be published.\n`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
