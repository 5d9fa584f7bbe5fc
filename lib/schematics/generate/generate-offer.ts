import type { Rule } from '@angular-devkit/schematics';
import { readMainFile } from '../project/main-file.js';
import { findZodProblem } from '../project/package-file.js';
import { loadProjectPackages } from '../project/project-packages.js';
import { readProject } from '../project/project.js';
import { readNames } from '../sources/names.js';
import { SUFFIXES, toClassName, writeOffer, type OfferKind } from '../sources/offer-source.js';
import { writeOfferSpec } from '../sources/offer-spec-source.js';
import { writeTestSource } from '../sources/test-source.js';
import { addClass, listDownstreams, toBasePath, type ClassOptions } from './add-class.js';

/** Options of `nest g -c nestjs-mcp-auth tool`, as of Nest's own generators. */
export interface GenerateOptions extends ClassOptions {
  readonly spec?: boolean;
  readonly specFileSuffix?: string;
}

/** Writes a class with one tool, resource or prompt, and its test, and adds it to the nearest module. */
export function generateOffer(kind: OfferKind, options: GenerateOptions): Rule {
  return async (tree, context) => {
    const project = readProject(tree, options);
    const packages = loadProjectPackages();
    const names = readNames(options.name);
    const [only, ...others] = listDownstreams(tree, project.sourceRoot, packages.typescript);
    const downstream = options.downstream ?? (others.length === 0 ? only : undefined);
    const offer = { kind, names, ...(kind !== 'prompt' && { downstream }) };
    const path = `${toBasePath(project, options, names)}.${SUFFIXES[kind]}.ts`;
    const files = new Map([[path, writeOffer(offer)]]);
    if (options.spec !== false) {
      const main = readMainFile(tree, project.mainFile, packages.typescript);
      const test = writeTestSource(project, main?.platform ?? 'express');
      const spec = path.replace(/ts$/, `${options.specFileSuffix ?? 'spec'}.ts`);
      files.set(spec, writeOfferSpec(offer, test, project.extension));
    }
    const written = { className: toClassName(offer), path, files };
    await addClass(tree, context, { project, packages }, written, options.skipImport);
    const zodProblem = findZodProblem(project.manifest);
    if (zodProblem !== undefined) context.logger.warn(zodProblem);
  };
}
