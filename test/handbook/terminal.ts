import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { endOfShown, isShown, tidy } from './shown-output.js';
import type { Command, ShownOutput } from './page.js';

/** Somebody who answers what a command prints, such as an address at which to sign in. */
export interface Answer {
  /** With the flag `g`. */
  readonly to: RegExp;
  readonly act: (match: RegExpExecArray) => Promise<void>;
}

/** A terminal of a reader's: its folder and its variables stay from one command to the next. */
export class Terminal {
  /** What the last command has written. */
  #output = '';
  /** How much of it the page has shown already. */
  #seen = 0;
  #running: ChildProcess | undefined;
  #ended: Promise<unknown> = Promise.resolve();
  #written: (() => void) | undefined;

  /**
   * @param home - a folder for what it remembers
   * @param folder - where it begins
   */
  constructor(
    private readonly home: string,
    private readonly folder: string,
    private readonly environment: NodeJS.ProcessEnv,
    private readonly answers: readonly Answer[],
  ) {}

  /** The folder in which it is. */
  async place(): Promise<string> {
    return existsSync(this.#placeFile) ? (await readFile(this.#placeFile, 'utf8')).trim() : this.folder;
  }

  get #placeFile(): string {
    return join(this.home, 'place');
  }

  get output(): string {
    return tidy(this.#output);
  }

  /** Runs a command to its end. */
  async run(command: Command): Promise<void> {
    const child = this.#start(command, await this.place());
    const answered = new Set<string>();
    const acts: Promise<void>[] = [];
    this.#written = () => {
      for (const { to, act } of this.answers)
        for (const match of this.#output.matchAll(to)) {
          if (answered.has(match[0])) continue;
          answered.add(match[0]);
          acts.push(act(match));
        }
    };
    await Promise.race([this.#ended, failureOf(child)]);
    this.#running = undefined;
    await Promise.all(acts);
    if (child.exitCode !== 0)
      throw new Error(`${command.place} ended with ${child.exitCode ?? child.signalCode}:\n${this.output}`);
  }

  /** Starts a command that goes on. What ran here is stopped before, as by Ctrl+C. */
  async begin(command: Command): Promise<void> {
    await this.interrupt();
    this.#start(command, await this.place());
  }

  /** What runs here gets Ctrl+C. */
  async interrupt(): Promise<void> {
    const child = this.#running;
    if (child?.pid === undefined) return;
    // The whole group of processes, as a terminal does it.
    if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid, 'SIGINT');
    await this.#ended;
    this.#running = undefined;
  }

  /** Compares what a page shows with what is here; with what comes, if something still runs. */
  async expect({ place, text, language }: ShownOutput): Promise<void> {
    const child = this.#running;
    if (child === undefined) {
      if (!isShown(text, this.#output, language))
        throw new Error(`${place} shows\n${text}\nbut this came:\n${this.output}`);
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const look = () => {
        const lines = `${tidy(this.#output.slice(0, this.#output.lastIndexOf('\n') + 1))}\n`;
        const end = endOfShown(text, lines.slice(this.#seen));
        if (end === undefined) return;
        this.#seen += end;
        resolve();
      };
      look();
      this.#written = look;
      void this.#ended.then(() => {
        reject(new Error(`${place} shows\n${text}\nbut the command ended after this:\n${this.output}`));
      });
    });
    this.#written = undefined;
  }

  #start({ text }: Command, place: string): ChildProcess {
    const state = join(this.home, 'state');
    const script = [
      'exec 2>&1',
      existsSync(state) ? `. ${state}` : '',
      'set -eauo pipefail',
      text,
      `declare -px > ${state}`,
      `pwd > ${this.#placeFile}`,
    ].join('\n');
    const child = spawn('bash', ['-c', script], {
      cwd: place,
      env: this.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.#output = '';
    this.#seen = 0;
    this.#running = child;
    this.#written = undefined;
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        this.#output += chunk;
        this.#written?.();
      });
    const kill = () => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    };
    process.once('exit', kill);
    this.#ended = once(child, 'close').finally(() => process.off('exit', kill));
    return child;
  }
}

async function failureOf(child: ChildProcess): Promise<never> {
  const [error] = (await once(child, 'error')) as [Error];
  throw error;
}
