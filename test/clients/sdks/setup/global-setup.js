import process from 'node:process';
import { run } from '../../installed/setup/run.js';
import { buildProgram } from './page-program.js';

/** The page, where tests find how its program is started, and what builds it. */
const PROGRAMS = [
  ['go', 'CLIENT_SDK_GO', [['go', 'version']]],
  ['rust', 'CLIENT_SDK_RUST', [['cargo', '--version']]],
];

/** Builds the programs of the pages, or says for which there are no tools; tests are skipped then, unless REQUIRE_CLIENTS is set. */
export default async function setUp() {
  for (const [page, variable, tools] of PROGRAMS) {
    const missing = await firstMissing(tools);
    if (missing === undefined) process.env[variable] = JSON.stringify(await buildProgram(page));
    else if (process.env.REQUIRE_CLIENTS !== undefined) throw new Error(`There is no ${missing} on PATH`);
    else process.stdout.write(`\nNOT TESTED: docs/clients/${page}.md, because there is no ${missing} on PATH.\n\n`);
  }
}

async function firstMissing(tools) {
  for (const [command, ...args] of tools) {
    if ((await run(command, args)).status !== 0) return command;
  }
  return undefined;
}
