/**
 * What the package is run with. The tests of this folder run each cell, and the table of
 * `docs/considerations/compatibility.md` is compared with this list.
 */

/** Releases of Node, by their majors. */
export const NODES = { 20: '20.20.2', 22: '22.23.3', 24: '24.21.0', 26: '26.12.1' } as const;

export type NodeMajor = keyof typeof NODES;

export const NODE_MAJORS = Object.keys(NODES).map(Number) as NodeMajor[];

export const PLATFORMS = ['Express', 'Fastify'] as const;

export type Runner = 'none' | 'jest, ts-jest' | 'jest, @swc/jest' | 'vitest' | 'node:test';

export interface Row {
  readonly nest: 11 | 12;
  readonly modules: 'ES modules' | 'CommonJS';
  /** What runs the tests of a project, or `none` for an application that starts, and is called. */
  readonly runner: Runner;
  /** The majors of Node on which `npm test` runs it. `npm run test:projects` runs it on all. */
  readonly sample: readonly NodeMajor[];
}

/** Each row is run on each platform. */
export const ROWS: readonly Row[] = [
  { nest: 11, modules: 'CommonJS', runner: 'jest, ts-jest', sample: [20] },
  { nest: 11, modules: 'CommonJS', runner: 'jest, @swc/jest', sample: [20] },
  { nest: 11, modules: 'CommonJS', runner: 'node:test', sample: [] },
  { nest: 11, modules: 'ES modules', runner: 'none', sample: [20] },
  { nest: 11, modules: 'ES modules', runner: 'jest, ts-jest', sample: [] },
  { nest: 11, modules: 'ES modules', runner: 'vitest', sample: [] },
  { nest: 11, modules: 'ES modules', runner: 'node:test', sample: [] },
  { nest: 12, modules: 'CommonJS', runner: 'node:test', sample: [20] },
  { nest: 12, modules: 'ES modules', runner: 'none', sample: [20, 22, 24, 26] },
  { nest: 12, modules: 'ES modules', runner: 'jest, ts-jest', sample: [20] },
  { nest: 12, modules: 'ES modules', runner: 'vitest', sample: [20] },
  { nest: 12, modules: 'ES modules', runner: 'node:test', sample: [] },
];

export interface TypeScriptRow {
  readonly modules: Row['modules'];
  readonly settings: Readonly<Record<string, string>>;
  /** Versions of TypeScript that take the package with these settings. `npm run test:projects` runs them. */
  readonly takenBy: readonly (typeof TYPESCRIPTS)[number][];
}

/** Versions of TypeScript. */
export const TYPESCRIPTS = ['5.9', '6.0'] as const;

export const TYPESCRIPT_ROWS: readonly TypeScriptRow[] = [
  { modules: 'ES modules', settings: { module: 'nodenext' }, takenBy: ['5.9', '6.0'] },
  { modules: 'ES modules', settings: { module: 'node16' }, takenBy: ['5.9', '6.0'] },
  { modules: 'ES modules', settings: { module: 'esnext', moduleResolution: 'bundler' }, takenBy: ['5.9', '6.0'] },
  { modules: 'CommonJS', settings: { module: 'nodenext' }, takenBy: ['5.9', '6.0'] },
  { modules: 'CommonJS', settings: { module: 'commonjs' }, takenBy: ['5.9', '6.0'] },
  { modules: 'CommonJS', settings: { module: 'node16' }, takenBy: [] },
];

/** Whether all cells are run, and not the sample alone. */
export const RUNS_ALL = process.env.ALL_NODES !== undefined;

/** The majors of Node on which this run has a row. */
export function nodesOf({ sample }: Row): readonly NodeMajor[] {
  return RUNS_ALL ? NODE_MAJORS : sample;
}

/** The table as the page has it: what `npm test` runs, and what `npm run test:projects` alone runs. */
export function renderTable(): string {
  const heads = NODE_MAJORS.map((major) => `Node ${major}`);
  return [
    ['Nest', 'Modules', 'Test runner', 'Platforms', ...heads],
    ['---', '---', '---', '---', ...heads.map(() => '---')],
    ...ROWS.map(({ nest, modules, runner, sample }) => [
      `${nest}`,
      modules,
      runner === 'none' ? 'none: it starts and is called' : runner,
      PLATFORMS.join(', '),
      ...NODE_MAJORS.map((major) => (sample.includes(major) ? '✓✓' : '✓')),
    ]),
  ]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

/** The table of the settings of TypeScript, as the page has it. */
export function renderTypeScriptTable(): string {
  return [
    ['Modules', 'Settings', ...TYPESCRIPTS.map((version) => `TypeScript ${version}`)],
    ['---', '---', ...TYPESCRIPTS.map(() => '---')],
    ...TYPESCRIPT_ROWS.map(({ modules, settings, takenBy }) => [
      modules,
      Object.entries(settings)
        .map(([name, value]) => `\`"${name}": "${value}"\``)
        .join(', '),
      ...TYPESCRIPTS.map((version) => (takenBy.includes(version) ? '✓' : 'no')),
    ]),
  ]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}
