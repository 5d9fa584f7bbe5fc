import type { Cell, Results, Table } from './results.js';

/** Writes `RESULTS.md`. @param chart - address of the picture, if there is one */
export function writeReport({ machine, tables }: Results, chart: string | undefined): string {
  const parts = tables.map(
    (table) =>
      `## ${table.title}\n\n${table.note ? `${table.note}\n\n` : ''}${writeTable(table)}\n\nMeasured on ${table.measured}.`,
  );
  return `# Results of the bench

Written by \`npm run bench -- --save\`; edits are lost. [CONTRIBUTING.md](../CONTRIBUTING.md#the-bench) says how it measures.

CPU is the time of the processor that the process of the server takes for a request, user and system, in microseconds: the median of rounds in which the servers take turns. It depends on the machine, and hardly on what else the machine does. The rate is that of 16 connections from a client on the same machine. A ratio is the cost of the other to ours: more is better.

Machine: ${machine}.

${chart === undefined ? '' : `![How the cost of a request grows](${chart})\n`}
${parts.join('\n\n')}
`;
}

/** A table in GitHub Flavored Markdown. */
export function writeTable({ rows }: Pick<Table, 'rows'>): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const write = (cells: readonly Cell[]) => `| ${cells.map((cell) => writeCell(cell)).join(' | ')} |`;
  const lines = rows.map((row) => write(columns.map((column) => row[column] ?? '')));
  const rule = columns.map((column) => (rows.some((row) => typeof row[column] === 'number') ? '---:' : '---'));
  return [write(columns), `| ${rule.join(' | ')} |`, ...lines].join('\n');
}

function writeCell(cell: Cell): string {
  if (typeof cell === 'string') return cell;
  if (Number.isInteger(cell) || Math.abs(cell) >= 100) return Math.round(cell).toLocaleString('en');
  return String(Number(cell.toPrecision(2)));
}

/** What stands around the table in a page. */
const [BEGIN, END] = ['<!-- bench -->', '<!-- end of bench -->'];

/** Puts a table in place of the one between the marks of a text. */
export function putTable(text: string, table: Table): string {
  const [before, rest] = text.split(BEGIN);
  const [, after] = rest?.split(END) ?? [];
  if (before === undefined || after === undefined) throw new Error(`The text has no ${BEGIN} … ${END}`);
  return `${before}${BEGIN}\n\n${writeTable(table)}\n\n${END}${after}`;
}
