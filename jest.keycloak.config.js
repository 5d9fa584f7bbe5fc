import process from 'node:process';
import config from './jest.config.js';

/**
 * Against a real Keycloak, which `globalSetup` starts.
 *
 * @type {import('jest').Config}
 */
export default {
  ...config,
  testMatch: ['<rootDir>/test/keycloak/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 180_000,
  // What is recorded goes to one file.
  maxWorkers: process.env.RECORD === undefined ? 2 : 1,
  reporters: ['default', ['<rootDir>/test/support/count-reporter.js', { name: 'Keycloak' }]],
  globalSetup: '<rootDir>/test/keycloak/server/global-setup.js',
  globalTeardown: '<rootDir>/test/keycloak/server/global-teardown.js',
};
