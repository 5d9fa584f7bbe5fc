import { posix } from 'node:path';
import type { SchematicContext, Tree } from '@angular-devkit/schematics';
import type typescript from 'typescript';
import { editFormatted } from '../project/format-files.js';
import { declareInModule, findNearestModule } from '../project/nest-module.js';
import type { ProjectPackages } from '../project/project-packages.js';
import { listSources, type Project, type ProjectOptions } from '../project/project.js';
import { findNode, parse } from '../project/text-edits.js';
import type { Names } from '../sources/names.js';

/** Options that every generator has, as Nest's own generators have them. */
export interface ClassOptions extends ProjectOptions {
  readonly name: string;
  /** Folder below that of the sources. */
  readonly path?: string;
  /** Makes no folder for the files. */
  readonly flat?: boolean;
  readonly skipImport?: boolean;
  /** Name of the downstream that is called. Defaults to the only one that the application has. */
  readonly downstream?: string;
}

/** A class that is written, and what goes with it. */
export interface WrittenClass {
  readonly className: string;
  /** Path of its file. */
  readonly path: string;
  /** Texts of all files, by their paths. */
  readonly files: ReadonlyMap<string, string>;
}

/** The path of a file, without its ending: `src/orders/orders`. */
export function toBasePath({ sourceRoot }: Project, { path = '', flat = false }: ClassOptions, names: Names): string {
  const parent = posix.join(sourceRoot, path, names.folder);
  return posix.join(parent, flat ? '' : names.file, names.file);
}

/** Writes a class, and adds it to the providers of the nearest module. */
export async function addClass(
  tree: Tree,
  context: SchematicContext,
  { project, packages }: { readonly project: Project; readonly packages: ProjectPackages },
  { className, path, files }: WrittenClass,
  skipImport = false,
): Promise<void> {
  await editFormatted(tree, () => {
    for (const [one, text] of files) tree.create(one, text);
    const paths = [...files.keys()];
    if (skipImport) return paths;
    const module = findNearestModule(tree, posix.dirname(path));
    const declaration = { metadata: 'providers', className, path, extension: project.extension } as const;
    if (module !== undefined && declareInModule(tree, module, declaration, packages)) return [...paths, module];
    context.logger.warn(`Add ${className} to the providers of a module. It was not added to any.`);
    return paths;
  });
}

/** The names in `downstreams` of the application. */
export function listDownstreams(tree: Tree, sourceRoot: string, ts: typeof typescript): readonly string[] {
  return listSources(tree, sourceRoot).flatMap((path) => {
    const text = tree.readText(path);
    if (!text.includes('McpAuthModule')) return [];
    const property = findNode(
      parse(ts, path, text),
      (node): node is typescript.PropertyAssignment =>
        ts.isPropertyAssignment(node) && node.name.getText() === 'downstreams',
    );
    if (property === undefined || !ts.isObjectLiteralExpression(property.initializer)) return [];
    return property.initializer.properties.flatMap(({ name }) =>
      name !== undefined && (ts.isIdentifier(name) || ts.isStringLiteral(name)) ? [name.text] : [],
    );
  });
}
