import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { examplesIn } from '../docs/documents.js';
import { linkPackages } from '../support/linked-packages.js';
import { ENVIRONMENT_OF_A_PROJECT, installNode } from '../support/node-release.js';
import { pack } from './tarball.js';

const exec = promisify(execFile);
jest.setTimeout(900_000);

const DOCUMENT = 'docs/guides/testing.md';

/** Releases of Node besides the one that runs this. They take long: `npm run test:projects` has them. */
const NODES = process.env.ALL_NODES === undefined ? [] : ['22.23.3', '24.21.0'];

/** A set-up that `docs/guides/testing.md` shows, by the comment that stands before it. */
function readSetUp(name: string): unknown {
  const [, code] =
    new RegExp(`<!-- set-up: ${name} -->\\n+\`\`\`json\\n([^]*?)\`\`\``).exec(readFileSync(DOCUMENT, 'utf8')) ?? [];
  if (code === undefined) throw new Error(`${DOCUMENT} has no set-up ${name}`);
  return JSON.parse(code);
}

/** The tests that `docs/guides/testing.md` begins with. */
const [{ code: SPEC } = { code: '' }] = examplesIn([DOCUMENT]);

/** What `nest new` writes into `package.json` for jest. */
const JEST_OF_NEST_NEW = {
  moduleFileExtensions: ['js', 'json', 'ts'],
  rootDir: 'src',
  testRegex: String.raw`.*\.spec\.ts$`,
  collectCoverageFrom: ['**/*.(t|j)s'],
  coverageDirectory: '../coverage',
  testEnvironment: 'node',
};

/** What `nest new` writes into `tsconfig.json`, in part. */
const TYPESCRIPT_OF_NEST_NEW = {
  esModuleInterop: true,
  declaration: true,
  emitDecoratorMetadata: true,
  experimentalDecorators: true,
  target: 'ES2022',
  outDir: './dist',
  skipLibCheck: true,
  strict: true,
  strictPropertyInitialization: false,
  types: ['node'],
};

interface Project {
  readonly nest: keyof typeof RUNNERS;
  /** Fields of `package.json`. */
  readonly manifest: object;
  readonly typescript: object;
  /** Other files, by their names. */
  readonly files?: Record<string, string>;
  readonly isCommonJs?: boolean;
  /** What runs the tests. */
  readonly command: readonly string[];
  /** The first example of the document, for this runner. */
  readonly adapt?: (spec: string) => string;
}

const JEST = '../node_modules/jest/bin/jest.js';
const OF_ALL = { jest: '^30.0.0', 'ts-jest': '^29.4.0', '@jest/globals': '^30.0.0', typescript: '^5.9.0' };

/** Packages that run tests, by the major of Nest. */
const RUNNERS = {
  11: { ...OF_ALL, '@swc/core': '^1.15.0', '@swc/jest': '^0.2.39' },
  12: { ...OF_ALL, vitest: '^4.1.2' },
};
const withPreset = (transform: object) => ({
  jest: { ...JEST_OF_NEST_NEW, transform, ...(readSetUp('commonjs') as object) },
});

const PROJECTS: Record<string, Project> = {
  'Nest 11, CommonJS, ts-jest': {
    nest: 11,
    isCommonJs: true,
    manifest: withPreset({ '^.+\\.(t|j)s$': 'ts-jest' }),
    typescript: { module: 'nodenext', moduleResolution: 'nodenext' },
    command: [JEST],
  },
  'Nest 11, CommonJS with the default module resolution, ts-jest': {
    nest: 11,
    isCommonJs: true,
    manifest: withPreset({ '^.+\\.(t|j)s$': 'ts-jest' }),
    typescript: { module: 'commonjs', target: 'es2021' },
    command: [JEST],
  },
  'Nest 11, CommonJS, swc': {
    nest: 11,
    isCommonJs: true,
    manifest: withPreset({ '^.+\\.(t|j)s$': '@swc/jest' }),
    typescript: { module: 'nodenext' },
    files: { '.swcrc': JSON.stringify(readSetUp('swc')) },
    command: [JEST],
  },
  'Nest 12, ES modules, ts-jest': {
    nest: 12,
    manifest: { type: 'module', jest: readSetUp('esm') },
    typescript: { module: 'nodenext', isolatedModules: true },
    command: ['--experimental-vm-modules', JEST],
  },
  'Nest 12, ES modules, vitest': {
    nest: 12,
    manifest: { type: 'module' },
    typescript: { module: 'nodenext', isolatedModules: true },
    command: ['../node_modules/vitest/vitest.mjs', 'run'],
    adapt: (spec) =>
      spec
        .replace("'@jest/globals'", "'vitest'")
        .replace(
          /^import 'nestjs-mcp-auth\/testing\/jest';.*$/m,
          "import { matchers } from 'nestjs-mcp-auth/testing';\n\nexpect.extend(matchers);",
        ),
  },
};

let folder: string;
let tarball: string;
let nodes: Map<string, string>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nestjs-mcp-auth-'));
  tarball = (await pack(folder)).path;
  nodes = NODES.length === 0 ? new Map() : await installNode(await mkdtemp(join(folder, 'nodes-')), NODES);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each(Object.keys(PROJECTS))('%s', (name) => {
  const project = PROJECTS[name] as Project;
  let path: string;

  beforeAll(async () => {
    path = await makeProject(project);
  });

  test.each(['that runs this', ...NODES])('passes its tests on the Node %s', async (version) => {
    const node = nodes.get(version) ?? process.execPath;
    const env = {
      ...ENVIRONMENT_OF_A_PROJECT,
      PATH: `${dirname(node)}:${process.env.PATH ?? ''}`,
      CI: '1',
      NO_COLOR: '1',
    };
    const { stdout, stderr } = await exec(node, [...project.command], { cwd: path, env }).catch(
      (error: unknown) => error as { stdout: string; stderr: string },
    );
    expect(`${stdout}${stderr}`).toMatch(/Tests:? +4 passed/);
  });
});

async function makeProject(project: Project): Promise<string> {
  const path = await mkdtemp(join(await (installed.get(project.nest) ?? install(project.nest)), 'project-'));
  await cp('test/package/application', join(path, 'src'), { recursive: true });
  await writeFile(join(path, 'src/orders.spec.ts'), project.adapt?.(SPEC) ?? SPEC);
  if (project.isCommonJs) await leaveOutExtensions(join(path, 'src'));
  const compilerOptions = { ...TYPESCRIPT_OF_NEST_NEW, ...project.typescript };
  const files = {
    'package.json': JSON.stringify({ private: true, ...project.manifest }),
    'tsconfig.json': JSON.stringify({ compilerOptions, include: ['src'] }),
    ...project.files,
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(path, name), content);
  return path;
}

/** Folders in which the packages of a major of Nest are installed. Projects below them share these. */
const installed = new Map<number, Promise<string>>();

function install(nest: Project['nest']): Promise<string> {
  const path = installPackagesOf(nest);
  installed.set(nest, path);
  return path;
}

async function installPackagesOf(major: Project['nest']): Promise<string> {
  const path = await mkdtemp(join(folder, `nest-${major}-`));
  const { dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as Record<
    'dependencies' | 'devDependencies',
    Record<string, string>
  >;
  const nest = ['common', 'core', 'platform-express', 'testing'].map((one) => [`@nestjs/${one}`, `^${major}.0.0`]);
  const own = ['reflect-metadata', 'rxjs', '@modelcontextprotocol/client', '@types/node'];
  const packages = Object.entries({
    ...Object.fromEntries(nest),
    ...Object.fromEntries(own.map((name) => [name, devDependencies[name]])),
    zod: dependencies.zod,
    ...RUNNERS[major],
  });
  await linkPackages(
    path,
    packages.map(([name, range]) => `${name}@${range}`),
    tarball,
  );
  return path;
}

/** In CommonJS own files are imported without `.js`. */
async function leaveOutExtensions(path: string): Promise<void> {
  for (const name of await readdir(path)) {
    const file = join(path, name);
    await writeFile(file, (await readFile(file, 'utf8')).replaceAll(/'(\.\/[\w.]+)\.js'/g, "'$1'"));
  }
}
