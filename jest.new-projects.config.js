import config from './jest.config.js';

/**
 * Projects that the CLI of Nest has just made, and that `nest add` changes. Their packages are installed from the registry.
 *
 * @type {import('jest').Config}
 */
export default {
  ...config,
  testMatch: ['<rootDir>/test/package/new-projects/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  maxWorkers: 1,
  reporters: ['default', ['<rootDir>/test/support/count-reporter.js', { name: 'New projects' }]],
};
