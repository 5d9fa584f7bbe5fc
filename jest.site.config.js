import config from './jest.config.js';

/**
 * The site of the documents, as `npm run docs:build` has built it.
 *
 * @type {import('jest').Config}
 */
export default {
  ...config,
  testMatch: ['<rootDir>/test/site/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  maxWorkers: 1,
  reporters: ['default', ['<rootDir>/test/support/count-reporter.js', { name: 'Site' }]],
};
