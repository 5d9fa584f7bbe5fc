import type { Platform, Project } from '../project/project.js';

/** What all test files of a project need, whatever they test. */
export interface TestSource {
  /** Imports of what runs the tests, and of the HTTP platform. */
  readonly imports: readonly string[];
  /** The argument of `createNestApplication`. */
  readonly adapter: string;
  /** A statement that adds the matchers. */
  readonly extension: string;
}

/** Writes what test files of a project begin with. */
export function writeTestSource({ runner, hasGlobals }: Project, platform: Platform): TestSource {
  const from = runner === 'vitest' ? 'vitest' : '@jest/globals';
  const isJestWithImports = runner === 'jest' && !hasGlobals;
  return {
    imports: [
      ...(platform === 'fastify' ? ["import { FastifyAdapter } from '@nestjs/platform-fastify';"] : []),
      ...(hasGlobals ? [] : [`import { afterAll, beforeAll, describe, expect, it } from '${from}';`]),
      // Adds the matchers, and their types.
      ...(isJestWithImports ? ["import 'nestjs-mcp-auth/testing/jest';"] : []),
    ],
    adapter: platform === 'fastify' ? 'new FastifyAdapter()' : '',
    extension: isJestWithImports ? '' : '\nexpect.extend(matchers);\n',
  };
}

/** Names that a test takes from the kit for tests. */
export function writeKitImport({ extension }: TestSource, names: readonly string[]): string {
  const all = extension === '' ? names : ['matchers', ...names];
  return `import { ${all.join(', ')} } from 'nestjs-mcp-auth/testing';`;
}
