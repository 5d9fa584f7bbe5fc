import { join } from 'node:path';

/**
 * What the preset `nestjs-mcp-auth/esm` of jest maps, for projects whose tests run as ES modules: jest gets packages in
 * CommonJS that need ES modules, and that this package needs, as ES modules.
 */
const moduleNameMapper: Record<string, string> = {
  '^(@nestjs/throttler|jwks-rsa)$': join(__dirname, '../modules/$1.js'),
};

export = { moduleNameMapper };
