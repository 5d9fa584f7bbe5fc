import { createRequire } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';
import type { MetadataManager } from '@nestjs/schematics';
import type typescript from 'typescript';

/** What the generators take from the project: Nest's editor of modules, and the compiler that it works with. */
export interface ProjectPackages {
  readonly MetadataManager: typeof MetadataManager;
  readonly typescript: typeof typescript;
}

/**
 * Loads what edits files from the project, or else from the CLI that runs. This package does not depend on it: servers in
 * production would install it, too. A package manager that keeps packages apart, such as pnpm, would not let this package
 * find it from its own folder.
 *
 * @throws Error if neither has `@nestjs/schematics`
 */
export function loadProjectPackages(): ProjectPackages {
  for (const start of [join(process.cwd(), 'package.json'), process.argv[1] ?? '']) {
    const path = resolve('@nestjs/schematics', start) ?? resolveFromCli(start);
    if (path === undefined) continue;
    const require = createRequire(path);
    return {
      MetadataManager: (require(path) as { MetadataManager: typeof MetadataManager }).MetadataManager,
      typescript: require('typescript') as typeof typescript,
    };
  }
  throw new Error('@nestjs/schematics is not installed. Install it: npm install --save-dev @nestjs/schematics');
}

function resolveFromCli(start: string): string | undefined {
  const cli = resolve('@nestjs/cli/package.json', start);
  return cli === undefined ? undefined : resolve('@nestjs/schematics', cli);
}

function resolve(name: string, start: string): string | undefined {
  try {
    return createRequire(start).resolve(name);
  } catch {
    return undefined;
  }
}
