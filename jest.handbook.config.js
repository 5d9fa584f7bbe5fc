import config from './jest.config.js';

/**
 * The pages of the handbook that readers follow, followed.
 *
 * @type {import('jest').Config}
 */
export default {
  ...config,
  testMatch: ['<rootDir>/test/handbook/pages/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 300_000,
  reporters: ['default', ['<rootDir>/test/support/count-reporter.js', { name: 'Handbook' }]],
  globalSetup: '<rootDir>/test/handbook/keycloak/global-setup.js',
};
