import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { clientSecretBasic, type AuditEvent, type McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { TIME, UUID } from '../observability/audited-server.js';
import { post, toolCall } from '../support/mcp-request.js';
import { sendJson, TestIssuer } from '../support/test-issuer.js';
import { describeWithRedis } from '../support/with-redis.js';
import { newKey } from '../token-cache/cached-exchange.js';
import { SharedRedis } from '../token-cache/shared-redis.js';
import { startLogoutServer, type LogoutServer } from './logout-server.js';

const CLIENT = { id: 'mcp-server', authentication: clientSecretBasic('mcp-server-secret') };

let issuer: TestIssuer;
const servers: LogoutServer[] = [];

beforeEach(async () => {
  issuer = await TestIssuer.start();
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
  await issuer.close();
});

async function start(options: Partial<McpAuthModuleOptions> = {}): Promise<LogoutServer> {
  const server = await startLogoutServer(issuer.issuer, { options });
  servers.push(server);
  return server;
}

async function logoutToken(claims: Record<string, unknown>): Promise<string> {
  const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
  return await issuer.token({ aud: 'mcp-server', client_id: undefined, events, ...claims }, { typ: 'logout+jwt' });
}

describe('a token that the issuer is asked about', () => {
  /** What the issuer says of each token. */
  const told = new Map<string, Record<string, unknown>>();
  let asked: string[];
  let server: LogoutServer;

  beforeEach(async () => {
    asked = [];
    issuer.answers.set('/introspect', (_request, response, body) => {
      const token = body.get('token') ?? '';
      asked.push(token);
      sendJson(response, 200, told.get(token) ?? { active: false });
    });
    server = await start({
      issuers: [
        {
          issuer: issuer.issuer,
          introspection: { endpoint: `${issuer.origin}/introspect`, client: CLIENT, cacheMs: 300_000 },
        },
      ],
    });
    const exp = Math.floor(Date.now() / 1000) + 300;
    for (const [token, claims] of [
      ['opaque-token-of-alice', { sub: 'alice', sid: 'one' }],
      ['opaque-token-of-alice-elsewhere', { sub: 'alice', sid: 'two' }],
      ['opaque-token-of-bob', { sub: 'bob', sid: 'three' }],
    ] as const)
      told.set(token, { active: true, iss: issuer.issuer, aud: server.resource, exp, ...claims });
  });

  const statusOf = async (token: string) => (await post(server.resource, toolCall('order'), { token })).status;

  test('is asked about anew after its session has ended, and the client has to sign in again', async () => {
    for (const token of told.keys()) for (let calls = 0; calls < 2; calls += 1) expect(await statusOf(token)).toBe(200);
    expect(asked).toEqual([...told.keys()]);
    told.delete('opaque-token-of-alice');
    expect((await server.logout(await logoutToken({ sub: 'alice', sid: 'one' }))).status).toBe(200);
    expect(await statusOf('opaque-token-of-alice')).toBe(401);
    for (const token of told.keys()) expect(await statusOf(token)).toBe(200);
    expect(asked).toHaveLength(4);
  });

  test('is asked about anew wherever the user was, if the user signed out of everything', async () => {
    for (const token of told.keys()) await statusOf(token);
    told.clear();
    await server.logout(await logoutToken({ sub: 'alice' }));
    expect(await statusOf('opaque-token-of-alice')).toBe(401);
    expect(await statusOf('opaque-token-of-alice-elsewhere')).toBe(401);
    expect(await statusOf('opaque-token-of-bob')).toBe(200);
  });
});

test('an event of a sign-out names the user and the session, and has nothing of the token', async () => {
  const events: AuditEvent[] = [];
  const server = await start({
    observability: { auditSink: { record: (event: AuditEvent) => void events.push(event) } },
  });
  const token = await logoutToken({ sub: 'alice', sid: 'one' });
  await server.logout(token);
  expect(events).toEqual([
    {
      type: 'session_ended',
      time: expect.stringMatching(TIME),
      resource: server.resource,
      correlationId: expect.stringMatching(UUID),
      issuer: issuer.issuer,
      subject: 'alice',
      sessionId: 'one',
    },
  ]);
});

test('a sign-out is no warning', async () => {
  const server = await start();
  await server.logout(await logoutToken({}));
  expect(server.log.lines.filter((line) => line.includes('session_ended'))).toEqual([expect.stringMatching(/^log /)]);
});

describeWithRedis('replicas that share a Redis', () => {
  let redis: SharedRedis;
  let replicas: LogoutServer[];

  beforeEach(async () => {
    redis = await SharedRedis.start();
    const keys = [newKey()];
    replicas = [];
    for (let count = 0; count < 2; count += 1) {
      const shared = { store: redis.store(), keys, storeTimeoutMs: 5_000 };
      replicas.push(
        await start({
          resource: 'https://mcp.example/mcp',
          endpoint: { allowedHosts: 'any' },
          replicas: shared,
          tokenCache: { localMaxAgeMs: 0 },
        }),
      );
    }
  });
  afterEach(() => redis.close());

  const exchanged = () => replicas.flatMap((replica) => replica.exchanged);

  async function orderAtEach(token: string): Promise<void> {
    for (const replica of replicas) await replica.order(token);
  }

  test('know of a sign-out that one of them was told of', async () => {
    const aud = 'https://mcp.example/mcp';
    const [alice, bob] = [
      await issuer.token({ aud, sub: 'alice', sid: 'one' }),
      await issuer.token({ aud, sub: 'bob', sid: 'two' }),
    ];
    for (const token of [alice, bob]) await orderAtEach(token);
    expect(exchanged().sort()).toEqual(['alice', 'bob']);
    expect((await replicas[0]?.logout(await logoutToken({ sub: undefined, sid: 'one' })))?.status).toBe(200);
    for (const token of [alice, bob]) await orderAtEach(token);
    expect(exchanged().sort()).toEqual(['alice', 'alice', 'bob']);
  });

  test('have it sent again where the others could not be told, and take it then', async () => {
    const alice = await issuer.token({ aud: 'https://mcp.example/mcp', sub: 'alice' });
    await orderAtEach(alice);
    const token = await logoutToken({ sub: 'alice' });
    const losing = new Promise((resolve) => redis.client.once('reconnecting', resolve));
    await redis.process.kill();
    await losing;
    const response = await replicas[0]?.logout(token);
    expect([response?.status, response?.headers.get('retry-after')]).toEqual([503, '5']);
    await redis.process.startAgain();
    expect((await replicas[0]?.logout(token))?.status).toBe(200);
    expect((await replicas[0]?.logout(token))?.status).toBe(400);
  });
});
