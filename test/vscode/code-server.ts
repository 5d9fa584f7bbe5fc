import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** VS Code as a web application, with a home and a workspace that are forgotten at the end. */
export class CodeServer {
  private constructor(
    private readonly child: ChildProcess,
    private readonly directory: string,
    readonly origin: string,
  ) {}

  /** @param isDesktop - whether it is told that it runs where its user is */
  static async start(isDesktop: boolean): Promise<CodeServer> {
    const directory = await mkdtemp(join(tmpdir(), 'vscode-'));
    await cp(join(import.meta.dirname, 'tool-caller'), join(directory, 'extensions', 'acme.tool-caller-1.0.0'), {
      recursive: true,
    });
    const { CODE_SERVER = '', CODE_SERVER_NODE = '', PATH = '' } = process.env;
    const child = spawn(
      CODE_SERVER_NODE,
      [
        ...[CODE_SERVER, '--auth=none', '--bind-addr=127.0.0.1:0', '--disable-workspace-trust'],
        ...['--disable-telemetry', '--disable-update-check'],
        ...[`--user-data-dir=${join(directory, 'data')}`, `--extensions-dir=${join(directory, 'extensions')}`],
      ],
      {
        cwd: directory,
        env: {
          ...{ PATH, HOME: directory, TMPDIR: directory, BROWSER: 'true' },
          // It would lead browsers to loopback by a path of its own, and decode `%2B` in the `state` of VS Code on the way.
          VSCODE_PROXY_URI: '',
          ...(isDesktop && { AS_ON_A_DESKTOP: '1' }),
        },
        stdio: ['ignore', 'pipe', 'ignore'],
        // A group of its own: the server, and the hosts of extensions beneath it.
        detached: true,
      },
    );
    for await (const line of createInterface(child.stdout)) {
      const [origin] = /http:\/\/127\.0\.0\.1:\d+/.exec(line) ?? [];
      if (origin === undefined) continue;
      child.stdout.resume();
      return new CodeServer(child, directory, origin);
    }
    throw new Error('code-server did not start');
  }

  /** The folder of a project with this `mcp.json`. */
  async workspace(configuration: object): Promise<string> {
    const workspace = join(this.directory, 'orders');
    await mkdir(join(workspace, '.vscode'), { recursive: true });
    await writeFile(join(workspace, '.vscode', 'mcp.json'), JSON.stringify(configuration));
    return workspace;
  }

  async close(): Promise<void> {
    const ended = once(this.child, 'exit');
    process.kill(-(this.child.pid ?? 0), 'SIGKILL');
    await ended;
    await rm(this.directory, { recursive: true, maxRetries: 5 });
  }
}
