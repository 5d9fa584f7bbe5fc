import type { Server } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { selectServer } from '../servers/application-servers.js';
import { ResolvedOptions } from '../options/resolved-options.js';

/** The endpoint that a {@link TestClient} calls, and the audience of its tokens. */
export interface TestEndpoint {
  /** `aud` of the tokens. */
  readonly audience: string;
  /** Returns the URL of the endpoint. Makes the application listen if it does not yet. */
  getUrl(): Promise<URL>;
}

/** Applications that are already made to listen. */
const listening = new WeakMap<INestApplication, Promise<unknown>>();

/**
 * @param audience - replaces the server's `resource`
 * @param server - `server.name`, if there are several servers
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
  const { resource, endpoint } = selectServer(target.get(ModulesContainer), ResolvedOptions, server, 'TestClient.for');
  return {
    audience: audience ?? resource,
    getUrl: async () => new URL(endpoint.path || '/', await getOrigin(target)),
  };
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
