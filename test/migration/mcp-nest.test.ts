import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { createOrdersServer as createBefore } from '../../sample/migration/mcp-nest/before/orders.module.js';
import { createOrdersServer as createProtected } from '../../sample/migration/mcp-nest/protected/orders.module.js';
import { OrdersModule } from '../../sample/migration/mcp-nest/after/orders.module.js';
import type { Answer } from '../../sample/migration/answer.js';
import { CALLS } from '../../sample/migration/mcp-nest/calls.js';
import { compareCalls, type Answers } from './compare-calls.js';
import { MigrationStates, type Era } from './migration-states.js';

const STATES = ['before', 'protected', 'after'] as const;
type State = (typeof STATES)[number];

const refusal = (...scopes: string[]) => ({ status: 403, error: 'insufficient_scope', scopes });

const NAMES = ['cancel_order', 'count_orders', 'find_order', 'opening_hours', 'report_2026', 'ship_order', 'whoami'];
const VISIBLE = ['opening_hours', 'whoami'];
const NO_TOKEN = { status: 401, scopes: ['orders:read'] };
const NO_RULE = { status: 403, scopes: [] };
const NO_AUTH = [{ type: 'noauth' }];
const REPORTS = [{ type: 'oauth2', scopes: ['reports:read'] }];
const CONFIG = [{ uri: 'config://shop/currency', mimeType: 'application/json', text: '{"currency":"EUR"}' }];

const CANCELLED = { heard: expect.arrayContaining([{ message: 'Cancel order 7?' }]), text: 'Order 7 is cancelled' };
/** Clients of 2026-07-28 have no session. */
const ASKED_IN_A_SESSION = (era: Era): Answer =>
  era === '2025-11-25' ? CANCELLED : { heard: [], text: 'Internal server error', isError: true };

/** What has changed, and is on the page. Everything else is what it was. */
const CHANGED: Partial<Record<keyof typeof CALLS, Answers<State>>> = {
  'a question to the user': { before: ASKED_IN_A_SESSION, protected: ASKED_IN_A_SESSION, after: CANCELLED },
  'the list of a caller without scopes': { before: VISIBLE, protected: ['count_orders', ...VISIBLE], after: NAMES },
  'a call without its scope': {
    before: { code: -32600, message: "Tool 'find_order' requires scopes: orders:read" },
    protected: refusal('orders:read'),
    after: refusal('orders:read'),
  },
  'a call without one of two scopes': {
    before: { code: -32600, message: "Tool 'ship_order' requires any of scopes: orders:ship, orders:admin" },
    protected: refusal('orders:ship'),
    after: refusal('orders:ship'),
  },
  'a call without its role': {
    before: { code: -32600, message: "Tool 'count_orders' requires roles: admin" },
    protected: NO_RULE,
    after: { text: expect.stringMatching(/^Only admins may do this\. Reference for support: /), isError: true },
  },
  'an object without a schema': {
    before: { text: '{"orders":1}' },
    protected: { text: '{"orders":1}' },
    after: { text: '{"orders":1}', structuredContent: { orders: 1 } },
  },
  'a tool for everyone, without a token': {
    before: { text: 'Monday to Friday' },
    protected: NO_TOKEN,
    after: { text: 'Monday to Friday' },
  },
  'a tool that needs a token, without one': {
    before: { code: -32600, message: "Tool 'whoami' requires authentication" },
    protected: NO_TOKEN,
    after: NO_TOKEN,
  },
  'a resource, without a token': { before: CONFIG, protected: NO_TOKEN, after: NO_TOKEN },
  'a resource of a template, without its scope': {
    before: [expect.objectContaining({ uri: 'orders://7' })],
    protected: refusal('orders:read'),
    after: refusal('orders:read'),
  },
  'a prompt without its argument': {
    before: [{ role: 'user', content: { type: 'text', text: 'Sum order undefined up.' } }],
    protected: [{ role: 'user', content: { type: 'text', text: 'Sum order undefined up.' } }],
    after: { code: -32602, message: expect.stringMatching(/^Invalid arguments for summarize:\n- id: /) },
  },
  'a URI with the scheme of another resource': {
    before: [expect.objectContaining({ uri: 'config://7', text: expect.stringContaining('chair') })],
    protected: NO_RULE,
    after: { code: -32602, message: expect.stringContaining('config://7') },
  },
  'what the list says of scopes': {
    before: { opening_hours: NO_AUTH, report_2026: REPORTS, whoami: [{ type: 'oauth2' }] },
    protected: { count_orders: NO_AUTH, opening_hours: NO_AUTH, report_2026: REPORTS, whoami: NO_AUTH },
    after: Object.fromEntries(NAMES.map((name) => [name, 'none'])),
  },
  'a tool that is not there': {
    before: { code: -32602, message: 'Unknown tool: purge_orders' },
    protected: NO_RULE,
    after: { code: -32602, message: 'Unknown tool: purge_orders' },
  },
  'arguments that do not fit': {
    before: { text: expect.stringMatching(/^Invalid parameters: \[id\]/), isError: true },
    protected: { text: expect.stringMatching(/^Invalid parameters: \[id\]/), isError: true },
    after: { text: expect.stringMatching(/^Invalid arguments for find_order:\n- id/), isError: true },
  },
  'a token for another server': {
    before: { status: 401, scopes: [] },
    protected: { ...NO_TOKEN, error: 'invalid_token' },
    after: { ...NO_TOKEN, error: 'invalid_token' },
  },
};

const ERAS = { express: ['2025-11-25', '2026-07-28'], fastify: ['2026-07-28'] } as const;

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  let servers: MigrationStates<State>;

  beforeAll(async () => {
    servers = await MigrationStates.start(platform, {
      before: { nest: createBefore },
      protected: { nest: createProtected },
      after: { nest: (options) => ({ module: OrdersModule.forRoot(options) }) },
    });
  });
  afterAll(() => servers.close());

  compareCalls(CALLS, CHANGED, STATES, ERAS[platform], (state, call, era) => servers.ask(state, call, era));
});
