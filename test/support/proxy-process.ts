import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe } from '@jest/globals';
import { envoyDirectory } from './envoy/installed-envoy.js';

/** Debian keeps servers where only the path of root leads. Envoy is where `installEnvoy()` has put it. */
const ENVIRONMENT = { ...process.env, PATH: [process.env.PATH, '/usr/sbin', envoyDirectory].join(delimiter) };

type Proxy = 'envoy' | 'haproxy' | 'nginx';

/** Whether tests with these run: not on a machine that does not have them, unless it has to. */
export function areExpected(...proxies: readonly Proxy[]): boolean {
  return process.env.REQUIRE_PROXIES !== undefined || proxies.every(isInstalled);
}

/** Whether this machine can run it. */
export function isInstalled(proxy: Proxy): boolean {
  return spawnSync(proxy, [proxy === 'envoy' ? '--version' : '-v'], { env: ENVIRONMENT }).status === 0;
}

/** Tests that need HAProxy and nginx. */
export function describeWithProxies(name: string, tests: () => void): void {
  if (areExpected('haproxy', 'nginx')) describe(name, tests);
  else describe.skip(`${name} (not run: there are no haproxy and nginx on PATH)`, tests);
}

/** How HAProxy is told of its servers. Where a member is absent, its default holds. */
export interface HaproxyOptions {
  /** Host and port of each. */
  readonly servers: readonly string[];
  /** What stands after each server: `check`, for example. */
  readonly ofServers?: string;
  /** Lines of the section. */
  readonly lines?: readonly string[];
}

/** A proxy of a test's own, on a socket in a directory of its own. */
export class ProxyProcess {
  private constructor(
    private readonly directory: string,
    private readonly child: ChildProcess,
  ) {}

  get socket(): string {
    return join(this.directory, 'proxy.sock');
  }

  /** HAProxy, with the timeouts of Debian's configuration. It has none by default. */
  static async startHaproxy({ servers, ofServers = '', lines = [] }: HaproxyOptions): Promise<ProxyProcess> {
    return await ProxyProcess.#start('haproxy', ['-db', '-f'], (directory) => [
      'defaults',
      '  mode http',
      '  timeout connect 5s',
      '  timeout client 50s',
      '  timeout server 50s',
      'listen proxy',
      `  bind unix@${join(directory, 'proxy.sock')}`,
      ...lines.map((line) => `  ${line}`),
      ...servers.map((server, number) => `  server replica${number} ${server} ${ofServers}`),
    ]);
  }

  /**
   * Nginx.
   *
   * @param locations - what its one server has
   * @param upstreams - groups of other servers
   */
  static async startNginx(locations: string, upstreams = ''): Promise<ProxyProcess> {
    return await ProxyProcess.#start('nginx', ['-e', 'stderr', '-c'], (directory) => [
      'daemon off;',
      'master_process off;',
      'error_log stderr crit;',
      `pid ${join(directory, 'nginx.pid')};`,
      'events {}',
      'http {',
      '  access_log off;',
      ...['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
        (kind) => `  ${kind}_temp_path ${join(directory, kind)};`,
      ),
      upstreams,
      `  server { listen unix:${join(directory, 'proxy.sock')}; ${locations} }`,
      '}',
    ]);
  }

  /**
   * HAProxy or Envoy, with a whole configuration.
   *
   * @param configure - makes it for the socket to listen on
   */
  static async startWith(command: 'haproxy' | 'envoy', configure: (socket: string) => string): Promise<ProxyProcess> {
    const args = { haproxy: ['-db', '-f'], envoy: ['--use-dynamic-base-id', '-l', 'error', '-c'] };
    return await ProxyProcess.#start(command, args[command], (directory) => [configure(join(directory, 'proxy.sock'))]);
  }

  static async #start(
    command: Proxy,
    args: readonly string[],
    configure: (directory: string) => readonly string[],
  ): Promise<ProxyProcess> {
    const directory = await mkdtemp(join(tmpdir(), 'proxy-'));
    // Envoy reads YAML only from a file that says so.
    const file = join(directory, command === 'envoy' ? 'proxy.yaml' : 'proxy.conf');
    await writeFile(file, `${configure(directory).join('\n')}\n`);
    const child = spawn(command, [...args, file], { env: ENVIRONMENT, stdio: ['ignore', 'ignore', 'pipe'] });
    let told = '';
    child.stderr.on('data', (piece: Buffer) => (told += piece.toString()));
    const proxy = new ProxyProcess(directory, child);
    while (!(await isListening(proxy.socket))) {
      if (child.exitCode === null) continue;
      await rm(directory, { recursive: true });
      throw new Error(`${command} did not start: ${told}`);
    }
    return proxy;
  }

  /** Sends a request through it, on a connection of its own. */
  async send(
    path: string,
    { body, method = 'POST', headers = {} }: { body?: unknown; method?: string; headers?: OutgoingHttpHeaders } = {},
  ): Promise<{ readonly status: number; readonly headers: IncomingHttpHeaders; readonly text: string }> {
    const sent = request({ socketPath: this.socket, path, method, headers, agent: false });
    sent.end(body === undefined || typeof body === 'string' ? body : JSON.stringify(body));
    const [response] = (await once(sent, 'response')) as [import('node:http').IncomingMessage];
    return { status: response.statusCode ?? 0, headers: response.headers, text: await text(response) };
  }

  async close(): Promise<void> {
    const exit = once(this.child, 'exit');
    if (this.child.kill('SIGKILL')) await exit;
    await rm(this.directory, { recursive: true });
  }
}

/** Whether somebody accepts connections there. */
async function isListening(path: string): Promise<boolean> {
  const socket = connect(path);
  const isConnected = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return isConnected;
}
