import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

const exec = promisify(execFile);

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
const versions = JSON.parse(readFileSync('docs/.vitepress/versions.json', 'utf8')) as {
  newest: string;
  older: string[];
};

/** Where a build of the site is, its menu of versions, and where a link to a sample leads. */
async function readSite(variables: Record<string, string>) {
  const { DOCS_VERSION: _version, DOCS_TAG: _tag, ...env } = process.env;
  const script = `
    const { base, ref } = await import('./docs/.vitepress/site.ts');
    const { versionMenu } = await import('./docs/.vitepress/versions.ts');
    console.log(JSON.stringify({ base, ref, menu: versionMenu() }));`;
  const register = ['--import', './test/support/shared-modules/register.js', '--disable-warning=ExperimentalWarning'];
  const args = [...register, '--input-type=module', '--eval', script];
  const { stdout } = await exec(process.execPath, args, { env: { ...env, ...variables } });
  return JSON.parse(stdout) as { base: string; ref: string; menu: { text: string; items: { link: string }[] } };
}

test('the newest version of the site is that of the package', () => {
  expect(versions.newest).toBe(version.split('.').slice(0, 2).join('.'));
  expect(versions.older).not.toContain(`v${versions.newest}`);
});

test('the newest version is at the root, and links to main', async () => {
  const { base, ref, menu } = await readSite({});
  expect({ base, ref, text: menu.text }).toEqual({
    base: '/nestjs-mcp-auth/',
    ref: 'main',
    text: `v${versions.newest}`,
  });
});

test('an older version is in its folder, says which one it is, and links to its tag and to the newest', async () => {
  const { base, ref, menu } = await readSite({ DOCS_VERSION: 'v0.0', DOCS_TAG: 'v0.0.7' });
  expect({ base, ref, text: menu.text }).toEqual({ base: '/nestjs-mcp-auth/v0.0/', ref: 'v0.0.7', text: 'v0.0' });
  expect(menu.items[0]?.link).toBe('https://nestjs-mcp-auth.github.io/nestjs-mcp-auth/');
});
