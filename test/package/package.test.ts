import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, posix } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { ENVIRONMENT_OF_A_PROJECT, installNode, installPackages } from '../support/node-release.js';
import { pack } from './tarball.js';

const exec = promisify(execFile);
const root = process.cwd();
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<
  'scripts' | 'dependencies' | 'devDependencies',
  Record<string, string>
>;
const bin = (name: string) => join(root, 'node_modules/.bin', name);

jest.setTimeout(900_000);

/** The releases that are supported, besides the oldest one, on which the other tests run. */
const NODES = ['22.23.3', '24.21.0', '26.12.1'];

const env = ENVIRONMENT_OF_A_PROJECT;

let folder: string;
let tarball: string;
let files: readonly string[];
let installed: Promise<Map<string, string>> | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nestjs-mcp-auth-'));
  ({ path: tarball, files } = await pack(folder));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the packed tarball', () => {
  test('has the code, its types and the documents, and nothing else', () => {
    expect(files).toEqual(
      expect.arrayContaining(['LICENSE', 'README.md', 'package.json', 'dist/index.js', 'dist/index.d.ts']),
    );
    expect(files).toEqual(expect.arrayContaining(['dist/dialects.js', 'dist/dialects.d.ts']));
    expect(files).toEqual(
      expect.arrayContaining(['dist/testing/index.js', 'dist/testing/index.d.ts', 'dist/testing/jest.js']),
    );
    expect(
      files.filter(
        (file) =>
          !/^(dist\/.+\.(c?js|d\.c?ts|c?js\.map)|dist\/schematics\/.+\.json|docs\/(?!\.vitepress\/|reference\/api\/).+|sample\/.+|test\/clients\/installed\/python_client\.py|LICENSE|\w+\.md|package\.json)$/.test(
            file,
          ),
      ),
    ).toEqual([]);
  });

  test('has what its documents link to', () => {
    const links = files
      .filter((file) => file.endsWith('.md'))
      .flatMap((file) =>
        linksIn(readFileSync(join(root, file), 'utf8')).map((link) => posix.join(dirname(file), link)),
      );
    expect(links.filter((link) => !files.some((file) => file === link || file.startsWith(`${link}/`)))).toEqual([]);
  });

  test('says where it comes from, and where to report', () => {
    expect(manifest).toMatchObject({
      repository: { type: 'git', url: expect.stringMatching(/^git\+https:/) as unknown },
      homepage: expect.stringMatching(/^https:/) as unknown,
      bugs: { url: expect.stringMatching(/^https:/) as unknown },
    });
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
    await expectToRun(await application(major));
  });

  test.each(NODES)('runs on Node %s', async (version) => {
    const nodes = await (installed ??= installNode(await mkdtemp(join(folder, 'nodes-')), NODES));
    await expectToRun(await application('12'), nodes.get(version));
  });
});

/** Files that a document links to, without the place in them. */
function linksIn(text: string): string[] {
  return [...text.matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)].map(([, link]) => link ?? '');
}

/** Applications that have installed the tarball and are compiled, by the major of Nest. */
const applications = new Map<string, Promise<string>>();

async function application(major: string): Promise<string> {
  const made = applications.get(major) ?? makeApplication(major);
  applications.set(major, made);
  return await made;
}

async function makeApplication(major: string): Promise<string> {
  const project = join(folder, `nest-${major}`);
  await cp(join(root, 'test/package/consumer'), project, { recursive: true });
  const nest = `^${major}.0.0`;
  const ofDevelopment = [
    '@modelcontextprotocol/client',
    '@types/node',
    'class-transformer',
    'class-validator',
    'class-validator-jsonschema',
    'reflect-metadata',
    'rxjs',
  ];
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
        ...Object.fromEntries(ofDevelopment.map((name) => [name, manifest.devDependencies[name]])),
        ...Object.fromEntries(['jose', 'zod'].map((name) => [name, manifest.dependencies[name]])),
      },
    }),
  );
  await installPackages(project);
  await exec(bin('tsc'), ['-p', '.'], { cwd: project, env }).catch((error: unknown) => {
    throw new Error((error as { stdout: string }).stdout);
  });
  return project;
}

/** What the application prints, in processes of one release of Node. */
async function expectToRun(project: string, node = process.execPath): Promise<void> {
  const path = `${dirname(node)}${delimiter}${process.env.PATH ?? ''}`;
  const run = async (...args: string[]) => {
    const { stdout } = await exec(node, args, { cwd: project, env: { ...env, PATH: path } });
    return stdout;
  };
  const stdout = await run('dist/main.js');
  const [refused, answered] = stdout.split(/\n(?=\d|doctor)/);
  expect(refused).toMatch(
    /^401 Bearer scope="greet", resource_metadata="http.*\/\.well-known\/oauth-protected-resource\/mcp"$/,
  );
  expect(answered).toMatch(/^200 [^]*Hello, Ada/);
  expect(await run('node_modules/.bin/nestjs-mcp-auth', '--help')).toMatch(/^Usage:\n {2}nestjs-mcp-auth doctor <url>/);
  expect(stdout).toContain(
    'doctor, from the outside: info client_registration_not_advertised, info scopes_not_advertised\n',
  );
  expect(stdout).toContain('doctor, of the options: info client_registration_not_advertised\n');
  for (const platform of ['express', 'fastify']) {
    expect(await run('dist/whole.js', platform)).toBe(`${platform} modern: all of it\n${platform} legacy: all of it\n`);
  }
  expect(await run('dist/kit.js')).toMatch(
    /^Hello, Ada\nThe server refused the request: 403 Bearer insufficient_scope, asking for greet .+\n\{ pass: true,/,
  );
}
