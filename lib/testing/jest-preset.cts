import { join } from 'node:path';

/**
 * What the preset `nestjs-mcp-auth` of jest maps, for projects whose tests run in CommonJS: jest gets this package in
 * CommonJS, with the packages in it that are ES modules alone.
 */
const moduleNameMapper: Record<string, string> = {
  '^nestjs-mcp-auth$': join(__dirname, '../commonjs/index.cjs'),
  '^nestjs-mcp-auth/dialects$': join(__dirname, '../commonjs/dialects.cjs'),
  '^nestjs-mcp-auth/testing$': join(__dirname, '../commonjs/testing/index.cjs'),
  '^nestjs-mcp-auth/testing/jest$': join(__dirname, '../commonjs/testing/jest.cjs'),
};

export = { moduleNameMapper };
