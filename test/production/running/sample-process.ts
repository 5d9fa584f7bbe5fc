import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

// The application loads its telemetry itself, if Node did not do it before.
const COMMAND = ['--import', './test/support/shared-modules/register.js', 'sample/production/src/main.ts'];

/** The application of the sample, in a process of its own. */
export class SampleProcess {
  /** Settles when the process is over, with what it was ended by. */
  readonly over: Promise<readonly [code: number | null, signal: NodeJS.Signals | null]>;
  /** What it has written. */
  log = '';

  private constructor(
    private readonly child: ChildProcess,
    readonly port: number,
  ) {
    this.over = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (piece) => (this.log += String(piece)));
  }

  /** Starts it, and waits until it listens. */
  static async start(settings: Readonly<Record<string, string>>, port?: number): Promise<SampleProcess> {
    const chosen = port ?? (await findFreePort());
    const child = spawn(process.execPath, COMMAND, {
      env: { ...process.env, ...settings, PORT: String(chosen), NODE_NO_WARNINGS: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const sample = new SampleProcess(child, chosen);
    await sample.wrote('Nest application successfully started');
    return sample;
  }

  /** Waits until it has written a text. */
  async wrote(text: string): Promise<void> {
    while (!this.log.includes(text)) {
      if (this.child.exitCode !== null) throw new Error(this.log);
      await Promise.race([once(this.child.stdout ?? this.child, 'data'), this.over]);
    }
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Asks for the status of a path. */
  async status(path: string): Promise<number> {
    return (await fetch(`http://${this.address}${path}`)).status;
  }

  terminate(): void {
    this.child.kill('SIGTERM');
  }

  /** For good, whatever it does. */
  async close(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.over;
  }
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
