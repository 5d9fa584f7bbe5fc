import { randomBytes } from 'node:crypto';
import { register } from 'node:module';
import type { Table } from './results.js';

/** The cache of one server, as far as it matters here. Applications do not see it. */
interface Cache {
  get(request: object): Promise<unknown>;
}

const CACHE = new URL('../../lib/on-behalf-of/token-cache/server-token-cache.ts', import.meta.url);

const LIMITS = new URL('../../lib/limits/caller-limits.ts', import.meta.url);

const ENTRIES = 10_000;

/** Characters of a token, as those of enterprise providers have. */
const TOKEN_LENGTH = 1_200;

/** Bytes that a kept token takes besides its own. */
export async function cacheMemory(): Promise<readonly Table[]> {
  const { gc } = globalThis;
  if (!gc) throw new Error('Run node with --expose-gc');
  // The package exports neither, so the sources are compiled.
  register('@swc-node/register/esm', import.meta.url);
  const { ServerTokenCache } = (await import(CACHE.href)) as {
    ServerTokenCache: new (options: object, limits: object) => Cache;
  };
  const { CallerLimits } = (await import(LIMITS.href)) as { CallerLimits: new (...parts: object[]) => object };
  const cap = { count: ENTRIES * 2, bytes: Number.POSITIVE_INFINITY };
  const caps = { cachedTokens: { perCaller: cap, perUser: cap, anonymous: cap, inAll: cap } };
  const cache = new ServerTokenCache(
    { tokenCache: { localMaxAgeMs: 0 }, replicas: { shared: undefined, keys: [], bus: undefined } },
    new CallerLimits({ limits: { caps } }, { record: () => undefined }),
  );
  const expiresAt = Date.now() + 3_600_000;
  gc();
  const before = process.memoryUsage().heapUsed;
  for (let entry = 0; entry < ENTRIES; entry += 1) {
    await cache.get({
      key: ['client', 'orders', String(entry)],
      owner: { issuer: 'https://id.example', subject: `user-${entry}`, sessionId: undefined, expiresAt },
      isFinal: () => false,
      obtain: () =>
        Promise.resolve({
          value: randomBytes(TOKEN_LENGTH).toString('base64url').slice(0, TOKEN_LENGTH),
          type: 'bearer' as const,
          expiresInMs: 3_600_000,
        }),
    });
  }
  gc();
  const bytes = (process.memoryUsage().heapUsed - before) / ENTRIES;
  // The cache has to be there until here.
  if (!(cache instanceof ServerTokenCache)) throw new Error('unreachable');
  return [
    {
      name: 'cached tokens',
      title: `Memory of a cached token of ${TOKEN_LENGTH.toLocaleString('en')} characters`,
      rows: [{ 'bytes per entry': Math.round(bytes), 'of the token': bytes / TOKEN_LENGTH }],
      ratios: { 'token against its entry': TOKEN_LENGTH / bytes },
    },
  ];
}
