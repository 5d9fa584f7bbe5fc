/** What this package costs, and what others do. {@link USAGE} says how to run it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { drawChart } from './chart.js';
import { FOLDER, readCommand, USAGE } from './command.js';
import { putTable, writeReport, writeTable } from './markdown.js';
import { addTables, findFallen, readResults, type Table } from './results.js';
import type { Effort } from './turns.js';

type Section = (effort: Effort) => Promise<readonly Table[]>;

/** Only what is measured is loaded. */
const sections: Record<string, () => Promise<Section>> = {
  serving: async () => (await import('./serving.js')).serving,
  lists: async () => (await import('./lists.js')).lists,
  sizes: async () => (await import('./sizes.js')).sizes,
  callers: async () => (await import('./callers.js')).callers,
  verifications: async () => (await import('./verifications.js')).verifications,
  'downstream-calls': async () => (await import('./downstream-calls.js')).downstreamCalls,
  'passing-bodies': async () => (await import('./passing-bodies.js')).passingBodies,
  boots: async () => (await import('./boots.js')).boots,
  listeners: async () => (await import('./listeners.js')).listeners,
  documents: async () => (await import('./documents.js')).documents,
  exchanges: async () => (await import('./exchanges.js')).exchanges,
  'cache-memory': async () => (await import('./cache-memory.js')).cacheMemory,
};

/** Name of the picture. */
const CHART = 'growth.svg';

/** The page of the documents that has one of the tables, too. */
const PAGE = 'docs/reference/performance.md';
/** That table. */
const SHOWN = 'serving on Node 24';

const command = readCommand(process.argv.slice(2));
const unknown = command.sections.filter((name) => !(name in sections));
if (unknown.length > 0)
  fail(`There is no section ${unknown.join(', ')}, but ${Object.keys(sections).join(', ')}.\n\n${USAGE}`);
const file = join(command.folder, 'results.json');
const kept = readResults(file);
if (command.check && !kept) fail(`There is nothing to compare with in ${file}. Run it with --save first.`);

const measured: Table[] = [];
for (const [name, load] of Object.entries(sections)) {
  if (command.sections.length > 0 && !command.sections.includes(name)) continue;
  const run = await load();
  for (const table of await run(command.effort)) {
    measured.push(table);
    console.log(`\n${table.title}\n\n${writeTable(table)}`);
  }
}

if (command.save) {
  const results = addTables(kept, measured, command.text);
  await saveText(file, JSON.stringify(results));
  const chart = drawChart(results);
  if (chart !== undefined) writeFileSync(join(command.folder, CHART), chart);
  await saveText(join(command.folder, 'RESULTS.md'), writeReport(results, chart === undefined ? undefined : CHART));
  const shown = results.tables.find(({ name }) => name === SHOWN);
  if (shown && command.folder === FOLDER) await saveText(PAGE, putTable(readFileSync(PAGE, 'utf8'), shown));
}
const fallen = command.check && kept ? findFallen(kept, measured) : [];
if (fallen.length > 0) fail(`More than a tenth was lost:\n- ${fallen.join('\n- ')}`);
process.exit();

/** Writes a file as `npm run format` wants it. */
async function saveText(file: string, text: string): Promise<void> {
  const prettier = await import('prettier');
  const config = await prettier.resolveConfig(file);
  writeFileSync(file, await prettier.format(text, { ...config, filepath: file }));
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
