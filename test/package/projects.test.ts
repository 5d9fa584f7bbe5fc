import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { examplesIn } from '../docs/documents.js';
import { ENVIRONMENT_OF_A_PROJECT, installNode } from '../support/node-release.js';
import { NODE_MAJORS, NODES, nodesOf, ROWS, RUNS_ALL, type NodeMajor, type Row, type Runner } from './matrix.js';
import { Projects } from './project.js';
import { pack } from './tarball.js';

const exec = promisify(execFile);
jest.setTimeout(900_000);

const DOCUMENT = 'docs/guides/testing.md';

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

interface Project {
  /** Fields of `package.json`. */
  readonly manifest: object;
  readonly typescript: object;
  /** Other files, by their names. */
  readonly files?: Record<string, string>;
  /** What runs the tests. */
  readonly command: readonly string[];
  /** Whether the runner runs what the compiler made. */
  readonly isCompiled?: boolean;
  /** The first example of the document, for this runner. */
  readonly adapt?: (spec: string) => string;
  /** What the runner says when all tests of both platforms have passed. */
  readonly passed: RegExp;
}

const JEST = '../node_modules/jest/bin/jest.js';
const PASSED = /Tests:? +8 passed/;

const withPreset = (transform: object) => ({
  jest: { ...JEST_OF_NEST_NEW, transform, ...(readSetUp('commonjs') as object) },
});
const MATCHERS = "import { matchers } from 'nestjs-mcp-auth/testing';\n\nexpect.extend(matchers);";
const adaptMatchers = (spec: string, lines: string) =>
  spec.replace(/^import 'nestjs-mcp-auth\/testing\/jest';.*$/m, lines);

const NODE_TEST: Omit<Project, 'manifest'> = {
  typescript: { module: 'nodenext', isolatedModules: true },
  isCompiled: true,
  command: ['--test', '--test-reporter=tap', 'dist/orders.express.spec.js', 'dist/orders.fastify.spec.js'],
  adapt: (spec) =>
    adaptMatchers(spec, `import type {} from 'nestjs-mcp-auth/testing/jest';\n${MATCHERS}`).replace(
      "import { afterAll, beforeAll, expect, test } from '@jest/globals';",
      "import { after as afterAll, before as beforeAll, test } from 'node:test';\nimport { expect } from 'expect';",
    ),
  passed: /# pass 8\n# fail 0\n/,
};

/** Projects by the modules that they are of, and what runs their tests. */
const PROJECTS: Record<Row['modules'], Partial<Record<Runner, Project>>> = {
  CommonJS: {
    'jest, ts-jest': {
      manifest: withPreset({ '^.+\\.(t|j)s$': 'ts-jest' }),
      typescript: { module: 'nodenext', moduleResolution: 'nodenext' },
      command: [JEST],
      passed: PASSED,
    },
    'jest, @swc/jest': {
      manifest: withPreset({ '^.+\\.(t|j)s$': '@swc/jest' }),
      typescript: { module: 'nodenext' },
      files: { '.swcrc': JSON.stringify(readSetUp('swc')) },
      command: [JEST],
      passed: PASSED,
    },
    'node:test': { ...NODE_TEST, manifest: {} },
  },
  'ES modules': {
    'jest, ts-jest': {
      manifest: { type: 'module', jest: readSetUp('esm') },
      typescript: { module: 'nodenext', isolatedModules: true },
      command: ['--experimental-vm-modules', JEST],
      passed: PASSED,
    },
    vitest: {
      manifest: { type: 'module' },
      typescript: { module: 'nodenext', isolatedModules: true },
      command: ['../node_modules/vitest/vitest.mjs', 'run'],
      adapt: (spec) => adaptMatchers(spec.replace("'@jest/globals'", "'vitest'"), MATCHERS),
      passed: PASSED,
    },
    'node:test': { ...NODE_TEST, manifest: { type: 'module' } },
  },
};

const THIS_NODE = Number(process.versions.node.split('.')[0]);

let folder: string;
let projects: Projects;
let nodes: Map<string, string>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nestjs-mcp-auth-'));
  projects = new Projects(folder, (await pack(folder)).path);
  const others = NODE_MAJORS.filter((major) => major !== THIS_NODE).map((major) => NODES[major]);
  nodes = RUNS_ALL ? await installNode(await mkdtemp(join(folder, 'nodes-')), others) : new Map();
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const rows = ROWS.filter((row) => row.runner !== 'none' && nodesOf(row).length > 0);

describe.each(rows.map((row) => [`Nest ${row.nest}, ${row.modules}, ${row.runner}`, row] as const))('%s', (_, row) => {
  const project = PROJECTS[row.modules][row.runner] as Project;
  let path: string;

  beforeAll(async () => {
    path = await makeProject(row, project);
  });

  test.each(nodesOf(row))('passes its tests on Express and Fastify, on Node %s', async (major) => {
    await expectToPass(path, project, major);
  });
});

test('Nest 11, CommonJS with the default module resolution, ts-jest', async () => {
  const row = { nest: 11, modules: 'CommonJS' } as const;
  const project = PROJECTS.CommonJS['jest, ts-jest'] as Project;
  const typescript = { module: 'commonjs', target: 'es2021' };
  await expectToPass(await makeProject(row, { ...project, typescript }), project);
});

/** Runs the tests of a project, on a release of Node or on the one that runs this. */
async function expectToPass(path: string, project: Project, major?: NodeMajor): Promise<void> {
  const node = (major === undefined ? undefined : nodes.get(NODES[major])) ?? process.execPath;
  const env = {
    ...ENVIRONMENT_OF_A_PROJECT,
    PATH: `${dirname(node)}:${process.env.PATH ?? ''}`,
    CI: '1',
    NO_COLOR: '1',
  };
  const { stdout, stderr } = await exec(node, [...project.command], { cwd: path, env }).catch(
    (error: unknown) => error as { stdout: string; stderr: string },
  );
  expect(`${stdout}${stderr}`).toMatch(project.passed);
}

async function makeProject(row: Pick<Row, 'nest' | 'modules'>, project: Project): Promise<string> {
  const spec = project.adapt?.(SPEC) ?? SPEC;
  const path = await projects.write({
    nest: row.nest,
    modules: row.modules,
    manifest: project.manifest,
    typescript: project.typescript,
    files: project.files,
    sources: { 'orders.express.spec.ts': spec, 'orders.fastify.spec.ts': onFastify(spec) },
  });
  if (project.isCompiled) {
    await exec(process.execPath, ['../node_modules/typescript/bin/tsc'], { cwd: path }).catch((error: unknown) => {
      throw new Error((error as { stdout: string }).stdout);
    });
  }
  return path;
}

/** The same tests, on the other platform. */
function onFastify(spec: string): string {
  const adapted = spec
    .replace('createNestApplication()', 'createNestApplication(new FastifyAdapter())')
    .replace(
      "from '@nestjs/testing';",
      "from '@nestjs/testing';\nimport { FastifyAdapter } from '@nestjs/platform-fastify';",
    );
  expect(adapted.match(/FastifyAdapter/g)).toHaveLength(2);
  return adapted;
}
