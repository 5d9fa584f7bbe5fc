import { posix } from 'node:path';
import type { Tree } from '@angular-devkit/schematics';
import { has, readPackage, type PackageFile } from './package-file.js';

/** What serves HTTP. */
export type Platform = 'express' | 'fastify';

/** What runs the tests. */
export type Runner = 'jest' | 'vitest';

/** What the CLI of Nest says of the application. */
export interface ProjectOptions {
  /** Folder of the sources, from the folder of the workspace: `src`, or `apps/api/src`. */
  readonly sourceRoot?: string;
  /** Name of the application in `nest-cli.json`. */
  readonly project?: string;
}

/** An application of Nest, as the generators need to know it. */
export interface Project {
  readonly sourceRoot: string;
  /** Folder of the application: empty, or `apps/api`. */
  readonly root: string;
  /** The file that starts the application: `src/main.ts`. */
  readonly mainFile: string;
  readonly manifest: PackageFile;
  /** What imports of its own files end with. */
  readonly extension: '' | '.js';
  readonly runner: Runner;
  /** Whether test files use `describe` and the others without an import. */
  readonly hasGlobals: boolean;
}

/**
 * Finds out what an application is like.
 *
 * @throws Error if there is no application of Nest in TypeScript
 */
export function readProject(tree: Tree, options: ProjectOptions): Project {
  const manifest = readPackage(tree);
  const sourceRoot = findSourceRoot(tree, options);
  if (tree.getDir(sourceRoot).subfiles.length === 0 && tree.getDir(sourceRoot).subdirs.length === 0) {
    throw new Error(`The folder ${sourceRoot} is empty. Name the folder of the sources: --source-root=src`);
  }
  const runner: Runner = has(manifest, 'vitest') && !has(manifest, 'ts-jest') ? 'vitest' : 'jest';
  return {
    sourceRoot,
    root: posix.dirname(sourceRoot) === '.' ? '' : posix.dirname(sourceRoot),
    mainFile: findMainFile(tree, sourceRoot),
    manifest,
    extension: manifest.type === 'module' ? '.js' : '',
    runner,
    hasGlobals: runner === 'jest' && has(manifest, '@types/jest'),
  };
}

/** Options of `nest-cli.json` that are read where the CLI does not hand them over. */
interface NestCli extends NestCliProject {
  readonly projects?: Readonly<Record<string, NestCliProject | undefined>>;
}

interface NestCliProject {
  readonly sourceRoot?: string;
  /** Name of the file that starts the application, without its ending. */
  readonly entryFile?: string;
}

function readNestCli(tree: Tree): NestCli {
  return tree.exists('nest-cli.json') ? (JSON.parse(tree.readText('nest-cli.json')) as NestCli) : {};
}

/** The file that starts the application, which is `main.ts` unless `nest-cli.json` says another. */
function findMainFile(tree: Tree, folder: string): string {
  const cli = readNestCli(tree);
  const ofFolder = Object.values(cli.projects ?? {}).find(
    (one) => one?.sourceRoot !== undefined && posix.normalize(one.sourceRoot) === folder,
  );
  const name = (ofFolder?.entryFile ?? cli.entryFile ?? 'main').replace(/\.js$/, '');
  const path = posix.join(folder, `${name}.ts`);
  // The name may have a folder of what is built before it, as in `apps/api/src/main`.
  return tree.exists(path) ? path : posix.join(folder, `${posix.basename(name)}.ts`);
}

function findSourceRoot(tree: Tree, { sourceRoot, project }: ProjectOptions): string {
  // The CLI of Nest writes what it does not know as a text.
  if (sourceRoot !== undefined && sourceRoot !== '' && sourceRoot !== 'undefined') return posix.normalize(sourceRoot);
  const cli = readNestCli(tree);
  if (project === undefined) return posix.normalize(cli.sourceRoot ?? 'src');
  const found = cli.projects?.[project]?.sourceRoot;
  if (found === undefined) throw new Error(`nest-cli.json has no project "${project}"`);
  return posix.normalize(found);
}

const TEST = /[.-](spec|test)\.[cm]?ts$/;

/** The files of TypeScript below a folder, but for those of tests. */
export function listSources(tree: Tree, folder: string): readonly string[] {
  return listFiles(tree, folder).filter((path) => !TEST.test(path));
}

/** The files of tests below folders. */
export function listTests(tree: Tree, folders: readonly string[]): readonly string[] {
  return folders.flatMap((folder) => listFiles(tree, folder).filter((path) => TEST.test(path)));
}

function listFiles(tree: Tree, folder: string): readonly string[] {
  const paths: string[] = [];
  tree.getDir(folder).visit((path) => {
    if (/\.[cm]?ts$/.test(path) && !/\.d\.[cm]?ts$|\/node_modules\//.test(path)) paths.push(path.replace(/^\//, ''));
  });
  return paths;
}
