import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import type { Results } from '../../bench/results.js';

const exec = promisify(execFile);

/** Runs the sources of the bench, with a sample that says nothing but that it runs. */
async function runBench(...args: readonly string[]) {
  const register = ['--import', './test/support/shared-modules/register.js'];
  const sample = ['--nodes', 'current', '--rounds', '1', '--requests', '2'];
  return await exec(process.execPath, [...register, 'bench/main.ts', ...args, ...sample]).catch(
    (error: { stderr: string; code: number }) => error,
  );
}

test('the bench measures, keeps what it measures, and fails where a ratio has fallen', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  try {
    const better = { 'warm against plain fetch': 1_000_000 };
    const table = { name: 'downstream', title: '', rows: [], ratios: better, measured: '' };
    const file = join(folder, 'results.json');
    await writeFile(file, JSON.stringify({ machine: '', tables: [table] }));
    const failure = await runBench('downstream-calls', '--check', '--save', '--folder', folder);
    expect(failure).toMatchObject({ code: 1 });
    expect(failure.stderr).toContain('downstream, warm against plain fetch');
    const { tables } = JSON.parse(await readFile(file, 'utf8')) as Results;
    expect(tables).toMatchObject([{ name: 'downstream', ratios: { 'warm against plain fetch': expect.any(Number) } }]);
    expect(await readFile(join(folder, 'RESULTS.md'), 'utf8')).toContain('`DownstreamClient`, warm');
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('the bench measures nothing if a section is unknown', async () => {
  const failure = await runBench('serving', 'speed');
  expect(failure).toMatchObject({ code: 1, stdout: '' });
  expect(failure.stderr).toContain('There is no section speed');
});
