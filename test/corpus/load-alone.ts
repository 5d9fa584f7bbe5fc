import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import process from 'node:process';
import { promisify } from 'node:util';

/** What it costs to offer one document, in a process of its own. */
export interface LoadedAlone {
  readonly document: string;
  readonly operations: number;
  /** Milliseconds from the file to the list of operations with their names. */
  readonly listed: number;
  /** Milliseconds from the file to the schemas of all tools. */
  readonly described: number;
  /** Most bytes of memory that the process had. */
  readonly memory: number;
}

/** Loads a document in a process of its own. */
export async function loadAlone(directory: string, document: string): Promise<LoadedAlone> {
  const script = fileURLToPath(new URL('./load-alone-process.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [...process.execArgv, script, directory, document]);
  return JSON.parse(stdout) as LoadedAlone;
}
