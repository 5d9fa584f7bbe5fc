import type { Server } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import { ResolvedOptions } from '../options/resolved-options.js';

/** Where a {@link TestClient} calls, and whom its tokens are for. */
export interface TestEndpoint {
  readonly audience: string;
  url(): Promise<URL>;
}

/** Applications that were made to listen. */
const listening = new WeakMap<INestApplication, Promise<unknown>>();

/** @param audience - takes the place of the server's `resource` */
export function endpointOf(target: INestApplication | URL | string, audience: string | undefined): TestEndpoint {
  if (typeof target === 'string' || target instanceof URL) {
    const url = new URL(target);
    return { audience: audience ?? String(target), url: () => Promise.resolve(url) };
  }
  const { resource, path } = target.get(ResolvedOptions, { strict: false });
  return {
    audience: audience ?? resource,
    url: async () => new URL(path === '' ? '/' : path, await originOf(target)),
  };
}

async function originOf(app: INestApplication): Promise<string> {
  const server = app.getHttpServer() as Server;
  if (!server.listening) {
    const started = listening.get(app) ?? app.listen(0, '127.0.0.1');
    listening.set(app, started);
    await started;
  }
  return await app.getUrl();
}
