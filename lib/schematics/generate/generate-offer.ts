import { posix } from 'node:path';
import type { Rule, Tree } from '@angular-devkit/schematics';
import type typescript from 'typescript';
import { editFormatted } from '../project/format-files.js';
import { readMainFile } from '../project/main-file.js';
import { declareInModule, findNearestModule } from '../project/nest-module.js';
import { loadProjectPackages } from '../project/project-packages.js';
import { listSources, readProject, type ProjectOptions } from '../project/project.js';
import { findNode, parse } from '../project/text-edits.js';
import { readNames } from '../sources/names.js';
import { SUFFIXES, toClassName, writeOffer, type OfferKind } from '../sources/offer-source.js';
import { writeOfferSpec } from '../sources/offer-spec-source.js';
import { writeTestSource } from '../sources/test-source.js';

/** Options of `nest g -c nestjs-mcp-auth tool`, as of Nest's own generators. */
export interface GenerateOptions extends ProjectOptions {
  readonly name: string;
  /** Folder below that of the sources. */
  readonly path?: string;
  /** Makes no folder for the files. */
  readonly flat?: boolean;
  readonly spec?: boolean;
  readonly specFileSuffix?: string;
  readonly skipImport?: boolean;
  /** Name of the downstream that is called. Defaults to the only one that the application has. */
  readonly downstream?: string;
}

/** Writes a class with one tool, resource or prompt, and its test, and adds it to the nearest module. */
export function generateOffer(kind: OfferKind, options: GenerateOptions): Rule {
  return async (tree, context) => {
    const project = readProject(tree, options);
    const packages = loadProjectPackages();
    const names = readNames(options.name);
    const downstream = options.downstream ?? findOnlyDownstream(tree, project.sourceRoot, packages.typescript);
    const offer = { kind, names, ...(kind !== 'prompt' && { downstream }) };
    const parent = posix.join(project.sourceRoot, options.path ?? '', names.folder);
    const folder = options.flat === true ? parent : posix.join(parent, names.file);
    const path = posix.join(folder, `${names.file}.${SUFFIXES[kind]}.ts`);
    const main = readMainFile(tree, project.mainFile, packages.typescript);
    const test = writeTestSource(project, main?.platform ?? 'express');
    await editFormatted(tree, () => {
      const paths = [path];
      tree.create(path, writeOffer(offer));
      if (options.spec !== false) {
        const spec = path.replace(/ts$/, `${options.specFileSuffix ?? 'spec'}.ts`);
        tree.create(spec, writeOfferSpec(offer, test, project.extension));
        paths.push(spec);
      }
      const module = options.skipImport === true ? undefined : findNearestModule(tree, folder);
      const declaration = {
        metadata: 'providers',
        className: toClassName(offer),
        path,
        extension: project.extension,
      } as const;
      if (module === undefined || !declareInModule(tree, module, declaration, packages)) {
        if (options.skipImport !== true)
          context.logger.warn(`Add ${declaration.className} to the providers of a module. It was not added to any.`);
        return paths;
      }
      return [...paths, module];
    });
  };
}

/** The name in `downstreams`, if the sources have one such name and no more. */
function findOnlyDownstream(tree: Tree, sourceRoot: string, ts: typeof typescript): string | undefined {
  const names = listSources(tree, sourceRoot).flatMap((path) => {
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
  return names.length === 1 ? names[0] : undefined;
}
