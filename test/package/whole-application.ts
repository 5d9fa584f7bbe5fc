import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { Agent, fetch as fetchBy } from 'undici';
import { examplesIn } from '../docs/documents.js';
import { linkPackages } from '../support/linked-packages.js';
import { ENVIRONMENT_OF_A_PROJECT } from '../support/node-release.js';
import { ProxyProcess } from '../support/proxy-process.js';
import { pack } from './tarball.js';

const exec = promisify(execFile);

const DOCUMENT = 'docs/guides/application.md';

/** Where clients find it. */
export const RESOURCE = 'https://gw.acme.example/orders/mcp';

/** What `nest new` of Nest 11 installs, in part. */
const PACKAGES_OF_NEST_NEW = [
  ...['common', 'core', 'platform-express', 'testing'].map((name) => `@nestjs/${name}@11`),
  ...['reflect-metadata@0.2', 'rxjs@7', 'typescript@5.9', '@types/node@22', '@types/express@5'],
  ...['jest@30', 'ts-jest@29', '@types/jest@30'],
];

/** What `nest new` of Nest 11 writes into `tsconfig.json`. */
const TYPESCRIPT_OF_NEST_NEW = {
  module: 'nodenext',
  moduleResolution: 'nodenext',
  resolvePackageJsonExports: true,
  esModuleInterop: true,
  isolatedModules: true,
  declaration: true,
  removeComments: true,
  emitDecoratorMetadata: true,
  experimentalDecorators: true,
  allowSyntheticDefaultImports: true,
  target: 'ES2023',
  sourceMap: true,
  outDir: './dist',
  skipLibCheck: true,
  strictNullChecks: true,
  forceConsistentCasingInFileNames: true,
  noImplicitAny: true,
  strictBindCallApply: true,
  noFallthroughCasesInSwitch: true,
};

/** What `nest new` of Nest 11 writes into `package.json` for jest. */
const JEST_OF_NEST_NEW = {
  moduleFileExtensions: ['js', 'json', 'ts'],
  rootDir: 'src',
  testRegex: String.raw`.*\.spec\.ts$`,
  transform: { '^.+\\.(t|j)s$': 'ts-jest' },
  collectCoverageFrom: ['**/*.(t|j)s'],
  coverageDirectory: '../coverage',
  testEnvironment: 'node',
};

const TEXT = readFileSync(DOCUMENT, 'utf8');

function readBlocks(language: string): readonly string[] {
  return [...TEXT.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'gm'))].map(([, code = '']) => code);
}

/** The application of `docs/guides/application.md`, as a project of its own with the packed package. */
export class WholeApplication {
  private constructor(private readonly folder: string) {}

  /** Installs the packages that the document names, writes its files, and compiles them. */
  static async create(): Promise<WholeApplication> {
    const folder = await mkdtemp(join(tmpdir(), 'application-'));
    const { path: tarball } = await pack(folder);
    const named = readBlocks('sh').flatMap((block) =>
      [...block.matchAll(/^npm install (?:--save-dev )?(.*)$/gm)].flatMap(([, names = '']) => names.split(' ')),
    );
    const [preset = ''] = readBlocks('json');
    const jest = { ...JEST_OF_NEST_NEW, ...(JSON.parse(preset) as object) };
    const files = new Map([
      ['package.json', JSON.stringify({ private: true, jest })],
      ['tsconfig.json', JSON.stringify({ compilerOptions: TYPESCRIPT_OF_NEST_NEW, include: ['src'] })],
      ...examplesIn([DOCUMENT]).flatMap(({ path, code }) => (path === undefined ? [] : [[path, code] as const])),
    ]);
    for (const [name, content] of files) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), content);
    }
    const packages = named.filter((name) => name !== 'nestjs-mcp-auth');
    await linkPackages(folder, [...PACKAGES_OF_NEST_NEW, ...packages], tarball);
    const application = new WholeApplication(folder);
    await application.#run('node_modules/typescript/bin/tsc');
    return application;
  }

  /** Runs its own tests. */
  async test(): Promise<string> {
    return await this.#run('node_modules/jest/bin/jest.js');
  }

  /** Starts it behind its gateway. */
  async start(settings: Readonly<Record<string, string>>): Promise<RunningApplication> {
    return await RunningApplication.start(this.folder, settings);
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true });
  }

  async #run(script: string): Promise<string> {
    const env = { ...ENVIRONMENT_OF_A_PROJECT, CI: '1', NO_COLOR: '1' };
    try {
      const { stdout, stderr } = await exec(process.execPath, [script], { cwd: this.folder, env });
      return `${stdout}${stderr}`;
    } catch (error) {
      const { stdout, stderr } = error as { stdout: string; stderr: string };
      throw new Error(`${script}: ${stdout}${stderr}`, { cause: error });
    }
  }
}

/** A process of the application, and the nginx before it. */
export class RunningApplication {
  /** What the process has written. */
  log = '';

  private constructor(
    private readonly process: ChildProcess,
    private readonly gateway: ProxyProcess,
    private readonly socket: string,
  ) {}

  static async start(folder: string, settings: Readonly<Record<string, string>>): Promise<RunningApplication> {
    const socket = join(await mkdtemp(join(tmpdir(), 'application-')), 'socket');
    const [locations = ''] = readBlocks('nginx');
    const gateway = await ProxyProcess.startNginx(
      locations.replaceAll('http://orders:3000', 'http://orders'),
      `upstream orders { server unix:${socket}; }`,
    );
    const env = {
      ...ENVIRONMENT_OF_A_PROJECT,
      RESOURCE,
      JWT_SECRET: 'a secret of the tests',
      PORT: socket,
      ...settings,
    };
    const child = spawn(process.execPath, ['dist/main.js'], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const application = new RunningApplication(child, gateway, socket);
    child.stderr.on('data', (chunk) => (application.log += String(chunk)));
    await new Promise<void>((resolve) => {
      createInterface(child.stdout)
        .on('line', (line) => {
          application.log += `${line}\n`;
          if (line.includes('Nest application successfully started')) resolve();
        })
        .once('close', resolve);
    });
    if (child.exitCode === null) return application;
    await application.close();
    throw new Error(application.log);
  }

  /** Reaches the application through its gateway, and everything else as it is. */
  readonly fetch = async (input: string | URL, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(input);
    if (url.host !== new URL(RESOURCE).host) return await fetch(url, init);
    // The gateway would end TLS.
    url.protocol = 'http:';
    const { socket: socketPath } = this.gateway;
    const options = { ...init, dispatcher: new Agent({ connect: { socketPath } }) } as Parameters<typeof fetchBy>[1];
    return (await fetchBy(url, options)) as unknown as Response;
  };

  async close(): Promise<void> {
    const { process: child } = this;
    if (child.exitCode === null) {
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      await exit;
    }
    await this.gateway.close();
    await rm(dirname(this.socket), { recursive: true });
  }
}
