import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { CallOptions } from '../../lib/mcp/invocation/call-options.js';
import type { Platform } from '../support/test-application.js';

/** Audience of the tokens of all replicas. */
export const RESOURCE = 'https://mcp.example/mcp';

const COMMAND = [process.execPath, '--import', './test/support/shared-modules/register.js', 'test/shutdown/replica.ts'];

export interface ReplicaOptions {
  readonly issuer: string;
  readonly platform: Platform;
  /** Defaults to one that is free. */
  readonly port?: number;
  readonly calls?: CallOptions;
  /** Whether Nest, or Fastify, closes all connections when the application closes. */
  readonly forceClose?: boolean;
  /** What starts it. Defaults to Node, with the sources. */
  readonly command?: readonly string[];
}

/** A server in a process of its own, which is stopped by signals as an orchestrator does. */
export class ReplicaProcess {
  /** Settles when the process is over, with what it was ended by. */
  readonly over: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  #told = '';

  private constructor(
    private readonly child: ChildProcess,
    /** Id of the process that listens. */
    readonly name: string,
    readonly port: number,
    /** Calls that it has run, by the `id` of their arguments. */
    readonly runs: readonly string[],
  ) {
    this.over = once(child, 'exit').then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
    }));
    child.stderr?.on('data', (piece: Buffer) => (this.#told += piece.toString()));
  }

  static async start({
    issuer,
    platform,
    port = 0,
    calls = {},
    forceClose = false,
    command = COMMAND,
  }: ReplicaOptions) {
    const [file = '', ...args] = command;
    const child = spawn(file, args, {
      env: {
        ...process.env,
        ISSUER: issuer,
        RESOURCE,
        PLATFORM: platform,
        PORT: String(port),
        CALLS: JSON.stringify(calls),
        ...(forceClose && { FORCE_CLOSE: '1' }),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const runs: string[] = [];
    const lines = createInterface(child.stdout);
    return await new Promise<ReplicaProcess>((resolve, reject) => {
      lines.on('line', (line) => {
        const [, name, listensOn] = /^(\d+) listens on (\d+)$/.exec(line) ?? [];
        const [, id] = /^runs (.+)$/.exec(line) ?? [];
        if (name !== undefined) resolve(new ReplicaProcess(child, name, Number(listensOn), runs));
        if (id !== undefined) runs.push(id);
      });
      lines.on('close', () => {
        reject(new Error(`The replica did not start: ${String(child.stderr.read())}`));
      });
    });
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Warnings and errors, of it and of Node. */
  get told(): string {
    return this.#told;
  }

  signal(signal: NodeJS.Signals = 'SIGTERM'): void {
    this.child.kill(signal);
  }

  /** For good, whatever it does. */
  async close(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.over;
  }
}
