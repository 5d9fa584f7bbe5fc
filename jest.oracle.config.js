import config from './jest.config.js';

/**
 * The tests of the surface, whose answers are recorded for `test/surface/same-tests.test.ts`.
 *
 * @type {import('jest').Config}
 */
export default {
  ...config,
  setupFilesAfterEnv: [...config.setupFilesAfterEnv, '<rootDir>/test/surface/recorded-answers.setup.ts'],
  reporters: [],
};
