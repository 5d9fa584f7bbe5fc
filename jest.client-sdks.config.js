import config from './jest.config.js';

/**
 * With the programs of the pages on Go, Rust and Java, which `globalSetup` builds, and with a Keycloak.
 *
 * @type {import('jest').Config}
 */
export default {
  ...config,
  testMatch: ['<rootDir>/test/clients/sdks/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 180_000,
  reporters: ['default', ['<rootDir>/test/support/count-reporter.js', { name: 'Client SDKs' }]],
  globalSetup: '<rootDir>/test/clients/sdks/setup/global-setup.js',
  globalTeardown: '<rootDir>/test/keycloak/server/global-teardown.js',
};
