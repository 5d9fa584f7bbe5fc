import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { sendJson } from '../../../lib/testing/loopback.js';
import { listen } from '../../support/listen.js';

/** A registry on loopback. */
export interface RegistryStandIn {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Starts a registry that has this package as it is packed now. For every other package it sends npm to the registry of
 * the machine.
 *
 * @param tarball - path of the packed package
 * @param registry - URL of the registry of the machine
 */
export async function startRegistry(tarball: string, registry: string): Promise<RegistryStandIn> {
  const content = await readFile(tarball);
  const manifest = JSON.parse(await readFile('package.json', 'utf8')) as { name: string; version: string };
  const { name, version } = manifest;
  const path = `/${name}/-/${basename(tarball)}`;
  const { origin, server, close } = await listen();
  const integrity = `sha512-${createHash('sha512').update(content).digest('base64')}`;
  const published = { ...manifest, dist: { tarball: `${origin}${path}`, integrity } };
  server.on('request', ({ url = '' }, response) => {
    if (url === path) response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(content);
    else if (url === `/${name}`)
      sendJson(response, 200, { name, 'dist-tags': { latest: version }, versions: { [version]: published } });
    else response.writeHead(307, { location: new URL(url.slice(1), registry).href }).end();
  });
  return { url: origin, close };
}
