import { readFileSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { linkPackages } from '../support/linked-packages.js';
import type { Row } from './matrix.js';

/** What `nest new` writes into `tsconfig.json`, in part. */
const TYPESCRIPT_OF_NEST_NEW = {
  esModuleInterop: true,
  declaration: true,
  emitDecoratorMetadata: true,
  experimentalDecorators: true,
  target: 'ES2022',
  outDir: './dist',
  skipLibCheck: true,
  strict: true,
  strictPropertyInitialization: false,
  types: ['node'],
};

/** Packages that run tests, beside Nest. */
const RUNNERS = {
  jest: '^30.0.0',
  'ts-jest': '^29.4.0',
  '@jest/globals': '^30.0.0',
  expect: '^30.0.0',
  '@swc/core': '^1.15.0',
  '@swc/jest': '^0.2.39',
  vitest: '^4.1.2',
  typescript: '^5.9.0',
};

/** A project of somebody who has installed the package. */
export interface ProjectSource {
  readonly nest: Row['nest'];
  readonly modules: Row['modules'];
  /** Fields of `package.json`. */
  readonly manifest: object;
  /** Options of the compiler, besides those of `nest new`. */
  readonly typescript: object;
  /** Files in `src`, besides the application. */
  readonly sources: Readonly<Record<string, string>>;
  /** Other files. */
  readonly files?: Readonly<Record<string, string>> | undefined;
}

/**
 * Writes projects below a folder. Those of one major of Nest share what is installed.
 */
export class Projects {
  readonly #installed = new Map<number, Promise<string>>();

  constructor(
    private readonly folder: string,
    private readonly tarball: string,
  ) {}

  /** @returns where the project is. Its packages are in `../node_modules`. */
  async write({ nest, modules, manifest, typescript, sources, files }: ProjectSource): Promise<string> {
    const installed = this.#installed.get(nest) ?? this.#install(nest);
    this.#installed.set(nest, installed);
    const path = await mkdtemp(join(await installed, 'project-'));
    await cp('test/package/application', join(path, 'src'), { recursive: true });
    const compilerOptions = { ...TYPESCRIPT_OF_NEST_NEW, ...typescript };
    const all = {
      'package.json': JSON.stringify({ private: true, ...manifest }),
      'tsconfig.json': JSON.stringify({ compilerOptions, include: ['src'] }),
      ...Object.fromEntries(Object.entries(sources).map(([name, text]) => [`src/${name}`, text])),
      ...files,
    };
    for (const [name, content] of Object.entries(all)) await writeFile(join(path, name), content);
    if (modules === 'CommonJS') await leaveOutExtensions(join(path, 'src'));
    return path;
  }

  async #install(major: Row['nest']): Promise<string> {
    const path = await mkdtemp(join(this.folder, `nest-${major}-`));
    const { dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as Record<
      'dependencies' | 'devDependencies',
      Record<string, string>
    >;
    const nest = ['common', 'core', 'platform-express', 'platform-fastify', 'testing'];
    const own = ['reflect-metadata', 'rxjs', '@modelcontextprotocol/client', '@types/node'];
    const packages = {
      ...Object.fromEntries(nest.map((name) => [`@nestjs/${name}`, `^${major}.0.0`])),
      ...Object.fromEntries(own.map((name) => [name, devDependencies[name]])),
      zod: dependencies.zod,
      ...RUNNERS,
    };
    await linkPackages(
      path,
      Object.entries(packages).map(([name, range]) => `${name}@${range}`),
      this.tarball,
    );
    return path;
  }
}

/** In CommonJS own files are imported without `.js`. */
async function leaveOutExtensions(path: string): Promise<void> {
  for (const name of await readdir(path)) {
    const file = join(path, name);
    await writeFile(file, (await readFile(file, 'utf8')).replaceAll(/'(\.\/[\w.]+)\.js'/g, "'$1'"));
  }
}
