import KeyvRedis from '@keyv/redis';
import { randomBytes } from 'node:crypto';
import type { McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { callTool, writeMessage } from './messages.js';
import { startRedis } from './redis.js';
import type { Table } from './results.js';
import { startCallingServer } from './servers/calling-server.js';
import { startApi, startIssuer, type BenchIssuer } from './servers/issuer.js';
import type { Effort } from './turns.js';

const CALLERS = 1_000;
const DOWNSTREAMS = 5;
const AT_ONCE = 50;

/**
 * Every caller calls every API, and nobody has a token yet: one exchange for each pair. Then again, with all of them. Then
 * with two replicas that share a Redis, and callers that come to both at once.
 */
export async function exchanges({ amount }: Effort): Promise<readonly Table[]> {
  const callers = 'requests' in amount ? amount.requests : CALLERS;
  const counts = [...(await countInOneProcess(callers)), ...(await countInReplicas(callers))];
  return [
    {
      name: 'exchanges',
      title: `Exchanges for ${callers.toLocaleString('en')} callers and ${DOWNSTREAMS} downstreams`,
      rows: counts.map(([when, counted]) => ({
        when,
        exchanges: counted,
        'for each caller and downstream': counted / (callers * DOWNSTREAMS),
      })),
      ratios: {},
    },
  ];
}

type Count = readonly [when: string, exchanges: number];

async function countInOneProcess(callers: number): Promise<readonly Count[]> {
  const issuer = await startIssuer();
  const api = await startApi();
  const server = await startCallingServer({ issuer: issuer.issuer, api, downstreams: DOWNSTREAMS });
  const targets = createTargets(issuer, [server.url], callers);
  await callAll(targets);
  const cold = issuer.exchanges;
  await callAll(targets);
  return [
    ['one process, cold', cold],
    ['one process, warm', issuer.exchanges - cold],
  ];
}

/** @returns nothing where there is no `redis-server` */
async function countInReplicas(callers: number): Promise<readonly Count[]> {
  const redis = await startRedis();
  if (!redis) return [];
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
    const parts = { issuer: issuer.issuer, api, downstreams: DOWNSTREAMS };
    const one = await startCallingServer({ ...parts, replicas: replicaOf() });
    const other = await startCallingServer({ ...parts, replicas: replicaOf() });
    await callAll(createTargets(issuer, [one.url, other.url], callers));
    return [['two replicas over Redis, cold', issuer.exchanges]];
  } finally {
    await Promise.all(stores.map((store) => store.disconnect()));
    await redis.stop();
  }
}

type Target = readonly [url: string, token: string];

/** One token for each caller, good at all servers, which are called right after one another. */
function createTargets(issuer: BenchIssuer, urls: readonly string[], callers: number): readonly Target[] {
  return Array.from({ length: callers }, (_, caller) =>
    issuer.sign({ aud: urls, sub: `user-${caller}`, scope: 'orders' }),
  ).flatMap((token) => urls.map((url): Target => [url, token]));
}

async function callAll(targets: readonly Target[]): Promise<void> {
  const queue = [...targets];
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let next = queue.shift(); next; next = queue.shift()) await call(...next);
    }),
  );
}

async function call(url: string, token: string): Promise<void> {
  const { headers, body } = writeMessage(callTool('all_orders', {}));
  const response = await fetch(url, {
    method: 'POST',
    headers: { ...headers, authorization: `Bearer ${token}` },
    body,
  });
  const text = await response.text();
  if (response.status !== 200 || text.includes('isError')) throw new Error(`${response.status} ${text}`);
}
