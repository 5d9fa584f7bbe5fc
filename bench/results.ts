import { existsSync, readFileSync } from 'node:fs';
import { arch, cpus, platform, release, totalmem } from 'node:os';

export type Cell = string | number;

/** What a section has measured. */
export interface Table {
  /** Unique, such as `serving`. */
  readonly name: string;
  readonly title: string;
  /** What one has to know to read it. */
  readonly note?: string;
  readonly rows: readonly Readonly<Record<string, Cell>>[];
  /** What `--check` compares, by name. More is better. */
  readonly ratios: Readonly<Record<string, number>>;
}

/** Tables, and where they come from. */
export interface Results {
  readonly machine: string;
  readonly tables: readonly (Table & { readonly measured: string })[];
}

/** How much of a ratio may be lost. */
const TOLERANCE = 0.1;

export function describeMachine(): string {
  const [{ model } = { model: 'unknown processor' }, ...others] = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  return `${others.length + 1} × ${model.trim()}, ${memory}, ${platform()} ${release()} (${arch()})`;
}

/** @returns `undefined` if there is no such file */
export function readResults(file: string | URL): Results | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Results) : undefined;
}

/** Puts tables in place of those of the same name. */
export function addTables(results: Results | undefined, tables: readonly Table[], command: string): Results {
  const measured = `${new Date().toISOString().slice(0, 10)}, \`${command}\``;
  const merged = new Map(results?.tables.map((table) => [table.name, table]));
  for (const table of tables) merged.set(table.name, { ...table, measured });
  return { machine: describeMachine(), tables: [...merged.values()] };
}

/**
 * Compares what was measured with what was kept.
 *
 * @returns a sentence for each ratio that has fallen by more than a tenth
 */
export function findFallen(kept: Results, measured: readonly Table[]): readonly string[] {
  const before = new Map(kept.tables.map(({ name, ratios }) => [name, ratios]));
  return measured.flatMap(({ name, ratios }) =>
    Object.entries(ratios).flatMap(([ratio, now]) => {
      const then = before.get(name)?.[ratio];
      return then === undefined || now >= then * (1 - TOLERANCE)
        ? []
        : [`${name}, ${ratio}: ${now.toFixed(2)}, and ${then.toFixed(2)} before`];
    }),
  );
}
