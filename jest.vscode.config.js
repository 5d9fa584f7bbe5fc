import config from './jest.config.js';

/**
 * VS Code itself, as code-server has it, in Chromium, against a real Keycloak. `globalSetup` installs the one and starts the
 * other.
 *
 * @type {import('jest').Config}
 */
export default {
  ...config,
  testMatch: ['<rootDir>/test/vscode/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 300_000,
  // What VS Code asks for is held against what a desktop has one of: its port.
  maxWorkers: 1,
  reporters: ['default', ['<rootDir>/test/support/count-reporter.js', { name: 'VS Code' }]],
  globalSetup: '<rootDir>/test/vscode/setup/global-setup.js',
  globalTeardown: '<rootDir>/test/keycloak/server/global-teardown.js',
};
