import { parseArgs } from 'node:util';
import { NestFactory } from '@nestjs/core';
import { createManifest } from '../manifest/create-manifest.js';
import type { Manifest } from '../manifest/manifest.js';
import { EXIT, UsageError, type CommandOutput } from './command-output.js';
import { importModule } from './exported-documents.js';
import { checkManifest } from './manifest-check.js';
import { ManifestModule, readServers } from './manifest-module.js';
import { formatManifest } from './manifest-table.js';
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
