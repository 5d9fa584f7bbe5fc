import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { errors } from 'nestjs-mcp-auth';
import { toFailureResult } from '../../lib/mcp/invocation/tool-failure.js';
import { logFailure } from '../../lib/observability/failure-log.js';
import { ExchangeHealth } from '../../lib/on-behalf-of/exchange/exchange-health.js';
import { createDownstreamError } from '../../lib/on-behalf-of/failures/failure-error.js';
import type { FailureCode } from '../../lib/on-behalf-of/failures/failure.js';
import { resolveDownstream } from '../../lib/on-behalf-of/options/resolved-downstream.js';
import { createTemporaryFailure } from '../../lib/on-behalf-of/failures/temporary-failure.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { textOf } from '../support/mcp-request.js';
import { codesOf } from './error-classes.js';

const CALLER = { class: 'CallerActionError', level: 'warn', health: 'up' } as const;
const OPERATOR = {
  ...{ class: 'OperatorActionError', level: 'error', health: 'down' },
  told: 'This server is not set up to call the orders API for you. Tell its operator.',
} as const;
const PASSES = {
  ...{ class: 'TemporaryFailureError', level: 'error', health: 'up' },
  told: 'The orders API cannot be reached for you right now. Try again later.',
} as const;
const TOOL = { class: 'DownstreamError', level: 'error', health: 'up' } as const;

interface Row {
  readonly class: string;
  readonly level: string;
  readonly health: string;
  /** What the user and the model are told, without the reference. */
  readonly told: string;
  /** What operators are told besides: what would change it. */
  readonly fix?: RegExp;
}

/** What a tool throws on its way to an API. */
const ROWS = {
  caller_token_rejected: {
    ...CALLER,
    told: 'Your sign-in no longer allows calling the orders API. Sign in again.',
    fix: /sign in again/,
  },
  caller_claims_required: {
    ...CALLER,
    told: 'The orders API wants you to sign in again, as your organisation demands.',
    fix: /which client to use/,
  },
  caller_authentication_insufficient: {
    ...CALLER,
    told: 'The orders API wants you to sign in again, in a stronger way.',
    fix: /sign users in again/,
  },
  caller_scope_insufficient: {
    ...CALLER,
    told: 'Your sign-in does not cover what this needs of the orders API.',
    fix: /`scopeMap` of `downstreams.orders`/,
  },
  caller_consent_required: {
    ...CALLER,
    told: 'You have not consented to calling the orders API yet.',
    fix: /`consentUrl` of `downstreams.orders`/,
  },
  caller_account_not_linked: {
    ...CALLER,
    told: 'Your account at the orders API is not linked yet.',
    fix: /link their account/,
  },
  caller_access_denied: {
    ...CALLER,
    told: 'You have not been given the access to the orders API that this tool needs. Ask its operator for access.',
    fix: /have the access at the provider/,
  },
  caller_without_user: {
    ...CALLER,
    told: 'The orders API is called on behalf of a user, and your token has no user.',
    fix: /`onAppOnly: 'clientCredentials'` of `downstreams.orders`/,
  },
  client_rejected: { ...OPERATOR, fix: /Check `client`/ },
  target_unknown: { ...OPERATOR, fix: /`audience`, `resource` and `scopes` of `downstreams.orders`/ },
  exchange_misconfigured: { ...OPERATOR, fix: /`downstreams.orders`/ },
  exchange_answer_unusable: { ...OPERATOR, fix: /`dialect` of the provider in `downstreams.orders`/ },
  issuer_unavailable: { ...PASSES, fix: /reaches the token endpoint/ },
  issuer_rate_limited: { ...PASSES, fix: /allow more requests/ },
  downstream_unreachable: PASSES,
  downstream_timeout: PASSES,
  downstream_failed: PASSES,
  downstream_rate_limited: PASSES,
  downstream_overloaded: PASSES,
  downstream_status: {
    ...TOOL,
    level: 'warn',
    told: 'The orders API has nothing there. Check the identifiers in the arguments.',
  },
} satisfies Record<FailureCode, Row>;

/** Mistakes of whoever wrote the tool: the user can do nothing about them, and learns nothing. */
const OF_AUTHORS: readonly errors.DownstreamErrorCode[] = [
  'downstream_not_declared',
  'downstream_ambiguous',
  'downstream_outside_call',
  'downstream_outside_base_url',
  'downstream_header_refused',
  'downstream_redirect',
  'downstream_body',
  'downstream_body_too_large',
];

const target = resolveDownstream('orders', {
  ...{ baseUrl: 'https://orders.example', audience: 'orders-api', scopes: ['write'] },
  ...{ scopeMap: { write: ['orders:write'] }, consentUrl: 'https://login.example/consent' },
});

const make = (code: FailureCode) =>
  createDownstreamError(code, `Why it failed`, { status: 404, scopes: ['write'], claims: '{}' }, target);

/** Who is told what of an error. */
function tell(error: errors.DownstreamError, log: RecordingLogger) {
  log.lines.length = 0;
  logFailure('find', error, 'the-reference');
  const logged = [...log.lines];
  const health = new ExchangeHealth();
  health.recordFailure('orders', error);
  return {
    text: textOf(toFailureResult('find', error, 'the-reference') as Parameters<typeof textOf>[0]),
    logged,
    health: health.findFault('orders') === undefined ? 'up' : 'down',
  };
}

const log = new RecordingLogger();

beforeAll(() => {
  Logger.overrideLogger(log);
});
afterAll(() => {
  Logger.overrideLogger(undefined as never);
});

const document = readFileSync('docs/reference/errors.md', 'utf8');

/** The classes in the first table: their levels of the log, and their health. */
const documented = new Map(
  [...document.matchAll(/^\| `(\w+)` +\|.*\| ([^|]+?) +\| (up|down) +\|$/gm)].map(([, name = '', levels, health]) => [
    name,
    { levels, health },
  ]),
);

test.each(codesOf('DownstreamErrorCode'))('%s has a row that says whose fault it is', (code) => {
  expect([...Object.keys(ROWS), ...OF_AUTHORS].filter((one) => one === code)).toHaveLength(1);
});

describe.each(Object.entries<Row>(ROWS))('%s', (code, row) => {
  test('is told to whoever can act, counts for health or not, and tells the stranger nothing', () => {
    const error = make(code as FailureCode);
    const { text, logged, health } = tell(error, log);
    expect([error.constructor.name, error.code, health]).toEqual([row.class, code, row.health]);
    expect(text).toBe(`${row.told} Reference for support: the-reference`);
    expect(logged).toHaveLength(1);
    expect(logged[0]).toMatch(new RegExp(`^${row.level} find failed .*\\(${code}\\).*Why it failed`));
    if (row.fix) expect(logged[0]).toMatch(row.fix);
    expect(text).not.toContain('downstreams.orders');
  });

  test('is in docs/reference/errors.md as it is', () => {
    const { levels, health } = documented.get(row.class) ?? {};
    expect(levels?.split(', ')).toContain(`\`${row.level}\``);
    expect(health).toBe(row.health);
  });
});

test.each(OF_AUTHORS)('%s is for the author of the tool: users learn nothing of it, and health is up', (code) => {
  const { text, logged, health } = tell(new errors.DownstreamError(code, 'Why it failed'), log);
  expect(text).toBe('find failed, for a reason that is not shown here. Reference for support: the-reference');
  expect(logged).toEqual([expect.stringMatching(new RegExp(`^error find failed .*\\(${code}\\).*Why it failed`))]);
  expect(health).toBe('up');
});

test('an API that gives no answer blames nobody who calls', () => {
  const { text, logged, health } = tell(createTemporaryFailure('downstream_timeout', 'Why it failed', target), log);
  expect(text).toBe(
    'The orders API cannot be reached right now. Try again later. Reference for support: the-reference',
  );
  expect([logged.length, health]).toEqual([1, 'up']);
});

test.each<[string, readonly number[], RegExp]>([
  ['the arguments', [400, 412, 413, 414, 415, 422, 428], /Check the arguments\./],
  ['what is there', [404, 410], /Check the identifiers/],
  ['the state', [409, 423], /in the present state/],
  ['the access', [401, 403], /Ask its operator for access/],
  ['the tool, and not the arguments', [405, 407, 411, 421, 426, 431], /Tell the operator of this server/],
  ['nobody', [408, 425], /Try again/],
])('a status of an API that is about %s says so', (_what, statuses, told) => {
  for (const status of statuses) {
    const { advice } = createDownstreamError('downstream_status', 'Why it failed', { status }, target);
    expect(advice).toMatch(told);
    if (!told.source.includes('arguments')) expect(advice).not.toContain('Check the arguments');
  }
});
