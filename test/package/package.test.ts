import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';

const exec = promisify(execFile);
const root = process.cwd();
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<
  'scripts' | 'dependencies' | 'devDependencies',
  Record<string, string>
>;
const bin = (name: string) => join(root, 'node_modules/.bin', name);

jest.setTimeout(300_000);

/** npm hands its settings down to the scripts it runs; a project of its own has none of them. */
const env = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^npm_(config_(?!registry|cache)|package|lifecycle)|^NODE_OPTIONS$/i.test(name),
  ),
);

let folder: string;
let tarball: string;
let files: string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nestjs-mcp-auth-'));
  const { stdout } = await exec('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: root,
    env,
  });
  const [packed] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
  tarball = join(folder, packed.filename);
  files = packed.files.map(({ path }) => path);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the packed tarball', () => {
  test('has the code, its types and the documents, and nothing else', () => {
    expect(files).toEqual(
      expect.arrayContaining(['LICENSE', 'README.md', 'package.json', 'dist/index.js', 'dist/index.d.ts']),
    );
    expect(files).toEqual(
      expect.arrayContaining(['dist/testing/index.js', 'dist/testing/index.d.ts', 'dist/testing/jest.js']),
    );
    expect(
      files.filter(
        (file) => !/^(dist\/.+\.(js|d\.ts|js\.map)|LICENSE|README\.md|CHANGELOG\.md|package\.json)$/.test(file),
      ),
    ).toEqual([]);
  });

  test('runs no script when it is installed', () => {
    expect(Object.keys(manifest.scripts).filter((name) => /^(pre|post)?(install|prepare)$/.test(name))).toEqual([]);
  });

  test('has no fault that publint knows', async () => {
    const { stdout } = await exec(bin('publint'), ['--strict', tarball], { env });
    expect(stdout).toContain('All good');
  });

  test('has types that resolve, for ES modules', async () => {
    await expect(exec(bin('attw'), ['--profile', 'esm-only', tarball], { env })).resolves.toBeDefined();
  });

  test.each(['12', '11'])('installs, compiles, boots and answers in an application of Nest %s', async (major) => {
    const project = join(folder, `nest-${major}`);
    await cp(join(root, 'test/package/consumer'), project, { recursive: true });
    const nest = `^${major}.0.0`;
    await writeFile(
      join(project, 'package.json'),
      JSON.stringify({
        private: true,
        type: 'module',
        dependencies: {
          '@nestjs/common': nest,
          '@nestjs/core': nest,
          '@nestjs/platform-express': nest,
          '@nestjs/platform-fastify': nest,
          'nestjs-mcp-auth': `file:${tarball}`,
          ...Object.fromEntries(['reflect-metadata', 'rxjs'].map((name) => [name, manifest.devDependencies[name]])),
          ...Object.fromEntries(['jose', 'zod'].map((name) => [name, manifest.dependencies[name]])),
          ...Object.fromEntries(
            [
              '@modelcontextprotocol/client',
              '@types/node',
              'class-transformer',
              'class-validator',
              'class-validator-jsonschema',
            ].map((name) => [name, manifest.devDependencies[name]]),
          ),
        },
      }),
    );
    await exec('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline'], { cwd: project, env });
    await exec(bin('tsc'), ['-p', '.'], { cwd: project, env });
    const { stdout } = await exec(process.execPath, ['dist/main.js'], { cwd: project, env });
    const [refused, answered] = stdout.split(/\n(?=\d|doctor)/);
    expect(refused).toMatch(
      /^401 Bearer scope="greet", resource_metadata="http.*\/\.well-known\/oauth-protected-resource\/mcp"$/,
    );
    expect(answered).toMatch(/^200 [^]*Hello, Ada/);
    const usage = await exec(join(project, 'node_modules/.bin/nestjs-mcp-auth'), ['--help'], { cwd: project, env });
    expect(usage.stdout).toMatch(/^Usage:\n {2}nestjs-mcp-auth doctor <url>/);
    expect(stdout).toContain(
      'doctor, from the outside: info client_registration_not_advertised, info scopes_not_advertised\n',
    );
    expect(stdout).toContain('doctor, of the options: info client_registration_not_advertised\n');
    for (const platform of ['express', 'fastify']) {
      const whole = await exec(process.execPath, ['dist/whole.js', platform], { cwd: project, env });
      expect(whole.stdout).toBe(`${platform} modern: all of it\n${platform} legacy: all of it\n`);
    }
    const kit = await exec(process.execPath, ['dist/kit.js'], { cwd: project, env });
    expect(kit.stdout).toMatch(
      /^Hello, Ada\nThe server refused the request: 403 Bearer insufficient_scope, asking for greet .+\n\{ pass: true,/,
    );
  });
});
