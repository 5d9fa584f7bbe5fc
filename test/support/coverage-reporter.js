import { readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { Report } from 'c8';
import ts from 'typescript';

/** Has V8 note what runs in the processes that run tests, and says at the end how much of `lib` it was. */
export default class CoverageReporter {
  #least;
  #raw;
  #directory;
  #errors = [];

  constructor({ rootDir }, least) {
    this.#least = Object.entries(least);
    this.#directory = join(rootDir, 'coverage');
    this.#raw = join(this.#directory, 'raw');
    // Processes that run tests from here on write what they ran to this folder when they end.
    process.env.COVERAGE_DIRECTORY = this.#raw;
  }

  async onRunStart() {
    await rm(this.#raw, { recursive: true, force: true });
  }

  async onRunComplete() {
    const report = new Report({
      all: true,
      src: ['lib'],
      include: ['lib/**/*.ts'],
      exclude: listTypeFiles(),
      extension: ['.ts'],
      reporter: ['text', 'lcov'],
      reportsDirectory: this.#directory,
      tempDirectory: this.#raw,
      mergeAsync: true,
      resolve: '',
    });
    await report.run();
    const covered = await report.getCoverageMapFromAllCoverageFiles();
    const summary = covered.getCoverageSummary();
    for (const [kind, least] of this.#least) {
      const { pct } = summary[kind];
      if (pct < least) this.#errors.push(`Of all ${kind} ${pct} % are covered. There have to be ${least} %.`);
    }
    for (const error of this.#errors) process.stderr.write(`${error}\n`);
  }

  getLastError() {
    if (this.#errors.length > 0) return new Error(this.#errors.join('\n'));
    return undefined;
  }
}

/** Files that hold types alone, by what the compiler makes of them. Nothing in them runs. */
function listTypeFiles() {
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, removeComments: true };
  return readdirSync('lib', { recursive: true })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join('lib', name))
    .filter((path) => {
      const { outputText } = ts.transpileModule(readFileSync(path, 'utf8'), { compilerOptions });
      return outputText.trim() === 'export {};';
    });
}
