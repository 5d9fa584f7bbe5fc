/**
 * Holds what the package exports to the reports of this folder: one for each entry point of package.json, and in it all
 * types that are reached through what is exported. Reads what the build wrote to `dist/`. With `--renew` it writes the
 * reports.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { CompilerState, Extractor, ExtractorConfig } from '@microsoft/api-extractor';

const ROOT = path.dirname(import.meta.dirname);
const MANIFEST = path.join(ROOT, 'package.json');
const SILENT = { logLevel: 'none' };
const FAULT = { logLevel: 'warning' };

const isRenewal = process.argv.includes('--renew');
const configs = Object.entries(JSON.parse(readFileSync(MANIFEST, 'utf8')).exports)
  .filter(([, { types }]) => types)
  .map(([entryPoint, { types }]) => configOf(entryPoint, types));
const compilerState = CompilerState.create(configs[0], {
  additionalEntryPoints: configs.map(({ mainEntryPointFilePath }) => mainEntryPointFilePath),
});
const faults = configs.flatMap(faultsIn);
for (const fault of faults) process.stderr.write(`${fault}\n`);
process.exitCode = faults.length > 0 ? 1 : 0;

function faultsIn(config) {
  const found = [];
  const messageCallback = (message) => {
    message.handled = true;
    if (message.messageId === 'console-api-report-diff') found.push(message.text);
    else if (message.category !== 'console' && message.logLevel !== SILENT.logLevel)
      found.push(message.formatMessageWithLocation(ROOT));
  };
  const invocation = { compilerState, localBuild: isRenewal, messageCallback, printApiReportDiff: !isRenewal };
  const { apiReportChanged } = Extractor.invoke(config, invocation);
  if (apiReportChanged && !isRenewal) {
    const report = path.relative(ROOT, config.reportFilePath);
    found.push(`The package exports something else than ${report} says. If that is meant, run: npm run api:renew`);
  }
  return found;
}

function configOf(entryPoint, types) {
  // `./testing/jest` has the report `testing-jest.api.md`.
  const name = entryPoint === '.' ? 'root' : entryPoint.slice(2).replaceAll('/', '-');
  return ExtractorConfig.prepare({
    packageJsonFullPath: MANIFEST,
    configObjectFullPath: undefined,
    configObject: {
      projectFolder: ROOT,
      mainEntryPointFilePath: path.join(ROOT, types),
      newlineKind: 'lf',
      compiler: { tsconfigFilePath: path.join(ROOT, 'tsconfig.build.json') },
      apiReport: {
        enabled: true,
        reportFileName: `${name}.api.md`,
        reportFolder: import.meta.dirname,
        reportTempFolder: path.join(ROOT, 'node_modules/.cache/api'),
        // The groups of the options are such types.
        includeForgottenExports: true,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      messages: {
        extractorMessageReporting: {
          default: FAULT,
          'ae-forgotten-export': SILENT,
          // Everything that is exported is for everyone.
          'ae-missing-release-tag': SILENT,
          // Links are written as editors follow them: to what the file imports.
          'ae-unresolved-link': SILENT,
        },
        tsdocMessageReporting: { default: FAULT },
      },
    },
  });
}
