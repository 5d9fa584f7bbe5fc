import type { Rule } from '@angular-devkit/schematics';
import { quote } from '../../class-source/source-text.js';
import { loadProjectPackages } from '../project/project-packages.js';
import { readProject } from '../project/project.js';
import { readNames } from '../sources/names.js';
import { addClass, listDownstreams, toBasePath, type ClassOptions } from './add-class.js';

/** Options of `nest g -c nestjs-mcp-auth openapi`. */
export interface OpenApiOptions extends ClassOptions {
  /** Path or URL of the document. */
  readonly document: string;
}

/** Writes a class that offers the operations of an OpenAPI document, and adds it to the nearest module. */
export function generateOpenApi(options: OpenApiOptions): Rule {
  return async (tree, context) => {
    const project = readProject(tree, options);
    const packages = loadProjectPackages();
    const names = readNames(options.name);
    const present = listDownstreams(tree, project.sourceRoot, packages.typescript);
    const [only, ...others] = present;
    const downstream = options.downstream ?? (others.length === 0 && only !== undefined ? only : names.file);
    if (!present.includes(downstream))
      context.logger.warn(`Add the downstream "${downstream}" to the options of McpAuthModule.`);
    const className = `${names.type}Api`;
    const path = `${toBasePath(project, options, names)}.api.ts`;
    const text = `import { Injectable } from '@nestjs/common';
import { McpOpenApi } from 'nestjs-mcp-auth';

@Injectable()
@McpOpenApi({ downstream: ${quote(downstream)}, document: ${quote(options.document)} })
export class ${className} {}
`;
    const written = { className, path, files: new Map([[path, text]]) };
    await addClass(tree, context, { project, packages }, written, options.skipImport);
    context.logger.info(`See what it offers: npx nestjs-mcp-auth openapi ${options.document}`);
  };
}
