import config from './jest.config.js';

/**
 * Against real authorization servers other than Keycloak, which `globalSetup` starts.
 *
 * @type {import('jest').Config}
 */
export default {
  ...config,
  testMatch: ['<rootDir>/test/authorization-servers/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 60_000,
  reporters: ['default', ['<rootDir>/test/support/count-reporter.js', { name: 'Authorization servers' }]],
  globalSetup: '<rootDir>/test/authorization-servers/server/global-setup.js',
  globalTeardown: '<rootDir>/test/authorization-servers/server/global-teardown.js',
};
