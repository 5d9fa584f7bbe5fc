import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

/** A schematic and its options. */
export interface Step {
  readonly schematic: string;
  readonly options?: object;
}

/** What schematics are run on, one after the other. */
export interface Run {
  readonly files: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}

/** What has become of it. */
export interface Outcome {
  readonly files: Readonly<Record<string, string>>;
  readonly messages: readonly string[];
  /** Names of the tasks that run afterwards. */
  readonly tasks: readonly string[];
  readonly error?: string;
}

/** Runs schematics on trees of files, in one process of their own. */
export async function runSchematics(runs: readonly Run[]): Promise<readonly Outcome[]> {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', 'test/schematics/run-schematics.js'],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  child.stdin.end(JSON.stringify(runs));
  return JSON.parse(await text(child.stdout)) as readonly Outcome[];
}
