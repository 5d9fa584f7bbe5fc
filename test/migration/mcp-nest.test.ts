import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { TestClient } from 'nestjs-mcp-auth/testing';
import { createOrdersServer as createBefore } from '../../sample/migration/mcp-nest/before/orders.module.js';
import { createOrdersServer as createProtected } from '../../sample/migration/mcp-nest/protected/orders.module.js';
import { OrdersModule } from '../../sample/migration/mcp-nest/after/orders.module.js';
import { startApplication, type TestApplication } from '../support/test-application.js';
import { TestIssuer } from '../support/test-issuer.js';
import { answerTo, call, introduce, listNames, listTools, prompt, read, type Answer, type Ask } from '../../sample/migration/answer.js';

const STATES = ['before', 'protected', 'after'] as const;
type State = (typeof STATES)[number];

const ERAS = { express: ['2025-11-25', '2026-07-28'], fastify: ['2026-07-28'] } as const;
const ALL = ['orders:read', 'orders:ship', 'reports:read'];
const NAMES = ['count_orders', 'find_order', 'opening_hours', 'report_2026', 'ship_order', 'whoami'];

interface Row {
  readonly what: string;
  readonly ask: Ask;
  /** Claims of the caller's token, or none. */
  readonly as?: Record<string, unknown>;
}

const SAME: readonly Row[] = [
  { what: 'who the server is', ask: introduce, as: { scopes: ALL } },
  { what: 'a value with a schema', ask: call('find_order', { id: '7' }), as: { scopes: ALL } },
  { what: 'an error of the tool', ask: call('find_order', { id: '8' }), as: { scopes: ALL } },
  { what: 'a tool with one of two scopes', ask: call('ship_order', { id: '7' }), as: { scopes: ALL } },
  { what: 'a tool that knows the caller', ask: call('whoami'), as: { sub: 'bob' } },
  { what: 'a tool for everyone, with a token', ask: call('opening_hours'), as: {} },
  { what: 'a tool that was registered', ask: call('report_2026', { month: 3 }), as: { scopes: ALL } },
  { what: 'a resource', ask: read('config://shop/currency'), as: { scopes: ALL } },
  { what: 'a resource of a template', ask: read('orders://7'), as: { scopes: ALL } },
  { what: 'a prompt', ask: prompt('summarize', { id: '7' }), as: { scopes: ALL } },
  { what: 'the list, for an admin', ask: listTools, as: { scopes: ALL, roles: ['admin'] } },
];

const refusal = (...scopes: string[]) => ({ status: 403, error: 'insufficient_scope', scopes });

const VISIBLE = ['opening_hours', 'whoami'];
const NO_TOKEN = { status: 401, scopes: ['orders:read'] };
const NO_RULE = { status: 403, scopes: [] };
const CONFIG = [{ uri: 'config://shop/currency', mimeType: 'application/json', text: '{"currency":"EUR"}' }];

const CHANGED: readonly (Row & { readonly answers: Record<State, Answer> })[] = [
  {
    what: 'the list of a caller without scopes',
    ask: listNames,
    as: {},
    answers: { before: VISIBLE, protected: ['count_orders', ...VISIBLE], after: NAMES },
  },
  {
    what: 'a call without its scope',
    ask: call('find_order', { id: '7' }),
    as: {},
    answers: {
      before: { code: -32600, message: "Tool 'find_order' requires scopes: orders:read" },
      protected: refusal('orders:read'),
      after: refusal('orders:read'),
    },
  },
  {
    what: 'a call without one of two scopes',
    ask: call('ship_order', { id: '7' }),
    as: {},
    answers: {
      before: { code: -32600, message: "Tool 'ship_order' requires any of scopes: orders:ship, orders:admin" },
      protected: refusal('orders:ship'),
      after: refusal('orders:ship'),
    },
  },
  {
    what: 'a call without its role',
    ask: call('count_orders'),
    as: {},
    answers: {
      before: { code: -32600, message: "Tool 'count_orders' requires roles: admin" },
      protected: NO_RULE,
      after: { text: expect.stringMatching(/^Only admins may do this\. Reference for support: /), isError: true },
    },
  },
  {
    what: 'an object without a schema',
    ask: call('count_orders'),
    as: { roles: ['admin'] },
    answers: {
      before: { text: '{"orders":1}' },
      protected: { text: '{"orders":1}' },
      after: { text: '{"orders":1}', structuredContent: { orders: 1 } },
    },
  },
  {
    what: 'a tool for everyone, without a token',
    ask: call('opening_hours'),
    answers: { before: { text: 'Monday to Friday' }, protected: NO_TOKEN, after: { text: 'Monday to Friday' } },
  },
  {
    what: 'a tool that needs a token, without one',
    ask: call('whoami'),
    answers: {
      before: { code: -32600, message: "Tool 'whoami' requires authentication" },
      protected: NO_TOKEN,
      after: NO_TOKEN,
    },
  },
  {
    what: 'a resource, without a token',
    ask: read('config://shop/currency'),
    answers: { before: CONFIG, protected: NO_TOKEN, after: NO_TOKEN },
  },
  {
    what: 'a resource of a template, without its scope',
    ask: read('orders://7'),
    as: {},
    answers: {
      before: [expect.objectContaining({ uri: 'orders://7' })],
      protected: refusal('orders:read'),
      after: refusal('orders:read'),
    },
  },
  {
    what: 'a tool that is not there',
    ask: call('purge_orders'),
    as: { scopes: ALL },
    answers: {
      before: { code: -32602, message: 'Unknown tool: purge_orders' },
      protected: NO_RULE,
      after: { code: -32602, message: 'Unknown tool: purge_orders' },
    },
  },
  {
    what: 'arguments that do not fit',
    ask: call('find_order', { id: 7 }),
    as: { scopes: ALL },
    answers: {
      before: { text: expect.stringMatching(/^Invalid parameters: \[id\]/), isError: true },
      protected: { text: expect.stringMatching(/^Invalid parameters: \[id\]/), isError: true },
      after: { text: expect.stringMatching(/^Invalid arguments for find_order:\n- id/), isError: true },
    },
  },
  {
    what: 'a token for another server',
    ask: call('whoami'),
    as: { audience: 'https://other.example' },
    answers: {
      before: { status: 401, scopes: [] },
      protected: { ...NO_TOKEN, error: 'invalid_token' },
      after: { ...NO_TOKEN, error: 'invalid_token' },
    },
  },
];

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  const eras = ERAS[platform];
  let issuer: TestIssuer;
  const applications = {} as Record<State, TestApplication>;

  beforeAll(async () => {
    issuer = await TestIssuer.start();
    for (const state of STATES) applications[state] = await start(state, platform, issuer);
  });
  afterAll(async () => {
    for (const state of STATES) await applications[state]?.close();
    await issuer.close();
  });

  const ask = async (state: State, { ask: run, as }: Row, era: (typeof ERAS)['express'][number]) => {
    const client = TestClient.for(`${applications[state].origin}/mcp`, issuer, { era });
    return await answerTo(run, as ? client.as(as) : client.anonymously());
  };

  test.each(SAME)('$what is what it was', async (row) => {
    for (const era of eras) {
      const before = await ask('before', row, era);
      expect(await ask('protected', row, era)).toEqual(before);
      expect(await ask('after', row, era)).toEqual(before);
    }
  });

  test.each(CHANGED)('$what has changed as the page says', async (row) => {
    for (const era of eras) for (const state of STATES) expect(await ask(state, row, era)).toEqual(row.answers[state]);
  });
});

async function start(state: State, platform: 'express' | 'fastify', { issuer }: TestIssuer): Promise<TestApplication> {
  let connect: ((app: INestApplication) => void) | undefined;
  const application = await startApplication({
    platform,
    imports: (origin) => {
      const options = { resource: `${origin}/mcp`, issuer };
      if (state === 'after') return [OrdersModule.forRoot(options)];
      const { module, strategy } = (state === 'before' ? createBefore : createProtected)(options);
      connect = (app) => app.connectMicroservice({ strategy });
      return [module];
    },
    configure: (app) => connect?.(app),
  });
  if (connect) await application.app.startAllMicroservices();
  return application;
}
