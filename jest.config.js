/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  // A machine may have other things to do.
  testTimeout: 30_000,
  // In one process, what V8 keeps for the coverage of each file would add up to more than it may have.
  maxWorkers: 2,
  workerIdleMemoryLimit: '1GB',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  // They have a configuration of their own.
  testPathIgnorePatterns: [
    '/node_modules/',
    '<rootDir>/test/keycloak/',
    '<rootDir>/test/clients/installed/',
    '<rootDir>/test/conformance/',
  ],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  setupFilesAfterEnv: ['<rootDir>/test/support/secret-watch.setup.ts'],
  reporters: ['default', '<rootDir>/test/support/count-reporter.js'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^nestjs-mcp-auth$': '<rootDir>/lib/index.ts',
    '^nestjs-mcp-auth/testing$': '<rootDir>/lib/testing/index.ts',
    '^nestjs-mcp-auth/testing/jest$': '<rootDir>/lib/testing/jest.ts',
    // CommonJS that requires Nest 12, an ES module: Node does that, jest does not. Its source is in the package.
    '^@rekog/mcp-nest$': '<rootDir>/node_modules/@rekog/mcp-nest/src/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  // jwks-rsa requires jose, an ES module, from CommonJS; jest cannot do that without a transform.
  transformIgnorePatterns: ['/node_modules/(?!(jose|@rekog/mcp-nest)/)'],
  transform: {
    '\\.ts$': ['@swc/jest', swcOptions('typescript', 'es6')],
    'node_modules/jose/.+\\.js$': ['@swc/jest', swcOptions('ecmascript', 'commonjs')],
  },
  collectCoverageFrom: ['lib/**/*.ts'],
  coverageProvider: 'v8',
  coverageThreshold: { global: { statements: 95, branches: 90, functions: 95, lines: 95 } },
};

function swcOptions(syntax, module) {
  return {
    jsc: {
      target: 'es2022',
      keepClassNames: true,
      parser: syntax === 'typescript' ? { syntax, decorators: true } : { syntax },
      transform: { legacyDecorator: true, decoratorMetadata: true },
    },
    module: { type: module },
    sourceMaps: 'inline',
  };
}
