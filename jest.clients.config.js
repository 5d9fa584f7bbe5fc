import config from './jest.config.js';

/**
 * With real clients, which `globalSetup` installs.
 *
 * @type {import('jest').Config}
 */
export default {
  ...config,
  testMatch: ['<rootDir>/test/clients/installed/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 180_000,
  reporters: ['default', ['<rootDir>/test/support/count-reporter.js', { name: 'Clients' }]],
  globalSetup: '<rootDir>/test/clients/installed/setup/global-setup.js',
  globalTeardown: '<rootDir>/test/clients/installed/setup/global-teardown.js',
};
