import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { URL } from 'node:url';
import { run } from '../../installed/setup/run.js';

const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'nestjs-mcp-auth', 'client-sdks');

/** A block that is a file has its path in the line above. */
const BLOCK = /(?:^`(?<path>[^`\n]+)`:\n+)?^```(?<language>\w+)\n(?<text>.*?)^```$/gms;

/**
 * The program of a page: the files of its first section, the commands that build it, and the line that runs it.
 *
 * @param {string} page
 * @returns {Promise<{ files: readonly [path: string, text: string][], build: string, run: readonly string[] }>}
 */
async function readProgram(page) {
  const text = await readFile(new URL(`../../../../docs/clients/${page}.md`, import.meta.url), 'utf8');
  const [, section = ''] = text.split(/^## /m);
  const blocks = [...section.matchAll(BLOCK)].map(({ groups }) => groups);
  const [build, start] = blocks.filter(({ path, language }) => path === undefined && language === 'sh');
  return {
    files: blocks.flatMap(({ path, text }) => (path === undefined ? [] : [[path, text]])),
    build: build.text,
    run: start.text.trim().split(' '),
  };
}

/**
 * Builds the program of a page, in a directory outside the repository. What was compiled there before is used again.
 *
 * @param {string} page
 * @returns {Promise<{ directory: string, command: readonly string[] }>} how it is started; the address of the server comes last
 */
export async function buildProgram(page) {
  const directory = join(CACHE, page);
  const program = await readProgram(page);
  await mkdir(directory, { recursive: true });
  for (const name of await readdir(directory)) {
    if (name !== 'target') await rm(join(directory, name), { recursive: true });
  }
  for (const [path, text] of program.files) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text);
  }
  const { status, output } = await run('bash', ['-euo', 'pipefail', '-c', program.build], { cwd: directory });
  if (status !== 0) throw new Error(`The program of docs/clients/${page}.md cannot be built:\n${output}`);
  return { directory, command: program.run.slice(0, -1) };
}
