import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe, expect } from '@jest/globals';

/** How the program of a page is started, which the set-up has built. */
export interface PageProgram {
  readonly directory: string;
  /** The address of the server comes last. */
  readonly command: readonly string[];
}

function programIn(variable: string): PageProgram | undefined {
  const value = process.env[variable];
  return value === undefined ? undefined : (JSON.parse(value) as PageProgram);
}

export const goProgram = programIn('CLIENT_SDK_GO');
export const rustProgram = programIn('CLIENT_SDK_RUST');
export const javaProgram = programIn('CLIENT_SDK_JAVA');

/** Tests that need a program; skipped where there is none. */
export function describeWith(
  program: PageProgram | undefined,
  name: string,
  tests: (program: PageProgram) => void,
): void {
  (program ? describe : describe.skip)(name, () => {
    tests(program ?? { directory: '', command: [] });
  });
}

/** What a program did. */
export interface ProgramRun {
  readonly exitCode: number | null;
  /** The authorization requests that it sent its user away with. */
  readonly requests: readonly URLSearchParams[];
  readonly protocolVersion: string | undefined;
  readonly tools: readonly string[];
  /** What the tools answered, in order. */
  readonly answers: readonly unknown[];
}

export interface ProgramSettings {
  readonly url: string;
  /** The client that it is; without one, it registers itself. */
  readonly clientId?: string | undefined;
  /** What the user does who is sent to an address; gives where the browser was sent at last. */
  readonly signIn: (address: string) => Promise<URL>;
}

/** Runs a program of the command line to its end. */
export async function runProgram(
  { directory, command: [command = '', ...args] }: PageProgram,
  { url, clientId, signIn }: ProgramSettings,
): Promise<ProgramRun> {
  const child = spawn(command, [...args, url], {
    cwd: directory,
    env: { PATH: process.env.PATH ?? '', ...(clientId !== undefined && { CLIENT_ID: clientId }) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit') as Promise<[exitCode: number | null]>;
  const lines: string[] = [];
  const requests: URLSearchParams[] = [];
  try {
    for await (const line of createInterface(child.stdout)) {
      const address = /^Open (\S+)$/.exec(line)?.[1];
      if (address === undefined) {
        lines.push(line);
        continue;
      }
      requests.push(new URL(address).searchParams);
      expect((await fetch(await signIn(address))).status).toBe(200);
    }
  } finally {
    child.kill();
  }
  const [exitCode] = await ended;
  const after = (word: string) =>
    lines.flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []));
  return {
    exitCode,
    requests,
    protocolVersion: after('Speaks')[0],
    tools: after('Tool').toSorted(),
    answers: lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as unknown),
  };
}
