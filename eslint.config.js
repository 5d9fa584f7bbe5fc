import js from '@eslint/js';
import jest from 'eslint-plugin-jest';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  {
    ignores: [
      '**/dist/',
      'docs/.vitepress/{.temp,cache}/',
      'docs/.vitepress/*.timestamp-*',
      'coverage/',
      'node_modules/',
      'test/package/consumer/',
    ],
  },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: {
      // One program of what is linted with types; a service for editors makes one for each sample, and all tests are in it.
      parserOptions: { project: './tsconfig.lint.json', tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      // A Nest module is a class without members.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/consistent-type-definitions': ['error', 'interface'],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      // Applications merge their names into it.
      '@typescript-eslint/no-empty-object-type': ['error', { allowWithName: '^Register$' }],
      // Nest's options are classes in type alone.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
      '@typescript-eslint/no-deprecated': [
        'error',
        {
          allow: [
            // The high-level McpServer registers every tool anew for each request, at two and a half times the cost.
            { from: 'package', package: '@modelcontextprotocol/server', name: 'Server' },
            // Asked for until 2027, and how clients of the revisions before 2026-07-28 say who they are.
            {
              from: 'package',
              package: '@modelcontextprotocol/server',
              name: [
                'CreateMessageRequestParams',
                'CreateMessageResult',
                'CreateMessageResultWithTools',
                'LoggingLevel',
                'Root',
                'createMessage',
                'getClientCapabilities',
                'getClientVersion',
                'listRoots',
                'log',
              ],
            },
            { from: 'package', package: '@modelcontextprotocol/client', name: 'setLoggingLevel' },
            // Marked so to make its use stand out; for loopback alone.
            { from: 'package', package: 'openid-client', name: 'allowInsecureRequests' },
          ],
        },
      ],
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  {
    files: ['**/*.js', '**/*.mjs'],
    extends: [tseslint.configs.disableTypeChecked],
    rules: { '@typescript-eslint/explicit-module-boundary-types': 'off' },
  },
  {
    files: ['sample/**/*.mjs'],
    languageOptions: { globals: { URL: 'readonly', console: 'readonly', process: 'readonly' } },
  },
  {
    files: ['lib/**'],
    rules: { 'max-lines': ['error', 250] },
  },
  {
    // What strangers send is cleaned in one place before it is logged. The other two turn the log off, and write JSON.
    files: ['lib/**'],
    ignores: ['lib/log/**', 'lib/command-line/cli.ts', 'lib/observability/audit-sink.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { paths: [{ name: '@nestjs/common', importNames: ['Logger'], message: 'Use CleanLogger of lib/log.' }] },
      ],
    },
  },
  {
    // Types of other packages are in namespaces.
    files: ['lib/testing/matchers.ts'],
    rules: { '@typescript-eslint/no-namespace': ['error', { allowDeclarations: true }] },
  },
  {
    // `tsc` checks their types; rules that need types would check them once more, at ten times the price of all others.
    files: ['bench/**', 'test/**'],
    extends: [tseslint.configs.disableTypeChecked],
  },
  {
    // What is not waited for is not seen without types.
    files: ['test/**/*.test.ts'],
    plugins: { jest },
    rules: {
      'jest/valid-expect': ['error', { maxArgs: 2 }],
      'jest/valid-expect-in-promise': 'error',
      'jest/no-focused-tests': 'error',
      'jest/no-identical-title': 'error',
    },
  },
  {
    files: ['sample/**', 'bench/**', 'test/**'],
    rules: { 'no-console': 'off', '@typescript-eslint/explicit-module-boundary-types': 'off' },
  },
);
