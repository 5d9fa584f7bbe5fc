import config from './jest.config.js';

/**
 * All tests, and how much of the library they run. It has to be built before.
 *
 * @type {import('jest').Config}
 */
export default {
  ...config,
  reporters: [
    'default',
    ['<rootDir>/test/support/coverage-reporter.js', { statements: 95, branches: 90, functions: 95, lines: 95 }],
    '<rootDir>/test/support/count-reporter.js',
  ],
};
