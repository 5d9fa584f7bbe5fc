import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

const SOURCES = 'sample/production/src';

/** The application of the sample, or its API, in a process of its own. */
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
    // The application loads its telemetry itself, if Node did not do it before.
    const sample = SampleProcess.#run('main.ts', settings, port ?? (await findFreePort()));
    await sample.wrote('Nest application successfully started');
    return sample;
  }

  /** Starts the API that stands for yours, and waits until it answers. */
  static async startOrdersApi(settings: Readonly<Record<string, string>>): Promise<SampleProcess> {
    const api = SampleProcess.#run('orders-api/main.ts', settings, await findFreePort());
    while ((await api.status('/').catch(() => 0)) === 0) if (api.child.exitCode !== null) throw new Error(api.log);
    return api;
  }

  static #run(file: string, settings: Readonly<Record<string, string>>, port: number): SampleProcess {
    const args = ['--import', './test/support/shared-modules/register.js', `${SOURCES}/${file}`];
    const child = spawn(process.execPath, args, {
      env: { ...process.env, ...settings, PORT: String(port), NODE_NO_WARNINGS: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new SampleProcess(child, port);
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
