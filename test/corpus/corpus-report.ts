import type { ExaminedDocument } from './examined-document.js';
import type { LoadedAlone } from './load-alone.js';

/** Operations that have to be offered. */
const MARK = 0.995;

/** Milliseconds that a document may take. */
const MAX_TIME = 60_000;

/** The report on the corpus, and whether all marks are kept. */
export interface CorpusReport {
  readonly text: string;
  readonly isWithinMarks: boolean;
}

/** Writes what became of the documents. */
export function reportCorpus(
  corpus: string,
  reports: readonly ExaminedDocument[],
  sample: ReadonlySet<string>,
  big: readonly LoadedAlone[],
): CorpusReport {
  const all = sum(reports);
  const slowest = [...reports].sort((one, other) => other.milliseconds - one.milliseconds).slice(0, 5);
  const largest = [...reports].sort((one, other) => other.largest - one.largest).slice(0, 5);
  const faults = [...all.badNames, ...all.badKeys, ...all.steering, ...all.refusedSchemas, ...all.thrown];
  const share = all.offered / (all.offered + all.leftOut);
  const text = [
    `## All documents of \`${corpus}\``,
    table(
      ['', 'All documents', `Sample of the peers (${sample.size})`],
      rows(all, sum(reports.filter((one) => sample.has(one.document)))),
    ),
    'Operations that are left out, by the reason:',
    table(['Reason', 'Operations'], countReasons(reports)),
    'Documents that are refused:',
    table(['Document', 'Reason'], all.refused),
    `The slowest documents, until all schemas are made: ${slowest.map((one) => `${one.document} (${one.milliseconds} ms)`).join(', ')}.`,
    `The largest tools: ${largest.map((one) => `${one.largestTool} of ${one.document} (${one.largest} characters)`).join(', ')}.`,
    ...(faults.length > 0
      ? [
          'Faults:',
          faults
            .slice(0, 50)
            .map((one) => `- ${one.replaceAll('\n', ' ')}`)
            .join('\n'),
        ]
      : []),
    '## Large documents, each in a process of its own',
    table(
      ['Document', 'Operations', 'Listed after', 'All schemas after', 'Most memory'],
      big.map((one) => [
        one.document,
        one.operations,
        `${one.listed} ms`,
        `${one.described} ms`,
        `${Math.round(one.memory / 1e6)} MB`,
      ]),
    ),
  ].join('\n\n');
  const isFast = reports.every(({ milliseconds }) => milliseconds < MAX_TIME);
  return { text, isWithinMarks: share >= MARK && faults.length === 0 && isFast };
}

interface Sum {
  readonly documents: number;
  readonly refused: readonly (readonly string[])[];
  readonly offered: number;
  readonly leftOut: number;
  readonly badNames: readonly string[];
  readonly badKeys: readonly string[];
  readonly steering: readonly string[];
  readonly refusedSchemas: readonly string[];
  readonly thrown: readonly string[];
  readonly size: number;
  readonly largest: number;
}

function sum(reports: readonly ExaminedDocument[]): Sum {
  const list = (read: (report: ExaminedDocument) => readonly string[]) =>
    reports.flatMap((report) => read(report).map((one) => `${report.document} ${one}`));
  const add = (read: (report: ExaminedDocument) => number) => reports.reduce((total, one) => total + read(one), 0);
  return {
    documents: reports.length,
    refused: reports.flatMap(({ document, refusal }) => (refusal === undefined ? [] : [[document, refusal]])),
    offered: add(({ offered }) => offered),
    leftOut: add(({ leftOut }) => Object.values(leftOut).reduce((total, one) => total + one, 0)),
    badNames: list(({ badNames }) => badNames),
    badKeys: list(({ badKeys }) => badKeys),
    steering: list(({ steering }) => steering),
    refusedSchemas: list(({ refusedSchemas }) => refusedSchemas),
    thrown: list(({ thrown }) => thrown),
    size: add(({ size }) => size),
    largest: Math.max(0, ...reports.map(({ largest }) => largest)),
  };
}

function rows(...sums: readonly Sum[]): readonly (readonly (string | number)[])[] {
  const row = (what: string, read: (one: Sum) => string | number) => [what, ...sums.map(read)];
  return [
    row('Documents', ({ documents }) => documents),
    row('Documents that are refused', ({ refused }) => refused.length),
    row('Operations that are offered', ({ offered }) => offered),
    row('Operations that are left out', ({ leftOut }) => leftOut),
    row('Share that is offered', ({ offered, leftOut }) => `${((100 * offered) / (offered + leftOut)).toFixed(2)} %`),
    row('Illegal or repeated names of tools', ({ badNames }) => badNames.length),
    row('Tools with illegal keys', ({ badKeys }) => badKeys.length),
    row('Tools with `Authorization`, `Cookie`, `Host` or the like as an argument', ({ steering }) => steering.length),
    row('Input schemas that Ajv refuses in strict mode', ({ refusedSchemas }) => refusedSchemas.length),
    row('Documents that make the library throw', ({ thrown }) => thrown.length),
    row('All input schemas', ({ size }) => `${(size / 1e6).toFixed(1)} MB`),
    row('The largest input schema', ({ largest }) => `${(largest / 1e3).toFixed(1)} kB`),
  ];
}

function countReasons(reports: readonly ExaminedDocument[]): readonly (readonly (string | number)[])[] {
  const counts = new Map<string, number>();
  for (const { leftOut } of reports)
    for (const [reason, count] of Object.entries(leftOut)) counts.set(reason, (counts.get(reason) ?? 0) + count);
  return [...counts].sort(([, one], [, other]) => other - one);
}

function table(head: readonly string[], body: readonly (readonly (string | number)[])[]): string {
  if (body.length === 0) return 'None.';
  const line = (cells: readonly (string | number)[]) =>
    `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...body.map(line)].join('\n');
}
