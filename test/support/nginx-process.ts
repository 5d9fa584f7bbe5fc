import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { PROXY_ENVIRONMENT } from './proxy-process.js';

/** An nginx of a test's own, on a socket in a directory of its own. */
export class NginxProcess {
  private constructor(
    private readonly directory: string,
    private readonly child: ChildProcess,
  ) {}

  /** Whether tests with one run: not on a machine that has none, unless it has to have it. */
  static get isExpected(): boolean {
    const isInstalled = spawnSync('nginx', ['-v'], { env: PROXY_ENVIRONMENT }).status === 0;
    return isInstalled || process.env.REQUIRE_PROXIES !== undefined;
  }

  /**
   * @param locations - what its one server has
   * @param upstreams - names of other servers
   */
  static async start(locations: string, upstreams = ''): Promise<NginxProcess> {
    const directory = await mkdtemp(join(tmpdir(), 'nginx-'));
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${directory}/${name};`,
    );
    const configuration = `
      daemon off; master_process off; pid ${directory}/pid; error_log stderr notice;
      events {}
      http { access_log off; ${paths.join(' ')} ${upstreams} server { listen unix:${directory}/socket; ${locations} } }`;
    const file = join(directory, 'nginx.conf');
    await writeFile(file, configuration);
    const child = spawn('nginx', ['-p', directory, '-c', file], {
      env: PROXY_ENVIRONMENT,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const told: string[] = [];
    for await (const line of createInterface(child.stderr)) {
      told.push(line);
      // With the socket it is ready. Without it the lines end.
      if (!line.includes('OS: ')) continue;
      child.stderr.resume();
      return new NginxProcess(directory, child);
    }
    await rm(directory, { recursive: true });
    throw new Error(told.join('\n'));
  }

  /** Where it listens. */
  get socketPath(): string {
    return join(this.directory, 'socket');
  }

  /** Sends a request through it. */
  async send(
    path: string,
    { body, method = 'POST', headers = {} }: { body?: unknown; method?: string; headers?: OutgoingHttpHeaders } = {},
  ): Promise<{ readonly status: number; readonly headers: IncomingHttpHeaders; readonly text: string }> {
    const sent = request({ socketPath: this.socketPath, path, method, headers, agent: false });
    sent.end(body === undefined ? undefined : JSON.stringify(body));
    const [response] = (await once(sent, 'response')) as [import('node:http').IncomingMessage];
    return { status: response.statusCode ?? 0, headers: response.headers, text: await text(response) };
  }

  async close(): Promise<void> {
    const exit = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exit;
    await rm(this.directory, { recursive: true });
  }
}
