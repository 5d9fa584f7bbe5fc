import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { listen } from '../../support/listen.js';
import { ENVIRONMENT_OF_A_PROJECT } from '../../support/node-release.js';

const exec = promisify(execFile);

/** What a terminal has. Jest's own `NODE_ENV` would make the application one that is tested. */
const ENVIRONMENT = Object.fromEntries(
  Object.entries(ENVIRONMENT_OF_A_PROJECT).filter(([name]) => name !== 'NODE_ENV'),
);

/** A module that says when a server listens. Nest says that it has started before it listens. */
const SAY_LISTENING = `data:text/javascript,${encodeURIComponent(`
import { Server } from 'node:net';
const { listen } = Server.prototype;
Server.prototype.listen = function (...args) {
  this.once('listening', () => console.log('The server listens'));
  return listen.apply(this, args);
};`)}`;

/** An application that runs. */
export interface Started {
  /** Where it listens: `http://localhost:53412`. */
  readonly origin: string;
  /** Stops it by a signal. */
  stop(): Promise<{ code: number | null; log: string }>;
}

/** A project that `nest new` has made. */
export class NewProject {
  private constructor(
    /** Folder of the project. */
    readonly path: string,
    private readonly registry: string,
  ) {}

  /**
   * Makes a project by the CLI of Nest.
   *
   * @param parent - folder in which it is made
   * @param major - major of the CLI
   * @param registry - URL of the registry from which packages are installed
   */
  static async create(parent: string, major: number, registry: string): Promise<NewProject> {
    const folder = await mkdtemp(join(parent, `nest-${String(major)}-`));
    const cli = new NewProject(folder, registry);
    await cli.run(
      'npx',
      '--yes',
      `@nestjs/cli@${String(major)}`,
      'new',
      'app',
      '--skip-git',
      '--package-manager',
      'npm',
    );
    return new NewProject(join(folder, 'app'), registry);
  }

  /**
   * Runs a command in the folder of the project.
   *
   * @returns what it writes
   * @throws Error with what it has written, if it fails
   */
  async run(command: string, ...args: readonly string[]): Promise<string> {
    const env = {
      ...ENVIRONMENT,
      npm_config_registry: this.registry,
      npm_config_prefer_offline: 'true',
      npm_config_audit: 'false',
      npm_config_fund: 'false',
      CI: '1',
      NO_COLOR: '1',
    };
    const running = exec(command, [...args], { cwd: this.path, env, maxBuffer: 64 * 1024 * 1024 });
    running.child.stdin?.end();
    const { stdout, stderr } = await running.catch((error: unknown) => {
      const { stdout: out, stderr: err } = error as { stdout: string; stderr: string };
      throw new Error(`${[command, ...args].join(' ')}\n${out}${err}`, { cause: error });
    });
    return `${stdout}${stderr}`;
  }

  /** The files below a folder, by their paths in the project. */
  async read(folder: string): Promise<ReadonlyMap<string, string>> {
    const entries = await readdir(join(this.path, folder), { recursive: true, withFileTypes: true });
    const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
    const files = paths.map(async (path) => [path.slice(this.path.length + 1), await readFile(path, 'utf8')] as const);
    return new Map(await Promise.all(files));
  }

  /** Gives variables in `.env` other values. */
  async setVariables(values: Readonly<Record<string, string>>): Promise<void> {
    const path = join(this.path, '.env');
    let text = await readFile(path, 'utf8');
    for (const [name, value] of Object.entries(values))
      text = text.replace(new RegExp(`^${name}=.*$`, 'm'), `${name}=${value}`);
    await writeFile(path, text);
  }

  /** Starts what `npm run build` has made, on a free port. `MCP_RESOURCE` has this port afterwards. */
  async start(): Promise<Started> {
    const { origin: free, close } = await listen();
    await close();
    const { port } = new URL(free);
    const origin = `http://localhost:${port}`;
    await this.setVariables({ MCP_RESOURCE: `${origin}/mcp` });
    const env = { ...ENVIRONMENT, PORT: port, NO_COLOR: '1' };
    const args = ['--import', SAY_LISTENING, 'dist/main.js'];
    const child = spawn(process.execPath, args, { cwd: this.path, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = once(child, 'close');
    let log = '';
    child.stderr.on('data', (chunk) => (log += String(chunk)));
    await new Promise<void>((resolve) => {
      createInterface(child.stdout)
        .on('line', (line) => {
          log += `${line}\n`;
          if (line === 'The server listens') resolve();
        })
        .once('close', resolve);
    });
    const stop = async () => {
      child.kill('SIGTERM');
      await ended;
      return { code: child.exitCode, log };
    };
    if (child.exitCode === null) return { origin, stop };
    throw new Error(log);
  }
}
