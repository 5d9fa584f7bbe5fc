import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { errors } from 'nestjs-mcp-auth';
import type { LimitCode, RefusalCode, TestErrorCode } from '../../lib/errors/error-codes.js';
import { describeAnswer } from '../../lib/entry/endpoint/described-answer.js';
import { toFailureResult } from '../../lib/mcp/invocation/tool-failure.js';
import type { DenialReason, RequestRefusal } from '../../lib/observability/audit-event.js';
import { describeDenial } from '../../lib/resource-server/authorization/described-denial.js';
import { proofOf } from '../proof/bound-client.js';
import { ProofClient } from '../proof/proof-client.js';
import { textOf } from '../support/mcp-request.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { OWN_CLIENT, RefusingServer } from '../observability/refusing-server.js';

const documented = readFileSync('docs/reference/events.md', 'utf8');

/** What a stranger must not be told: names of options, of hosts inside, and of the issuers. */
const INSIDE = /`|hunter2|audiences|issuers/;

type CodeOfFailure = Exclude<
  errors.McpAuthErrorCode,
  errors.DownstreamErrorCode | RefusalCode | LimitCode | TestErrorCode
>;

/** What a tool, or a dialect, may let through. A new code without a row does not compile. */
const FAILURES: Readonly<Record<CodeOfFailure, errors.McpAuthError>> = {
  shared_store_failed: new errors.SharedStoreError('shared_store_failed', 'Redis at hunter2 failed'),
  shared_store_timeout: new errors.SharedStoreError('shared_store_timeout', 'Redis at hunter2 is slow'),
  invalid_configuration: new errors.McpAuthConfigurationError(['`client` is hunter2']),
  token_endpoint_failed: new errors.TokenEndpointError('the answer has hunter2', { status: 400 }),
  issuer_unusable: new errors.IssuerUnusableError('https://hunter2.example', 'no keys'),
  client_credentials_unavailable: new errors.ClientCredentialsError('the file hunter2 is missing'),
  revocation_incomplete: new errors.RevocationError('Redis at hunter2 failed'),
};

describe.each(Object.entries(FAILURES))('%s', (code, error) => {
  const log = new RecordingLogger();
  beforeAll(() => {
    Logger.overrideLogger(log);
  });
  afterAll(() => {
    Logger.overrideLogger(undefined as never);
  });

  test('is for the operator: the log has all of it, and the user nothing but a reference', () => {
    expect(error.code).toBe(code);
    const result = toFailureResult('find', error, 'the-reference');
    expect(textOf(result as Parameters<typeof textOf>[0])).toBe(
      'find failed, for a reason that is not shown here. Reference for support: the-reference',
    );
    expect(log.lines).toEqual([
      expect.stringMatching(new RegExp(`^error find failed \\[the-reference\\].*\\(${code}\\).*hunter2`)),
    ]);
  });
});

const LIMITS: Readonly<Record<LimitCode, string>> = {
  caller_limit_reached: 'Too many questions. Try again later.',
  server_limit_reached: 'The server has no room. Try again later.',
};

test.each(Object.entries(LIMITS))('%s, where a tool lets it through, tells its caller to try again', (code, told) => {
  const error = new errors.LimitError(code as LimitCode, 'openQuestions', told);
  const result = toFailureResult('find', error, 'the-reference');
  expect(textOf(result as Parameters<typeof textOf>[0])).toBe(told);
  expect(result._meta).toEqual({ 'nestjs-mcp-auth/retry': { retryable: true, retryAfterMs: error.retryAfterMs } });
});

interface Answer {
  readonly of: 'plain' | 'bound';
  readonly query?: string;
  readonly send: (token: string) => Promise<Record<string, string>>;
  readonly status: number;
  readonly error?: string;
  readonly told: string;
  readonly fix: RegExp;
}

/** What a stranger is told, and the operator. The answer to a logout token has no event: `test/logout` has that. */
const ANSWERS: Readonly<Record<Exclude<RefusalCode, 'invalid_logout_token'>, Answer>> = {
  invalid_token: {
    of: 'plain',
    send: () => Promise.resolve({ authorization: 'Bearer bad' }),
    ...{ status: 401, error: 'invalid_token', told: 'The token is not a JWT of an issuer that is trusted here' },
    fix: /`introspection`/,
  },
  malformed_credentials: {
    of: 'plain',
    query: '?access_token=x',
    send: () => Promise.resolve({}),
    ...{ status: 400, error: 'invalid_request' },
    told: 'An access token must not be sent in the query; send it in the Authorization header',
    fix: /revoked/,
  },
  invalid_proof: {
    of: 'bound',
    send: (token) => Promise.resolve({ authorization: `DPoP ${token}` }),
    ...{ status: 401, error: 'invalid_dpop_proof', told: 'There is no DPoP proof' },
    fix: /proxies pass it on/,
  },
  replay_store_unavailable: {
    of: 'bound',
    send: async (token) => ({
      authorization: `DPoP ${token}`,
      dpop: await proofOf({ client, token, resource: server.resource('bound') }),
    }),
    ...{ status: 503, told: 'The token cannot be checked right now' },
    fix: /`proof\.dpop\.replayStore`/,
  },
};

let server: RefusingServer;
let client: ProofClient;

describe.each(['express', 'fastify'] as const)('over HTTP, on %s', (platform) => {
  beforeAll(async () => {
    client = await ProofClient.start();
    const claim = () => Promise.reject(new Error('hunter2'));
    server = await RefusingServer.start(platform, () => ({
      plain: { client: OWN_CLIENT },
      bound: { proof: { dpop: { replayStore: { claim } } } },
    }));
  });
  afterAll(() => server.close());

  test.each(Object.entries(ANSWERS))('%s: the stranger learns what, the operator why', async (_code, row) => {
    const { of, query = '', send, status, error, told, fix } = row;
    const token = await server.issuer.token({ aud: server.resource(of), cnf: client.confirmation });
    const refused = await server.refuse(of, await send(token), { query });
    expect([refused.status, refused.event.type]).toEqual([status, 'token_rejected']);
    expect(refused.told).toContain(told);
    if (error === undefined) expect(refused.told).toContain('retry-after');
    else expect(refused.told).toMatch(new RegExp(`error=\\\\*"${error}\\\\*", error_description=\\\\*"${told}`));
    expect(refused.told).not.toMatch(INSIDE);
    expect(refused.event.fix).toMatch(fix);
    expect(refused.log.filter((line) => line.includes(refused.event.fix))).toHaveLength(1);
  });
});

/** Who can mend a denial: the fix that operators read. */
const DENIALS: Readonly<Record<DenialReason, RegExp>> = {
  invalid_token: /The client gets a challenge/,
  insufficient_claims: /The client gets a challenge/,
  insufficient_scope: /let the client and the user have them there.*`scopes\.initial`/,
  insufficient_user_authentication: /`acrValues` and `maxAgeMs`/,
  client_not_allowed: /add it to `clients` of the issuer/,
  app_only: /set `appOnly` of the tool/,
  policy: /Look at what Never decides/,
  other_resource: /give both resources the same rule/,
  undecided: /The log has the error/,
};

test.each(Object.entries(DENIALS))('the denial %s says what would change it, and is documented', (reason, fix) => {
  const denied = {
    reason: reason as DenialReason,
    caller: undefined,
    scopes: ['read'],
    policy: 'Never',
    clients: ['a'],
  };
  const described = describeDenial(denied);
  expect(described.detail).not.toBe('');
  expect(described.fix).toMatch(fix);
  expect(documented).toContain(`### \`operation_denied\`: \`${reason}\`\n`);
});

/** The status by which a refused request is told, and the fix that operators read. `undefined`: its own place says it. */
const REQUESTS: Readonly<Record<RequestRefusal, readonly [status: number, fix: RegExp] | undefined>> = {
  origin: undefined,
  host: undefined,
  depth: undefined,
  session: undefined,
  rule: undefined,
  size: [413, /Raise `endpoint\.maxBodySize`/],
  message: [400, /The client has to send what the MCP specification says/],
  method: [405, /Nothing has to be changed/],
  accept: [406, /Have the client accept one of these/],
  media_type: [415, /Have the client send JSON in UTF-8/],
  not_found: [404, /`resource`.*`endpoint\.path`/],
  application: [401, /`endpoint\.decorators`/],
  other: [409, /The client has to send what the MCP specification says/],
};

test.each(Object.entries(REQUESTS))(
  'the refusal %s of a request says what would change it, and is documented',
  (reason, row) => {
    expect(documented).toMatch(new RegExp(`^### \`request_refused\`: \`${reason}\`\\n\\n.*(\\d|Any status|4xx)`, 'm'));
    if (!row) return;
    const [status, fix] = row;
    const node = { method: 'PUT', headers: {} } as Parameters<typeof describeAnswer>[0];
    const endpoint = { maxBodySize: 100 } as Parameters<typeof describeAnswer>[3];
    const described = describeAnswer(node, status, reason !== 'application', endpoint);
    expect(described.reason).toBe(reason);
    expect(described.fix).toMatch(fix);
  },
);
