import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { compareServers, serveModule } from '../../sample/migration/compare-servers.js';
import { OrdersModule as After } from '../../sample/migration/hand-written/after/orders.module.js';
import { OrdersModule as Before } from '../../sample/migration/hand-written/before/orders.module.js';
import { CALLS } from '../../sample/migration/hand-written/calls.js';
import { compareCalls, type Answers } from './compare-calls.js';
import { MigrationStates } from './migration-states.js';

const STATES = ['before', 'after'] as const;
type State = (typeof STATES)[number];

const ALL = ['orders:read', 'orders:write'];
const ORDER = { id: '7', item: 'chair', status: 'open' };
const BY_KEY = { text: JSON.stringify({ ...ORDER, caller: 'whoever has the key' }) };
const orderOf = (caller: string) => {
  const structuredContent = { ...ORDER, caller, audience: 'orders-api' };
  return { text: JSON.stringify(structuredContent), structuredContent };
};
const failure = (text: unknown) => ({ text, isError: true });

const NO_CHALLENGE = { status: 401, scopes: [] };
const BAD_TOKEN = { status: 401, error: 'invalid_token', scopes: ALL };

/** What has changed, and is on the page. Everything else is what it was. */
const CHANGED: Partial<Record<keyof typeof CALLS, Answers<State>>> = {
  'a tool that calls the API': { before: BY_KEY, after: orderOf('alice') },
  'a job without a user': { before: BY_KEY, after: orderOf('orders-mcp') },
  'an order that the API does not have': {
    before: { text: '' },
    after: failure(expect.stringMatching(/^The orders API has nothing there\./)),
  },
  'no token': { before: NO_CHALLENGE, after: { status: 401, scopes: ALL } },
  'a token that has expired': { before: NO_CHALLENGE, after: BAD_TOKEN },
  'a token of a blocked user': { before: NO_CHALLENGE, after: BAD_TOKEN },
  'a token for another server': { before: { text: 'alice' }, after: BAD_TOKEN },
  'a call without its scope': {
    before: BY_KEY,
    after: { status: 403, error: 'insufficient_scope', scopes: ['orders:read'] },
  },
  'a call without its role': {
    before: { code: -32000, message: 'Only shippers may do this' },
    after: failure(expect.stringMatching(/^Only shippers may do this\. Reference for support: /)),
  },
  'a method that nobody has thought of': { before: { code: -32601, message: 'Method not found' }, after: {} },
  'a tool that is not there': {
    before: { code: -32601, message: 'Method not found' },
    after: { code: -32602, message: 'Unknown tool: purge_orders' },
  },
  'arguments that do not fit': {
    before: BY_KEY,
    after: failure(expect.stringMatching(/^Invalid arguments for find_order:\n- id: /)),
  },
};

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  let servers: MigrationStates<State>;

  beforeAll(async () => {
    servers = await MigrationStates.start(platform, {
      before: { nest: (options) => ({ module: Before.forRoot(options) }) },
      after: { nest: (options) => ({ module: After.forRoot(options) }) },
    });
  });
  afterAll(() => servers.close());

  const post = async (state: State, body: unknown, { query = '', ...claims }: Record<string, unknown> = {}) =>
    await fetch(`${servers.url(state)}${String(query)}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': '2025-11-25',
        ...(query === '' && { authorization: `Bearer ${await servers.token(state, claims)}` }),
      },
      body: JSON.stringify(body),
    });

  compareCalls(CALLS, CHANGED, STATES, ['2025-11-25'], (state, call, era) => servers.ask(state, call, era));

  test('a 401 leads clients to the provider', async () => {
    const challengeOf = async (state: State) =>
      (await fetch(servers.url(state), { method: 'POST' })).headers.get('www-authenticate');
    expect(await challengeOf('before')).toBeNull();
    const metadata = /resource_metadata="([^"]+)"/.exec(String(await challengeOf('after')))?.[1];
    expect(await (await fetch(String(metadata))).json()).toMatchObject({ resource: servers.url('after') });
  });

  test('clients of 2026-07-28 are served', async () => {
    const call = CALLS['who the server is'];
    expect(await servers.ask('before', call, '2026-07-28')).toMatchObject({ code: 'ERA_NEGOTIATION_FAILED' });
    expect(await servers.ask('after', call, '2026-07-28')).toMatchObject({ name: 'orders' });
  });

  test('a batch is refused', async () => {
    const batch = [{ jsonrpc: '2.0', id: 1, method: 'tools/list' }];
    expect((await post('before', batch)).status).toBe(200);
    expect((await post('after', batch)).status).toBe(400);
  });

  test('a token in the query is refused', async () => {
    const list = { jsonrpc: '2.0', id: 1, method: 'tools/list' };
    const ask = async (state: State) =>
      (await post(state, list, { query: `?access_token=${await servers.token(state)}` })).status;
    expect(await ask('before')).toBe(200);
    expect(await ask('after')).toBe(400);
  });
});

test('the sample shows what is the same, and what is not', async () => {
  const lines: string[] = [];
  const { 'a tool with a role': same, 'a tool that is not there': other } = CALLS;
  await compareServers(
    { same, other },
    {
      before: (options) => serveModule(Before.forRoot(options)),
      after: (options) => serveModule(After.forRoot(options)),
    },
    (line) => lines.push(line),
  );
  expect(lines).toEqual([
    '',
    'same: the same',
    '  {"text":"Order 7 is on its way"}',
    '',
    'other:',
    '  before  {"code":-32601,"message":"Method not found"}',
    '  after   {"code":-32602,"message":"Unknown tool: purge_orders"}',
  ]);
});
