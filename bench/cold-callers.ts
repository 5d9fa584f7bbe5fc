import KeyvRedis from '@keyv/redis';
import { randomBytes } from 'node:crypto';
import type { McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { startRedis } from './redis.js';
import { startApi, startCallingServer, startIssuer, type BenchIssuer } from './servers.js';
import { toolCall } from './turns.js';

const CALLERS = 1_000;
const DOWNSTREAMS = 5;
const AT_ONCE = 50;

/** Every caller calls every API, and nobody has a token yet: one exchange for each pair. Then again, with all of them. */
export async function coldCallers(): Promise<void> {
  const issuer = await startIssuer();
  const api = await startApi();
  const server = await startCallingServer({ issuer, api, downstreams: DOWNSTREAMS });
  const tokens = await tokensFor(issuer, [server.url]);
  const cold = await callsPerSecond(tokens);
  const exchanges = issuer.exchanges;
  const warm = await callsPerSecond(tokens);
  console.log(`${CALLERS} callers × ${DOWNSTREAMS} downstreams`);
  console.table({
    'exchanges, cold': { counted: exchanges, 'for each pair': exchanges / (CALLERS * DOWNSTREAMS) },
    'exchanges, warm': { counted: issuer.exchanges - exchanges, 'for each pair': 0 },
    'rate, cold to warm': { counted: (cold / warm).toFixed(2) },
  });
}

/** Two replicas that share a Redis, and callers that come to both at once. */
export async function replicas(): Promise<void> {
  const redis = await startRedis();
  if (!redis) {
    console.log('Two replicas over Redis: left out, because there is no redis-server');
    return;
  }
  const stores: KeyvRedis<unknown>[] = [];
  try {
    const issuer = await startIssuer();
    const api = await startApi();
    const keys = [randomBytes(32)];
    const replicaOf = (): NonNullable<McpAuthModuleOptions['replicas']> => {
      const store = new KeyvRedis({ socket: { path: redis.socket, tls: false } });
      stores.push(store);
      return { store, keys, storeTimeoutMs: 2_000 };
    };
    const one = await startCallingServer({ issuer, api, downstreams: DOWNSTREAMS, replicas: replicaOf() });
    const other = await startCallingServer({ issuer, api, downstreams: DOWNSTREAMS, replicas: replicaOf() });
    const tokens = await tokensFor(issuer, [one.url, other.url]);
    await callsPerSecond(tokens);
    console.log(`Two replicas over Redis, ${CALLERS} callers × ${DOWNSTREAMS} downstreams at both`);
    console.table({
      'exchanges, cold': {
        counted: issuer.exchanges,
        'for each pair': issuer.exchanges / (CALLERS * DOWNSTREAMS),
      },
    });
  } finally {
    await Promise.all(stores.map((store) => store.disconnect()));
    await redis.stop();
  }
}

type Target = readonly [url: string, token: string];

/** One token for each caller, good at all servers, which are called right after one another. */
async function tokensFor(issuer: BenchIssuer, urls: readonly string[]): Promise<readonly Target[]> {
  const targets: Target[] = [];
  for (let caller = 0; caller < CALLERS; caller += 1) {
    const token = await issuer.sign({ aud: urls, sub: `user-${caller}`, scope: 'orders' });
    for (const url of urls) targets.push([url, token]);
  }
  return targets;
}

async function callsPerSecond(targets: readonly Target[]): Promise<number> {
  const queue = [...targets];
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let next = queue.shift(); next; next = queue.shift()) await call(...next);
    }),
  );
  return targets.length / ((performance.now() - startedAt) / 1000);
}

async function call(url: string, token: string): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': 'all_orders',
      authorization: `Bearer ${token}`,
    },
    body: JSON.stringify(toolCall({ tool: 'all_orders', arguments: {} })),
  });
  const text = await response.text();
  if (response.status !== 200 || text.includes('isError')) throw new Error(`${response.status} ${text}`);
}
