import { parseArgs } from 'node:util';
import { NestFactory } from '@nestjs/core';
import { cleanText } from '../log/clean-text.js';
import { describeNeed } from '../manifest/compare-operations.js';
import { createManifest, toKey } from '../manifest/create-manifest.js';
import type { Manifest, ServerManifest } from '../manifest/manifest.js';
import { EXIT, UsageError, type CommandOutput } from './command-output.js';
import { importModule } from './exported-documents.js';
import { checkManifest } from './manifest-check.js';
import { ManifestModule, readServers } from './manifest-module.js';
import { toManifestFile, writeOwnFile } from './written-file.js';

/**
 * `nestjs-mcp-auth manifest`: what the servers of an application offer, and for which scopes.
 *
 * @returns the exit code
 * @throws {@link UsageError} if the arguments are others
 */
export async function runManifest(args: readonly string[], output: CommandOutput): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      config: { type: 'string' },
      json: { type: 'boolean' },
      write: { type: 'string' },
      force: { type: 'boolean' },
      check: { type: 'string' },
    },
  });
  const { config, json = false, write, force = false, check } = values;
  if (config === undefined || positionals.length > 0) throw new UsageError();
  if (write !== undefined && check !== undefined) throw new UsageError('Use --write or --check, not both');
  const manifest = await describeApplication(await importModule(config));
  if (check !== undefined) return await checkManifest(check, manifest, json, output);
  if (write !== undefined) {
    await writeOwnFile(write, toManifestFile(manifest), force);
    output.stdout.write(`${write} is written.\n`);
    return EXIT.ok;
  }
  output.stdout.write(json ? `${JSON.stringify(manifest, undefined, 2)}\n` : formatManifest(manifest));
  return EXIT.ok;
}

/** Starts the application without listening, and stops it. Its doctor asks no issuers. */
async function describeApplication(exported: Readonly<Record<string, unknown>>): Promise<Manifest> {
  const { AppModule = exported.default } = exported;
  if ((typeof AppModule !== 'function' && typeof AppModule !== 'object') || AppModule === null)
    throw new Error('The module exports no Nest module. Export it as `AppModule`, or by default');
  const application = await NestFactory.createApplicationContext(ManifestModule.of(AppModule), {
    logger: false,
    abortOnError: false,
  });
  try {
    return createManifest(readServers(application));
  } finally {
    await application.close();
  }
}

function formatManifest({ servers }: Manifest): string {
  if (servers.length === 0) return 'The application has no server. Import McpAuthModule.\n';
  return servers.map(formatServer).join('\n');
}

function formatServer({ name, scopes, operations }: ServerManifest): string {
  const free = operations.filter(
    (one) => one.anonymous || one.computesScopes || one.scopes.some((set) => set.length === 0),
  );
  const needs = new Map<string, string[]>();
  for (const one of free) needs.set(describeNeed(one), [...(needs.get(describeNeed(one)) ?? []), toKey(one)]);
  const groups = [...Object.entries(scopes), ...needs].map(
    ([group, keys]) => `  ${cleanText(group)}\n${keys.map((key) => `    ${cleanText(key)}\n`).join('')}`,
  );
  return [`${cleanText(name)}\n`, ...groups, `  operations: ${operations.length}\n`].join('');
}
