import config from './jest.config.js';

/**
 * The official conformance suite.
 *
 * @type {import('jest').Config}
 */
export default {
  ...config,
  testMatch: ['<rootDir>/test/conformance/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 180_000,
  reporters: ['default', ['<rootDir>/test/support/count-reporter.js', { name: 'Conformance' }]],
};
