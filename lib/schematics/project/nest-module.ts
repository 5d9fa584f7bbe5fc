import { posix } from 'node:path';
import type { Tree } from '@angular-devkit/schematics';
import type { ProjectPackages } from './project-packages.js';
import { applyEdits, findImport, importEdit, parse } from './text-edits.js';

/** A class that a module is to know. */
export interface Declaration {
  readonly metadata: 'imports' | 'providers';
  readonly className: string;
  /** File of the class. */
  readonly path: string;
  /** What imports of the project end with. */
  readonly extension: string;
}

/** Finds the module that is nearest to a folder, as the generators of Nest do. */
export function findNearestModule(tree: Tree, folder: string): string | undefined {
  for (let current = folder; ; current = posix.dirname(current)) {
    const found = tree.getDir(current).subfiles.find((name) => name.endsWith('.module.ts'));
    if (found !== undefined) return posix.join(current, found);
    if (current === '.' || current === '/' || current === '') return undefined;
  }
}

/**
 * Adds a class to a list in the metadata of a module, by the editor of `@nestjs/schematics`.
 *
 * @returns whether the module has the class now. It has not where its metadata is no literal: then nothing is changed
 */
export function declareInModule(
  tree: Tree,
  modulePath: string,
  { metadata, className, path, extension }: Declaration,
  { MetadataManager, typescript }: ProjectPackages,
): boolean {
  const text = tree.readText(modulePath);
  const file = parse(typescript, modulePath, text);
  if (findImport(typescript, file, className) !== undefined) return true;
  const changed = new MetadataManager(text).insert(metadata, className);
  if (changed === undefined || changed === text) return false;
  const line = `import { ${className} } from '${relativeImport(modulePath, path, extension)}';`;
  tree.overwrite(
    modulePath,
    applyEdits(changed, [importEdit(typescript, parse(typescript, modulePath, changed), line)]),
  );
  return true;
}

/** How one file imports another. */
export function relativeImport(from: string, to: string, extension: string): string {
  const path = posix.relative(posix.dirname(from), to.replace(/\.ts$/, ''));
  return `${path.startsWith('.') ? path : `./${path}`}${extension}`;
}
