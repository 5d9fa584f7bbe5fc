import { createRequire } from 'node:module';
import type { Tree } from '@angular-devkit/schematics';

type Versions = Readonly<Record<string, string>>;

/** The fields of a `package.json` that the generators read. */
export interface PackageFile {
  readonly name?: string;
  readonly version?: string;
  readonly type?: string;
  readonly scripts?: Versions;
  readonly dependencies?: Versions;
  readonly devDependencies?: Versions;
  readonly peerDependencies?: Versions;
  readonly jest?: { readonly preset?: string };
}

const PATH = 'package.json';

/** Reads `package.json` of this package. */
export function readOwnPackage(): PackageFile {
  return createRequire(import.meta.url)('nestjs-mcp-auth/package.json') as PackageFile;
}

/**
 * Reads `package.json` of the project.
 *
 * @throws Error if there is none
 */
export function readPackage(tree: Tree): PackageFile {
  const text = tree.readText(existing(tree));
  return JSON.parse(text) as PackageFile;
}

function existing(tree: Tree): string {
  if (!tree.exists(PATH))
    throw new Error('There is no package.json here. Run the command in the folder of the project');
  return PATH;
}

/** Whether a package is among the dependencies of the project. */
export function has({ dependencies, devDependencies }: PackageFile, name: string): boolean {
  return dependencies?.[name] !== undefined || devDependencies?.[name] !== undefined;
}

/** The first number of the version that a project asks for, such as 11 for `^11.0.1`. `undefined` if it does not. */
export function readMajor({ dependencies, devDependencies }: PackageFile, name: string): number | undefined {
  const range = dependencies?.[name] ?? devDependencies?.[name];
  const [major] = /\d+/.exec(range ?? '') ?? [];
  return major === undefined ? undefined : Number(major);
}

/** Says what keeps the generated files from compiling, if the project has the zod before the one that they are written for. */
export function findZodProblem(manifest: PackageFile): string | undefined {
  if (readMajor(manifest, 'zod') !== 3) return undefined;
  return 'The files need zod 4, and package.json has zod 3. Install it: npm install zod@4';
}

/**
 * Adds packages to `package.json`. Those that are there keep their versions.
 *
 * @returns the names of those that were added
 */
export function addPackages(
  tree: Tree,
  field: 'dependencies' | 'devDependencies',
  packages: Versions,
): readonly string[] {
  const manifest = readPackage(tree);
  const added = Object.entries(packages).filter(([name]) => !has(manifest, name));
  if (added.length === 0) return [];
  const all = Object.entries({ ...manifest[field], ...Object.fromEntries(added) });
  const sorted = Object.fromEntries(all.sort(([one], [other]) => (one < other ? -1 : 1)));
  writeJson(tree, PATH, { ...manifest, [field]: sorted });
  return added.map(([name]) => name);
}

/** Writes a file of JSON with the indentation that it has. */
export function writeJson(tree: Tree, path: string, value: unknown): void {
  const [, indent = '  '] = /^\{\r?\n([ \t]+)/.exec(tree.readText(path)) ?? [];
  tree.overwrite(path, `${JSON.stringify(value, null, indent)}\n`);
}
