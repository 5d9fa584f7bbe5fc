import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { examplesIn } from '../docs/documents.js';
import { RUNS_ALL, TYPESCRIPT_ROWS, TYPESCRIPTS } from './matrix.js';
import { Projects } from './project.js';
import { pack } from './tarball.js';

const exec = promisify(execFile);
jest.setTimeout(900_000);

const [{ code: SPEC } = { code: '' }] = examplesIn(['docs/guides/testing.md']);

/** It takes long: `npm run test:projects` has it all, and the tests of projects have two of these rows. */
const rows = RUNS_ALL ? TYPESCRIPT_ROWS : TYPESCRIPT_ROWS.filter(({ takenBy }) => takenBy.length === 0);
const cells = rows.flatMap((row) =>
  (RUNS_ALL ? TYPESCRIPTS : TYPESCRIPTS.slice(0, 1)).map(
    (version) => [version, row.modules, JSON.stringify(row.settings), row] as const,
  ),
);

/** The project has one of them installed, and the repository has the other one. */
const COMPILERS: Record<(typeof TYPESCRIPTS)[number], (project: string) => string> = {
  '5.9': (project) => join(project, '../node_modules/typescript/bin/tsc'),
  '6.0': () => join(process.cwd(), 'node_modules/typescript/bin/tsc'),
};

let folder: string;
let projects: Projects;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nestjs-mcp-auth-'));
  projects = new Projects(folder, (await pack(folder)).path);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test.each(cells)('what TypeScript %s says in %s with %s', async (version, modules, _, { settings, takenBy }) => {
  const path = await projects.write({
    nest: 11,
    modules,
    manifest: modules === 'CommonJS' ? {} : { type: 'module' },
    typescript: { ...settings, noEmit: true },
    sources: { 'orders.spec.ts': SPEC },
  });
  const compiler = COMPILERS[version](path);
  expect((await exec(process.execPath, [compiler, '--version'])).stdout).toContain(` ${version}.`);
  const { stdout } = await exec(process.execPath, [compiler, '-p', '.'], { cwd: path }).catch(
    (error: unknown) => error as { stdout: string },
  );
  if (takenBy.includes(version)) expect(stdout).toBe('');
  else expect(stdout).toContain('TS1479');
});
