import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, posix } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import ts from 'typescript';
import { repository } from '../../docs/.vitepress/site.js';
import { ENVIRONMENT_OF_A_PROJECT, installNode, installPackages } from '../support/node-release.js';
import { NODE_MAJORS, NODES, nodesOf, ROWS, RUNS_ALL, type NodeMajor } from './matrix.js';
import { pack } from './tarball.js';

const exec = promisify(execFile);
const root = process.cwd();
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<
  'scripts' | 'dependencies' | 'devDependencies' | 'bin',
  Record<string, string>
> & { readonly exports: Record<string, string | { readonly default: string }> };
const bin = (name: string) => join(root, 'node_modules/.bin', name);

jest.setTimeout(900_000);

const env = ENVIRONMENT_OF_A_PROJECT;

let folder: string;
let tarball: string;
let files: readonly string[];
let installed: Promise<Map<string, string>> | undefined;

const THIS_NODE = Number(process.versions.node.split('.')[0]);

/** A release of Node. The one that runs this is not installed again. */
async function nodeOf(major: NodeMajor): Promise<string | undefined> {
  if (major === THIS_NODE) return process.execPath;
  const others = NODE_MAJORS.filter((one) => one !== THIS_NODE).map((one) => NODES[one]);
  installed ??= mkdtemp(join(folder, 'nodes-')).then((path) => installNode(path, others));
  return (await installed).get(NODES[major]);
}

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

  test('has no module that nothing loads, and few that an application loads', () => {
    const { schematics } = JSON.parse(readFileSync(join(root, 'dist/schematics/collection.json'), 'utf8')) as {
      schematics: Record<string, { factory: string }>;
    };
    const started = [
      ...Object.values(manifest.exports).flatMap((entry) => (typeof entry === 'string' ? [] : entry.default)),
      ...Object.values(manifest.bin),
      ...Object.values(schematics).map(({ factory }) => join('dist/schematics', factory.split('#')[0] ?? '')),
    ].filter((file) => file.endsWith('.js'));
    const modules = files.filter((file) => /^dist\/(?!commonjs\/|modules\/).+\.js$/.test(file));

    expect([...modulesOf(started)].sort()).toEqual(modules.sort());
    expect(modulesOf(['dist/index.js']).size).toBeLessThan(15);
  });

  test('loads the parser of YAML when there is a document in YAML', async () => {
    const code = `import 'nestjs-mcp-auth';
      import { createRequire } from 'node:module';
      console.log(Object.keys(createRequire(import.meta.url).cache).join());`;
    const { stdout } = await exec(process.execPath, ['--input-type=module', '--eval', code], { cwd: root, env });

    expect(stdout).toContain(join('node_modules', 'passport', 'lib'));
    expect(stdout).not.toContain(join('node_modules', 'yaml'));
  });

  test('has what its documents link to', () => {
    const links = files
      .filter((file) => file.endsWith('.md'))
      .flatMap((file) =>
        linksIn(readFileSync(join(root, file), 'utf8')).map((link) => posix.join(dirname(file), link)),
      );
    expect(links.length).toBeGreaterThan(300);
    expect(links.filter((link) => !files.some((file) => file === link || file.startsWith(`${link}/`)))).toEqual([]);
  });

  test('links to files of the repository that there are', () => {
    const paths = files
      .filter((file) => file.endsWith('.md'))
      .flatMap((file) => readFileSync(join(root, file), 'utf8').split(`${repository}/`).slice(1))
      .flatMap((after) => /^(?:blob|tree)\/main\/([^)#\s"]+)/.exec(after)?.[1] ?? []);
    expect(paths).not.toEqual([]);
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  test('says where it comes from, and where to report', () => {
    expect(manifest).toMatchObject({
      repository: { type: 'git', url: `git+${repository}.git` },
      homepage: `${repository}#readme`,
      bugs: { url: `${repository}/issues` },
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

  const cells = ROWS.filter(({ runner }) => runner === 'none').flatMap((row) =>
    nodesOf(row).map((major) => [row.nest, major] as const),
  );

  test.each(cells)(
    'installs, compiles, boots and answers in an application of Nest %s, on Node %s',
    async (nest, major) => {
      await expectToRun(await application(nest), await nodeOf(major));
    },
  );
});

/** Package managers with which `npm run test:projects` installs the package: no module is found that its importer does not name. */
const PACKAGE_MANAGERS = {
  'pnpm, strict': {
    tool: 'pnpm@10.34.8',
    script: 'pnpm/bin/pnpm.cjs',
    settings: { '.npmrc': 'hoist=false\nignore-scripts=true\nstore-dir=store\n' },
    run: [],
  },
  "yarn, Plug'n'Play": {
    tool: '@yarnpkg/cli-dist@4.18.1',
    script: '@yarnpkg/cli-dist/bin/yarn.js',
    settings: {
      '.yarnrc.yml':
        'nodeLinker: pnp\npnpMode: strict\nenableScripts: false\nenableTelemetry: false\nenableImmutableInstalls: false\nglobalFolder: ./global\n',
      'yarn.lock': '',
    },
    run: ['node'],
  },
};

if (RUNS_ALL) {
  test.each(Object.keys(PACKAGE_MANAGERS) as (keyof typeof PACKAGE_MANAGERS)[])(
    'runs as %s installs it',
    async (name) => {
      const { tool, script, settings, run } = PACKAGE_MANAGERS[name];
      const built = await application(12);
      const tools = await mkdtemp(join(folder, 'tools-'));
      await writeFile(join(tools, 'package.json'), '{"private":true}');
      await installPackages(tools, [tool]);
      const project = await mkdtemp(join(folder, 'managed-'));
      for (const file of ['package.json', 'dist'])
        await cp(join(built, file), join(project, file), { recursive: true });
      for (const [file, text] of Object.entries(settings)) await writeFile(join(project, file), text);
      const manager = join(tools, 'node_modules', script);
      const start = async (...args: string[]) => await exec(process.execPath, args, { cwd: project, env });
      await start(manager, 'install').catch((error: unknown) => {
        throw new Error((error as { stdout: string }).stdout, { cause: error });
      });
      for (const platform of ['express', 'fastify']) {
        const { stdout } = await start(...(run.length > 0 ? [manager, ...run] : []), 'dist/whole.js', platform);
        expect(stdout).toBe(`${platform} modern: all of it\n${platform} legacy: all of it\n`);
      }
    },
  );
}

/** Files that a document links to or shows, without the place in them: in Markdown and in HTML. */
function linksIn(text: string): string[] {
  const shown = text.replaceAll(/^ *(`{3,}).*?^ *\1$/gms, '').replaceAll(/(`+)[^`]+?\1/g, '');
  return [...shown.matchAll(/(?:\]\(|^\[[^\]]+\]: |\b(?:href|src|srcset)=")(?![a-z]+:|#)([^)#\s"]+)/gm)].map(
    ([, link]) => link ?? '',
  );
}

/** These modules and those of the package that they import, by their paths. */
function modulesOf(paths: readonly string[], found = new Set<string>()): Set<string> {
  for (const path of paths.map((one) => posix.normalize(one)).filter((one) => !found.has(one))) {
    found.add(path);
    const { importedFiles } = ts.preProcessFile(readFileSync(join(root, path), 'utf8'));
    const own = importedFiles.map(({ fileName }) => fileName).filter((name) => name.startsWith('.'));
    modulesOf(
      own.map((name) => posix.join(dirname(path), name)),
      found,
    );
  }
  return found;
}

/** Applications that have installed the tarball and are compiled, by the major of Nest. */
const applications = new Map<number, Promise<string>>();

async function application(major: number): Promise<string> {
  const made = applications.get(major) ?? makeApplication(major);
  applications.set(major, made);
  return await made;
}

async function makeApplication(major: number): Promise<string> {
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
async function expectToRun(project: string, node: string | undefined = process.execPath): Promise<void> {
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
  const fault = `import { providers } from 'nestjs-mcp-auth'; try { providers.keycloak({}) } catch ({ stack }) { console.log(stack) }`;
  expect(await run('--enable-source-maps', '--input-type=module', '--eval', fault)).toMatch(
    / at \w*\.?keycloak \(.*\/lib\/resource-server\/providers\/keycloak\.ts:\d+:\d+\)/,
  );
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
