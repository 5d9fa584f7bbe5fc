import config from './jest.config.js';

/**
 * The sample for production, as it runs: processes behind proxies, which take as long as their periods say.
 *
 * @type {import('jest').Config}
 */
export default {
  ...config,
  testMatch: ['<rootDir>/test/production/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 300_000,
  reporters: ['default', ['<rootDir>/test/support/count-reporter.js', { name: 'Production' }]],
  globalSetup: '<rootDir>/test/production/global-setup.js',
  globalTeardown: '<rootDir>/test/production/global-teardown.js',
};
