import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { KeyvStoreAdapter } from 'keyv';
import { RequestStates } from '../../lib/mcp/invocation/request-state.js';
import { LinkRecords, REQUEST_LIFETIME } from '../../lib/on-behalf-of/linking/link-records.js';
import { resolveReplicas, type ReplicaOptions } from '../../lib/replicas/replica-options.js';
import { SharedSealedStore } from '../../lib/replicas/sealed-store.js';
import { callerLimits } from '../support/caller-limits.js';
import { describeWithRedis } from '../support/with-redis.js';
import { newKey } from '../token-cache/cached-exchange.js';
import { MemoryAdapter } from '../token-cache/memory-adapter.js';
import { SharedRedis } from '../token-cache/shared-redis.js';

const RESOURCE = 'https://mcp.example/mcp';
const MINUTE = 60_000;
/** The last second of a life. */
const LATE = REQUEST_LIFETIME - 1_000;
const START = Date.now();
const LINK = { issuer: 'https://id.example', subject: 'alice', downstream: 'crm' };

/** What one replica writes and another one uses. */
interface Shared {
  /** @returns what the other one needs to find it */
  write(): Promise<string>;
  /** @returns whether it was good */
  use(name: string): Promise<boolean>;
}

type CreateShared = (replicas: ReplicaOptions) => Shared;

function createStates(replicas: ReplicaOptions, allowRequestStateReplay: boolean): Shared {
  const options = {
    resource: RESOURCE,
    replicas: resolveReplicas(replicas),
    requestStateLifetimeMs: REQUEST_LIFETIME,
    allowRequestStateReplay,
  };
  const states = new RequestStates(options as never, callerLimits());
  return {
    write: () => states.seal({ answers: {}, asked: {}, done: {} }, 'call', true, undefined),
    use: async (sealed) => await isGood(async () => await states.use(states.open(sealed, 'call'))),
  };
}

async function isGood(use: () => Promise<unknown>): Promise<boolean> {
  try {
    await use();
    return true;
  } catch {
    return false;
  }
}

function createRecords(replicas: ReplicaOptions): LinkRecords {
  const options = { resource: RESOURCE, downstreams: new Map(), replicas: resolveReplicas(replicas) };
  return new LinkRecords(options as never, callerLimits());
}

const ONCE: [string, CreateShared][] = [
  ['the state of a call', (replicas) => createStates(replicas, false)],
  [
    'a request for a link',
    (replicas) => {
      const records = createRecords(replicas);
      return {
        write: () => records.openRequest(LINK as never),
        use: async (id) =>
          (await records.findRequest(id)) !== undefined && (await records.closeRequest(records.deriveRequestKey(id))),
      };
    },
  ],
  [
    'a step of a link',
    (replicas) => {
      const records = createRecords(replicas);
      return {
        write: async () => {
          await records.keepStep('state', { request: LINK } as never);
          return 'state';
        },
        use: async (state) => (await records.takeStep(state)) !== undefined,
      };
    },
  ],
];

const OFTEN: [string, CreateShared][] = [
  [
    'a task',
    (replicas) => {
      const { shared } = resolveReplicas(replicas);
      if (!shared) throw new Error('There is no store');
      const tasks = new SharedSealedStore(shared, 'tasks', RESOURCE);
      return {
        write: async () => {
          await tasks.set('task', 'working', { holder: undefined, lifetimeMs: REQUEST_LIFETIME });
          return 'task';
        },
        use: async (name) => (await tasks.get(name)) !== undefined,
      };
    },
  ],
];

const CLOCKS = [
  ['ten minutes ahead', 10 * MINUTE],
  ['ten minutes behind', -10 * MINUTE],
] as const;

const both = (things: readonly [string, CreateShared][]) =>
  things.flatMap(([what, create]) => CLOCKS.map(([name, skew]) => [what, name, skew, create] as const));

/** Nothing else runs meanwhile. */
async function at<Result>(clock: number, run: () => Promise<Result>): Promise<Result> {
  jest.spyOn(Date, 'now').mockReturnValue(START + clock);
  return await run();
}

afterEach(() => {
  jest.restoreAllMocks();
});

/** @param createStore - the same for all replicas, or one connection of its own for each */
function expectBorne(createStore: () => KeyvStoreAdapter): void {
  const key = newKey();
  const replica = (create: CreateShared) => create({ store: createStore(), keys: [key], storeTimeoutMs: 5_000 });

  test.each(both(ONCE))('%s is good at one that is %s, and good once', async (_what, _name, skew, create) => {
    const [one, other] = [replica(create), replica(create)];
    const name = await at(0, () => one.write());
    expect(await at(LATE + skew, () => other.use(name))).toBe(true);
    expect(await at(LATE, () => one.use(name))).toBe(false);
    expect(await at(LATE + skew, () => other.use(name))).toBe(false);
    const next = await at(skew, () => other.write());
    expect(await at(LATE, () => one.use(next))).toBe(true);
    expect(await at(LATE + skew, () => other.use(next))).toBe(false);
  });

  test.each(both(OFTEN))('%s is found at one that is %s', async (_what, _name, skew, create) => {
    const [one, other] = [replica(create), replica(create)];
    const name = await at(0, () => one.write());
    expect(await at(LATE + skew, () => other.use(name))).toBe(true);
    const next = await at(skew, () => other.write());
    expect(await at(LATE, () => one.use(next))).toBe(true);
  });
}

describeWithRedis('what replicas share in a Redis', () => {
  let redis: SharedRedis;
  beforeAll(async () => {
    redis = await SharedRedis.start();
  });
  afterEach(async () => {
    await redis.client.flushAll();
    await redis.disconnectStores();
  });
  afterAll(() => redis.close());

  expectBorne(() => redis.store());
});

describe('what replicas share in a store that has no clock', () => {
  let store: MemoryAdapter;
  beforeAll(() => {
    store = new MemoryAdapter();
  });
  afterEach(() => store.clear());

  expectBorne(() => store);

  test.each([...ONCE, ...OFTEN])('%s is over ten minutes after its time at the latest', async (_what, create) => {
    const keys = [newKey()];
    const [one, other] = [create({ store, keys }), create({ store, keys })];
    const name = await at(0, () => one.write());
    expect(await at(REQUEST_LIFETIME + 10 * MINUTE + 1, () => other.use(name))).toBe(false);
  });
});

describe('the state of a call that may be used again', () => {
  test.each(CLOCKS)('is good at a replica that is %s and shares the keys alone', async (_name, skew) => {
    const keys = [newKey()];
    const [one, other] = [createStates({ keys }, true), createStates({ keys }, true)];
    const state = await at(0, () => one.write());
    expect(await at(LATE + skew, () => other.use(state))).toBe(true);
    expect(await at(REQUEST_LIFETIME + 10 * MINUTE + 1, () => other.use(state))).toBe(false);
  });

  test('is good for its time where there is one process', async () => {
    const one = createStates({}, true);
    const state = await at(0, () => one.write());
    expect(await at(LATE, () => one.use(state))).toBe(true);
    expect(await at(REQUEST_LIFETIME + 1, () => one.use(state))).toBe(false);
  });
});
