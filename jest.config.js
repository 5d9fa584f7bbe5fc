/** @type {import('jest').Config} */
export default {
  // Node loads the modules, and the library only once for all files of tests that a process runs.
  runtime: '<rootDir>/test/support/shared-modules/runtime.js',
  testEnvironment: '<rootDir>/test/support/shared-modules/environment.js',
  transform: {},
  // A machine may have other things to do.
  testTimeout: 120_000,
  workerGracefulExitTimeout: 30_000,
  maxWorkers: 2,
  testSequencer: '<rootDir>/test/support/longest-first.js',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  // They have a configuration of their own.
  testPathIgnorePatterns: [
    '/node_modules/',
    '<rootDir>/test/keycloak/',
    '<rootDir>/test/authorization-servers/',
    '<rootDir>/test/clients/installed/',
    '<rootDir>/test/clients/sdks/',
    '<rootDir>/test/conformance/',
    '<rootDir>/test/rolling/',
    '<rootDir>/test/production/running/',
    '<rootDir>/test/handbook/pages/',
    '<rootDir>/test/site/',
    '<rootDir>/test/vscode/',
    '<rootDir>/test/package/new-projects/',
  ],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  setupFilesAfterEnv: ['<rootDir>/test/support/secret-watch.setup.ts'],
  reporters: ['default', '<rootDir>/test/support/count-reporter.js'],
};
