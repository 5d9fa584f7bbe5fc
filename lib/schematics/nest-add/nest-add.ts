import { posix } from 'node:path';
import type { Rule, SchematicContext, Tree } from '@angular-devkit/schematics';
import { addVariables } from '../project/environment-file.js';
import { editFormatted } from '../project/format-files.js';
import { setJestPreset } from '../project/jest-preset.js';
import { enableShutdownHooks, readMainFile, useFastify, type MainFile } from '../project/main-file.js';
import { declareInModule } from '../project/nest-module.js';
import { findZodProblem } from '../project/package-file.js';
import { loadProjectPackages, type ProjectPackages } from '../project/project-packages.js';
import {
  listSources,
  listTests,
  readProject,
  type Platform,
  type Project,
  type ProjectOptions,
} from '../project/project.js';
import { identityProviders, type ProviderName } from '../sources/identity-providers.js';
import { readNames } from '../sources/names.js';
import { writeOffer, type Offer } from '../sources/offer-source.js';
import { writeOfferSpec } from '../sources/offer-spec-source.js';
import { listVariables, writeConfig, writeModule, writeModuleSpec, type Server } from '../sources/server-source.js';
import { writeTestSource } from '../sources/test-source.js';
import { addDependencies } from './dependencies.js';

/** Options of `nest add nestjs-mcp-auth`. */
export interface NestAddOptions extends ProjectOptions {
  readonly provider?: ProviderName;
  readonly platform?: Platform | 'detect';
  readonly skipInstall?: boolean;
}

/** The tool that a new server begins with, and the API that it calls. */
const TOOL: Offer = { kind: 'tool', names: readNames('items'), downstream: 'api' };

/** Adds a protected MCP server to an application: `nest add nestjs-mcp-auth`. */
export function nestAdd(options: NestAddOptions): Rule {
  return async (tree, context) => {
    const project = readProject(tree, options);
    const present = listSources(tree, project.sourceRoot).find((path) => tree.readText(path).includes('McpAuthModule'));
    if (present !== undefined) {
      context.logger.info(`${present} has McpAuthModule already. Nothing is changed.`);
      return;
    }
    const packages = loadProjectPackages();
    const main = readMainFile(tree, project.mainFile, packages.typescript);
    const provider = options.provider ?? 'other';
    await addServer(tree, context, { project, packages, main, provider, platform: choosePlatform(options, main) });
    if (addDependencies(tree, project, choosePlatform(options, main)) && options.skipInstall !== true) {
      // What `NodePackageInstallTask` says. The package that has it is not among those that servers need.
      context.addTask({
        toConfiguration: () => ({ name: 'node-package', options: { command: 'install', quiet: true } }),
      });
    }
  };
}

interface Addition {
  readonly project: Project;
  readonly packages: ProjectPackages;
  readonly main: MainFile | undefined;
  readonly provider: ProviderName;
  readonly platform: Platform;
}

/** @throws Error if Express is wanted where Fastify serves */
function choosePlatform({ platform = 'detect' }: NestAddOptions, main: MainFile | undefined): Platform {
  const present = main?.platform ?? 'express';
  if (platform === 'express' && present === 'fastify') {
    throw new Error(
      `${main?.path ?? 'main.ts'} creates the application on Fastify. Leave --platform out to stay with it`,
    );
  }
  return platform === 'detect' ? present : platform;
}

async function addServer(tree: Tree, context: SchematicContext, addition: Addition): Promise<void> {
  const { project, packages, main, platform } = addition;
  const { extension, sourceRoot, manifest, root } = project;
  const folder = posix.join(sourceRoot, 'mcp');
  const provider = identityProviders[addition.provider];
  const server: Server = {
    name: root === '' ? (manifest.name ?? 'mcp') : posix.basename(root),
    version: manifest.version ?? '0.0.1',
    provider,
    tool: TOOL,
    hasConfig: listSources(tree, sourceRoot).some((path) => tree.readText(path).includes('ConfigModule.forRoot')),
    extension,
  };
  const variables = listVariables(server);
  const test = writeTestSource(project, platform);
  const files = {
    'mcp.config.ts': writeConfig(variables),
    'mcp.module.ts': writeModule(server),
    'mcp.module.spec.ts': writeModuleSpec(test, extension),
    'items.tools.ts': writeOffer(TOOL),
    'items.tools.spec.ts': writeOfferSpec(TOOL, test, extension),
  };
  const left: string[] = [];
  await editFormatted(tree, () => {
    const paths = Object.entries(files).map(([name, text]) => {
      tree.create(posix.join(folder, name), text);
      return posix.join(folder, name);
    });
    const module = main?.module ?? posix.join(sourceRoot, 'app.module.ts');
    const declaration = {
      metadata: 'imports',
      className: 'McpModule',
      path: posix.join(folder, 'mcp.module.ts'),
      extension,
    } as const;
    if (!tree.exists(module) || !declareInModule(tree, module, declaration, packages))
      left.push(`Add McpModule, of ${declaration.path}, to the imports of the module of your application.`);
    if (main !== undefined && platform !== main.platform) {
      useFastify(tree, main.path, packages.typescript);
      for (const path of listTests(tree, [sourceRoot, posix.join(root, 'test')]))
        if (tree.readText(path).includes('createNestApplication()'))
          left.push(`${path} still tests on Express. Pass new FastifyAdapter() to createNestApplication there.`);
    }
    if (main === undefined || !enableShutdownHooks(tree, main.path, packages.typescript))
      left.push('Call app.enableShutdownHooks() before app.listen(), so that calls finish when the server stops.');
    return [...paths, ...(tree.exists(module) ? [module] : []), ...(main === undefined ? [] : [main.path])];
  });
  addVariables(tree, '.env.example', variables);
  addVariables(tree, '.env', variables);
  const zodProblem = findZodProblem(manifest);
  if (zodProblem !== undefined) left.push(zodProblem);
  if (project.runner === 'jest') {
    left.push(
      ...setJestPreset(tree, project).map(
        (path) => `Make jest load the package, in ${path}: node_modules/nestjs-mcp-auth/docs/guides/testing.md.`,
      ),
    );
  }
  context.logger.info(`The values of ${provider.title} go into .env. The comments there say where each is found.`);
  context.logger.info(`What to set up there: node_modules/nestjs-mcp-auth/${provider.page}`);
  for (const line of left) context.logger.warn(line);
}
