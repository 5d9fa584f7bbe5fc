import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A Redis of a test's own, on a socket in a directory of its own, which forgets everything when it ends. */
export class RedisProcess {
  private constructor(
    private readonly directory: string,
    private child: ChildProcess,
  ) {}

  /** Whether this machine can run one. */
  static get isInstalled(): boolean {
    return spawnSync('redis-server', ['--version']).status === 0;
  }

  static async start(): Promise<RedisProcess> {
    const directory = await mkdtemp(join(tmpdir(), 'redis-'));
    try {
      return new RedisProcess(directory, await startIn(directory));
    } catch (error) {
      await rm(directory, { recursive: true });
      throw error;
    }
  }

  get socket(): string {
    return socketIn(this.directory);
  }

  /** Stops it from answering, without its connections being lost. */
  pause(): void {
    this.child.kill('SIGSTOP');
  }

  resume(): void {
    this.child.kill('SIGCONT');
  }

  async kill(): Promise<void> {
    const exit = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exit;
  }

  /** After it was killed, on the same socket. */
  async startAgain(): Promise<void> {
    this.child = await startIn(this.directory);
  }

  async close(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) await this.kill();
    await rm(this.directory, { recursive: true });
  }
}

async function startIn(directory: string): Promise<ChildProcess> {
  const memoryOnly = ['--save', '', '--appendonly', 'no'];
  const child = spawn('redis-server', ['--port', '0', '--unixsocket', socketIn(directory), ...memoryOnly], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(child, 'spawn');
  let output = '';
  for await (const line of createInterface(child.stdout)) {
    output += `${line}\n`;
    if (!/ready to accept connections/i.test(line)) continue;
    child.stdout.resume();
    return child;
  }
  throw new Error(`Redis did not start: ${output}`);
}

function socketIn(directory: string): string {
  return join(directory, 'redis.sock');
}
