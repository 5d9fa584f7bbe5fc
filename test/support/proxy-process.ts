import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { describe } from '@jest/globals';

/** Debian keeps servers where only the path of root leads. */
export const PROXY_ENVIRONMENT = { ...process.env, PATH: [process.env.PATH, '/usr/sbin'].join(delimiter) };

const isInstalled =
  spawnSync('haproxy', ['-v'], { env: PROXY_ENVIRONMENT }).status === 0 &&
  spawnSync('nginx', ['-v'], { env: PROXY_ENVIRONMENT }).status === 0;

/** Tests that need HAProxy and nginx: not run on a machine that has none, unless it has to have them. */
export function describeWithProxies(name: string, tests: () => void): void {
  if (isInstalled || process.env.REQUIRE_PROXIES !== undefined) describe(name, tests);
  else describe.skip(`${name} (not run: there are no haproxy and nginx on PATH)`, tests);
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

  /**
   * HAProxy, which asks servers whether they are ready.
   *
   * @param servers - host and port of each
   * @param interval - milliseconds between two questions
   */
  static async startHaproxy(servers: readonly string[], path: string, interval: number): Promise<ProxyProcess> {
    return await ProxyProcess.#start('haproxy', ['-db', '-f'], (directory) => [
      'defaults',
      '  mode http',
      '  timeout connect 5s',
      '  timeout check 5s',
      '  timeout client 30s',
      '  timeout server 30s',
      'listen proxy',
      `  bind unix@${join(directory, 'proxy.sock')}`,
      `  option httpchk GET ${path}`,
      `  default-server inter ${interval}ms`,
      ...servers.map((server, number) => `  server replica${number} ${server} check`),
    ]);
  }

  /**
   * Nginx, which learns of a server that is gone when a connection is refused.
   *
   * @param servers - host and port of each
   * @param failTimeout - seconds for which it then leaves that server alone
   */
  static async startNginx(servers: readonly string[], failTimeout: number): Promise<ProxyProcess> {
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
      '  upstream replicas {',
      ...servers.map((server) => `    server ${server} fail_timeout=${failTimeout}s;`),
      '  }',
      '  server {',
      `    listen unix:${join(directory, 'proxy.sock')};`,
      '    location / { proxy_pass http://replicas; }',
      '  }',
      '}',
    ]);
  }

  static async #start(
    command: string,
    args: readonly string[],
    configure: (directory: string) => readonly string[],
  ): Promise<ProxyProcess> {
    const directory = await mkdtemp(join(tmpdir(), 'proxy-'));
    const file = join(directory, 'proxy.conf');
    await writeFile(file, `${configure(directory).join('\n')}\n`);
    const child = spawn(command, [...args, file], { env: PROXY_ENVIRONMENT, stdio: ['ignore', 'ignore', 'pipe'] });
    let told = '';
    child.stderr.on('data', (piece: Buffer) => (told += piece.toString()));
    const proxy = new ProxyProcess(directory, child);
    for (;;) {
      if (child.exitCode !== null) throw new Error(`${command} did not start: ${told}`);
      if (
        await access(proxy.socket).then(
          () => true,
          () => false,
        )
      )
        return proxy;
      await new Promise(setImmediate);
    }
  }

  async close(): Promise<void> {
    const exit = once(this.child, 'exit');
    if (this.child.kill('SIGKILL')) await exit;
    await rm(this.directory, { recursive: true });
  }
}
