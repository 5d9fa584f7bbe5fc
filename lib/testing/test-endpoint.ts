import type { Server } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { listInstances } from '../servers/module-instances.js';
import { ResolvedOptions } from '../options/resolved-options.js';

/** Where a {@link TestClient} calls, and whom its tokens are for. */
export interface TestEndpoint {
  /** `aud` of the tokens. */
  readonly audience: string;
  /** Address of the endpoint. Makes the application listen, where it does not. */
  getUrl(): Promise<URL>;
}

/** Applications that were made to listen. */
const listening = new WeakMap<INestApplication, Promise<unknown>>();

/**
 * @param audience - takes the place of the server's `resource`
 * @param server - `server.name` of one of several
 */
export function resolveEndpoint(
  target: INestApplication | URL | string,
  audience: string | undefined,
  server: string | undefined,
): TestEndpoint {
  if (typeof target === 'string' || target instanceof URL) {
    const url = new URL(target);
    return { audience: audience ?? String(target), getUrl: () => Promise.resolve(url) };
  }
  const { resource, path } = findOptions(target, server);
  return {
    audience: audience ?? resource,
    getUrl: async () => new URL(path === '' ? '/' : path, await getOrigin(target)),
  };
}

/** @throws TypeError for an application that has no such server, or several */
function findOptions(app: INestApplication, server: string | undefined): ResolvedOptions {
  const all = listInstances(app.get(ModulesContainer), ResolvedOptions);
  const [only, ...others] = all.filter((options) => server === undefined || options.server.name === server);
  if (only && others.length === 0) return only;
  const names = all.map((options) => options.server.name).join(', ') || '(none: import McpAuthModule)';
  throw new TypeError(`\`server\` has to be one of the application's: ${names}.`);
}

async function getOrigin(app: INestApplication): Promise<string> {
  const server = app.getHttpServer() as Server;
  if (!server.listening) {
    const started = listening.get(app) ?? app.listen(0, '127.0.0.1');
    listening.set(app, started);
    await started;
  }
  return await app.getUrl();
}
