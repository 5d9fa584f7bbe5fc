import type { Tree } from '@angular-devkit/schematics';
import { addPackages, readMajor, readOwnPackage } from '../project/package-file.js';
import type { Platform, Project } from '../project/project.js';

/** Majors of `@nestjs/config`, by those of Nest that they came with. */
const CONFIG: Readonly<Record<number, string>> = { 11: '^4.0.0', 12: '^12.0.0' };

/**
 * Adds to `package.json` what the generated files import.
 *
 * @returns whether something is to be installed
 */
export function addDependencies(tree: Tree, { manifest, runner, hasGlobals }: Project, platform: Platform): boolean {
  const own = readOwnPackage();
  const nest = readMajor(manifest, '@nestjs/core') ?? 11;
  const zod = own.dependencies?.zod ?? '^4.0.0';
  const added = [
    ...addPackages(tree, 'dependencies', {
      '@nestjs/config': CONFIG[nest] ?? `^${String(nest)}.0.0`,
      ...(platform === 'fastify' && { '@nestjs/platform-fastify': `^${String(nest)}.0.0` }),
      'nestjs-mcp-auth': `^${own.version ?? '0.1.0'}`,
      zod,
    }),
    ...addPackages(tree, 'devDependencies', {
      '@modelcontextprotocol/client': own.peerDependencies?.['@modelcontextprotocol/client'] ?? '^2.0.0',
      ...(runner === 'jest' && !hasGlobals && { '@jest/globals': own.peerDependencies?.['@jest/globals'] ?? '*' }),
    }),
  ];
  return added.length > 0;
}
