/**
 * The API reference, made of what the package exports.
 *
 * @type {Partial<import('typedoc').TypeDocOptions> & Record<string, unknown>}
 */
export default {
  tsconfig: '../../tsconfig.build.json',
  entryPoints: [
    '../../lib/index.ts',
    '../../lib/dialects.ts',
    '../../lib/testing/index.ts',
    '../../lib/testing/jest.ts',
  ],
  plugin: ['typedoc-plugin-markdown'],
  out: '../reference/api',
  name: 'API',
  readme: 'none',
  entryFileName: 'index',
  excludeInternal: true,
  excludePrivate: true,
  disableSources: true,
  hideBreadcrumbs: true,
  hidePageHeader: true,
  // `tsc` checks the code, and API Extractor its comments.
  skipErrorChecking: true,
  logLevel: 'Error',
  parametersFormat: 'table',
  propertiesFormat: 'table',
};
