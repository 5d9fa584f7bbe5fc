import { cleanText } from '../log/clean-text.js';
import { describeNeed } from '../manifest/compare-operations.js';
import { describeOperation } from '../manifest/describe-operation.js';
import type { ManifestOperation } from '../manifest/manifest.js';
import { alignColumns } from './columns.js';
import type { ExaminedDocument } from './examined-document.js';
import type { ExaminedTool } from './examined-tool.js';
import type { Warning } from './warnings.js';

/** Characters of a token. An estimate: each model has its own tokenizer. */
const CHARACTERS_PER_TOKEN = 4;

/** Most characters of a column. */
const MAX_COLUMN = 60;

/** Warnings of one code that are printed. `--json` has all of them. */
const MAX_WARNINGS = 5;

/** What an operation would be as a tool, as `--json` prints it. */
interface ReportedTool {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly operationId: string | undefined;
  readonly writes: boolean;
  readonly anonymous: boolean;
  readonly scopes: ManifestOperation['scopes'];
  /** Whether a function computes further scopes from the arguments. */
  readonly computesScopes: boolean;
  readonly arguments: readonly string[];
  /** Of its definition in `tools/list`. An estimate. */
  readonly tokens: number;
}

/** A document, as `--json` prints it. */
export interface ReportedDocument {
  readonly name: string;
  readonly title: string;
  readonly version: string;
  readonly tools: readonly ReportedTool[];
  readonly totals: {
    /** Of the document. */
    readonly operations: number;
    readonly offered: number;
    readonly leftOut: number;
    readonly writes: number;
    /** Of all definitions together. An estimate. */
    readonly tokens: number;
  };
  readonly warnings: readonly Warning[];
}

/** Makes the report of a document. */
export function reportDocument(examined: ExaminedDocument): ReportedDocument {
  const tools = examined.tools.map(reportTool);
  return {
    name: examined.name,
    title: examined.title,
    version: examined.version,
    tools,
    totals: {
      operations: examined.operations.length,
      offered: tools.length,
      leftOut: examined.chosen.length - tools.length,
      writes: tools.filter(({ writes }) => writes).length,
      tokens: tools.reduce((sum, { tokens }) => sum + tokens, 0),
    },
    warnings: examined.warnings,
  };
}

function reportTool({ offered, definition }: ExaminedTool): ReportedTool {
  const { method, path, id } = offered.operation;
  const { name, writes, anonymous, scopes, computesScopes, arguments: names } = describeOperation(definition);
  return {
    name,
    method,
    path,
    operationId: id,
    writes,
    anonymous,
    scopes,
    computesScopes,
    arguments: Object.keys(names),
    tokens: Math.ceil(JSON.stringify(definition.listing).length / CHARACTERS_PER_TOKEN),
  };
}

/** Formats the report of a document for people. */
export function formatDocument({ name, title, version, tools, totals, warnings }: ReportedDocument): string {
  const rows = tools.map((tool) => [
    cleanText(tool.name, MAX_COLUMN),
    cleanText(`${tool.method} ${tool.path}`, MAX_COLUMN),
    cleanText(describeNeed(tool), MAX_COLUMN),
    `${tool.tokens} tokens`,
  ]);
  const lines = alignColumns(rows).map((row) => `  ${row.join('  ').trimEnd()}\n`);
  return [
    `${cleanText(name)}: ${cleanText([title, version].filter((one) => one !== '').join(' ') || 'no document')}\n\n`,
    ...lines,
    `${lines.length > 0 ? '\n' : ''}${totals.offered} of ${totals.operations} operations would be tools, ${totals.writes} of which may change something.\n`,
    `Their definitions have about ${totals.tokens} tokens, estimated at ${CHARACTERS_PER_TOKEN} characters each.\n`,
    ...formatWarnings(warnings),
  ].join('');
}

function formatWarnings(warnings: readonly Warning[]): readonly string[] {
  const codes = [
    ...new Set([...warnings].sort((a, b) => Number(b.isError) - Number(a.isError)).map(({ code }) => code)),
  ];
  return codes.flatMap((code) => {
    const all = warnings.filter((one) => one.code === code);
    const shown = all
      .slice(0, MAX_WARNINGS)
      .map(
        ({ isError, place, message }) =>
          `\n${isError ? 'ERROR' : 'WARNING'} ${code}\n  ${cleanText(place)}\n  ${cleanText(message)}\n`,
      );
    return all.length > MAX_WARNINGS ? [...shown, `\n  and ${all.length - MAX_WARNINGS} more: ${code}\n`] : shown;
  });
}
