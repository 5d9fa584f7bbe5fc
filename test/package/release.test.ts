import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';

const exec = promisify(execFile);
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
  version: string;
  scripts: Record<string, string>;
  publishConfig: object;
};
const changelog = readFileSync('CHANGELOG.md', 'utf8');

/** What the check looks at. */
const FILES = ['package.json', 'CHANGELOG.md', '.changeset/config.json', 'docs/.vitepress/versions.json'];

describe('the check before a release', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nestjs-mcp-auth-'));
    for (const file of FILES) await cp(file, join(folder, file), { recursive: true });
    await git('init', '--quiet');
    await commit();
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const git = async (...args: string[]) => await exec('git', args, { cwd: folder });
  const commit = async () => {
    await git('add', '--all');
    const author = ['-c', 'user.name=a', '-c', 'user.email=a@acme.example', '-c', 'commit.gpgsign=false'];
    await git(...author, 'commit', '--quiet', '--no-verify', '--message', 'x');
  };
  const write = async (file: string, text: string) => {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), text);
  };
  const check = async (variables: Record<string, string> = {}) => {
    const { GITHUB_REF_TYPE: _type, GITHUB_REF_NAME: _name, ...env } = process.env;
    const script = resolve('release/check.js');
    return await exec(process.execPath, [script], { cwd: folder, env: { ...env, ...variables } }).then(
      ({ stdout }) => stdout,
      (error: unknown) => (error as { stderr: string }).stderr,
    );
  };

  test('lets a release go', async () => {
    expect(await check()).toBe(`${manifest.version} can be published.\n`);
    const tag = { GITHUB_REF_TYPE: 'tag', GITHUB_REF_NAME: `v${manifest.version}` };
    expect(await check(tag)).toBe(`${manifest.version} can be published.\n`);
  });

  test.each(['a new file', 'package.json'])('refuses a working tree with changes: %s', async (file) => {
    await write(file, `${file === 'package.json' ? await readFile(join(folder, file), 'utf8') : ''}\n`);
    expect(await check()).toMatch(/^The working tree has changes that are not committed:\n.+\n$/);
  });

  test('refuses changesets that wait', async () => {
    await write('.changeset/README.md', 'x');
    await write('.changeset/nice-words.md', 'x');
    await commit();
    expect(await check()).toBe('Changesets wait for `npx changeset version`: nice-words.md.\n');
  });

  test.each([
    ['a changelog without the version', 'CHANGELOG.md', '## 0.0.9\n', 'The first entry of CHANGELOG.md is "0.0.9"'],
    ['an empty changelog', 'CHANGELOG.md', '', 'The first entry of CHANGELOG.md is ""'],
    ['a site of another version', 'docs/.vitepress/versions.json', '{"newest":"9.9"}', 'has 9.9 as its newest version'],
  ])('refuses %s', async (_, file, text, complaint) => {
    await write(file, text);
    await commit();
    expect(await check()).toContain(complaint);
  });

  test('refuses a tag that is another version', async () => {
    const tag = { GITHUB_REF_TYPE: 'tag', GITHUB_REF_NAME: 'v9.9.9' };
    expect(await check(tag)).toBe(`The tag is v9.9.9, and package.json has ${manifest.version}.\n`);
  });

  test('prints the entry of the version, for the release on GitHub', async () => {
    const { stdout } = await exec(process.execPath, ['release/check.js', '--entry']);
    expect(stdout.length).toBeGreaterThan(200);
    expect(stdout).not.toMatch(/^## /m);
    expect(changelog).toContain(stdout.trim());
  });
});

test('the changelog has one entry for each version, and the newest first', () => {
  const versions = [...changelog.matchAll(/^## (.*)$/gm)].map(([, version]) => version);
  expect(versions[0]).toBe(manifest.version);
  expect(new Set(versions).size).toBe(versions.length);
});

test('publishing checks first, and says where the package comes from', () => {
  expect(manifest.scripts).toMatchObject({
    prepublishOnly: 'node release/check.js',
    'release:publish': expect.stringContaining('npm publish --provenance') as unknown,
  });
  expect(manifest.scripts.release).toMatch(/^npm run release:check && npm test && .* && npm run release:publish$/);
  expect(manifest.publishConfig).toEqual({ access: 'public', provenance: true });
});

describe('the workflow of a release', () => {
  interface Job {
    permissions: Record<string, string>;
    steps: { uses?: string; run?: string; with?: Record<string, unknown> }[];
  }
  const file = '.github/workflows/release.yml';
  const workflow = parse(readFileSync(file, 'utf8')) as {
    on: object;
    permissions: object;
    jobs: Record<'publish' | 'announce', Job>;
  };
  const { publish, announce } = workflow.jobs;

  test('runs for a tag alone, and has no more rights than it needs', () => {
    expect(Object.keys(workflow.on)).toEqual(['push']);
    expect(workflow.permissions).toEqual({});
    expect(publish.permissions).toEqual({ contents: 'read', 'id-token': 'write' });
    expect(announce.permissions).toEqual({ contents: 'write' });
    expect(readFileSync(file, 'utf8')).not.toMatch(/secrets\.|NPM_TOKEN|NODE_AUTH_TOKEN/);
  });

  test('publishes last, after all checks', () => {
    expect(publish.steps.flatMap(({ run }) => run ?? [])).toEqual([
      'node release/check.js',
      '.ci/run',
      'npm run test:projects',
      'npm run release:publish',
    ]);
  });

  test('takes each action by its commit', () => {
    const uses = [...publish.steps, ...announce.steps].flatMap((step) => step.uses ?? []);
    expect(uses).not.toEqual([]);
    expect(uses.filter((one) => !/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/.test(one))).toEqual([]);
  });

  test('runs scripts that there are', () => {
    const names = [...publish.steps, ...announce.steps].flatMap(({ run = '' }) => {
      const [, name] = /^npm run (\S+)/.exec(run) ?? [];
      return name ?? [];
    });
    expect(names.filter((name) => manifest.scripts[name] === undefined)).toEqual([]);
  });
});
