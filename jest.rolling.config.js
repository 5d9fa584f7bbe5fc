import config from './jest.config.js';

/**
 * Rolling restarts of real processes behind proxies with their defaults, which take as long as these say.
 *
 * @type {import('jest').Config}
 */
export default {
  ...config,
  testMatch: ['<rootDir>/test/rolling/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 300_000,
  reporters: ['default', ['<rootDir>/test/support/count-reporter.js', { name: 'Rolling restarts' }]],
};
