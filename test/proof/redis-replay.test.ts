import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { request as requestHttp } from 'node:http';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { McpAuthModule, type AuditEvent, type ReplayStore } from 'nestjs-mcp-auth';
import { createClient, type RedisClientType } from 'redis';
import { parseChallenge } from '../compliance/challenge-parameters.js';
import { listen, type Listener } from '../support/listen.js';
import { toolCall } from '../support/mcp-request.js';
import { optionsFor } from '../support/module-options.js';
import { RedisProcess } from '../support/redis-process.js';
import { startApplication, type Platform, type TestApplication } from '../support/test-application.js';
import { TestIssuer } from '../support/test-issuer.js';
import { describeWithRedis } from '../support/with-redis.js';
import { CountedTool } from './counted-tool.js';
import { fetchWithProof, proofOf, type BoundClient } from './bound-client.js';
import { claimsOf, ProofClient, seconds, sha256 } from './proof-client.js';
import { send, type Answer } from './send.js';

const PLATFORMS = ['express', 'fastify'] as const;
const REPLAYED = 'The DPoP proof was used before';

class RedisReplayStore implements ReplayStore {
  constructor(private readonly redis: RedisClientType) {}

  async claim(key: string, lifetimeMs: number) {
    return (
      (await this.redis.set(`dpop:${key}`, '1', { condition: 'NX', expiration: { type: 'PX', value: lifetimeMs } })) ===
      'OK'
    );
  }
}

/** One of two servers that are the same to their clients. */
interface Replica {
  readonly application: TestApplication;
  readonly redis: RedisClientType;
}

/** Gives each request to the next of the origins, as it came. */
function balanceBetween(listener: Listener, origins: readonly string[], served: string[]): void {
  listener.server.on('request', (incoming, outgoing) => {
    const origin = origins[served.length % origins.length] ?? '';
    served.push(origin);
    const { method, headers } = incoming;
    const forwarded = requestHttp(new URL(incoming.url ?? '', origin), { method, headers, agent: false });
    forwarded.on('response', (response) => {
      response.pipe(outgoing.writeHead(response.statusCode ?? 0, response.headers));
    });
    incoming.pipe(forwarded);
  });
}

describeWithRedis('two replicas that share a Redis', () => {
  let redis: RedisProcess;
  let issuer: TestIssuer;
  let balancer: Listener;
  let replicas: Record<Platform, Replica>;
  let bound: BoundClient;
  const events: AuditEvent[] = [];
  const served: string[] = [];
  const closing: (() => unknown)[] = [];

  async function startReplica(platform: Platform): Promise<Replica> {
    // A client of Redis keeps what it is asked while there is no connection, or fails at once: here is one of each.
    const connection: RedisClientType = createClient({
      socket: { path: redis.socket, tls: false, reconnectStrategy: 20 },
      disableOfflineQueue: platform === 'fastify',
    });
    connection.on('error', () => undefined);
    await connection.connect();
    const application = await startApplication({
      platform,
      providers: [CountedTool],
      imports: () => [
        McpAuthModule.forRoot(
          optionsFor(balancer.origin, issuer.issuer, {
            proof: { dpop: { replayStore: new RedisReplayStore(connection) } },
            observability: { auditSink: { record: (event: AuditEvent) => void events.push(event) } },
          }),
        ),
      ],
    });
    closing.push(
      () => {
        connection.destroy();
      },
      () => application.close(),
    );
    return { application, redis: connection };
  }

  beforeAll(async () => {
    redis = await RedisProcess.start();
    closing.push(() => redis.close());
    issuer = await TestIssuer.start();
    closing.push(() => issuer.close());
    balancer = await listen();
    closing.push(() => balancer.close());
    replicas = { express: await startReplica('express'), fastify: await startReplica('fastify') };
    balanceBetween(
      balancer,
      PLATFORMS.map((platform) => replicas[platform].application.origin),
      served,
    );
    const client = await ProofClient.start();
    const resource = `${balancer.origin}/mcp`;
    const token = await issuer.token({ aud: resource, scope: 'orders:read', cnf: client.confirmation });
    bound = { client, token, resource };
  });

  afterAll(async () => {
    for (const close of closing.reverse()) await close();
  });

  beforeEach(async () => {
    CountedTool.ran = 0;
    events.length = 0;
    await replicas.express.redis.flushAll();
  });

  const keys = async () => await replicas.express.redis.keys('*');

  /** Calls the tool at one replica, as the balancer would. */
  async function call(platform: Platform, proof: string): Promise<Answer> {
    return await send(`${replicas[platform].application.origin}/mcp`, {
      body: toolCall('find'),
      headers: { host: new URL(bound.resource).host, authorization: `DPoP ${bound.token}`, dpop: proof },
    });
  }

  /** What every replica has to answer while nobody can tell whether a proof was used. */
  async function expectNobodyServed(reason: RegExp): Promise<void> {
    for (const platform of PLATFORMS) {
      const answer = await call(platform, await proofOf(bound));
      expect(answer.status).toBe(503);
      expect(answer.headers['retry-after']).toBe('10');
      expect(answer.headers['www-authenticate']).toBeUndefined();
      expect(answer.text).not.toMatch(reason);
    }
    const rejected = { type: 'token_rejected', reason: expect.stringMatching(reason), status: 503 };
    expect(events).toEqual(PLATFORMS.map(() => expect.objectContaining(rejected)));
    expect(CountedTool.ran).toBe(0);
  }

  /** Waits for an event at both connections, which is not what `once` of Node does: it minds errors in between. */
  async function atEach(event: string): Promise<unknown> {
    return await Promise.all(
      PLATFORMS.map((platform) => new Promise((resolve) => replicas[platform].redis.once(event, resolve))),
    );
  }

  async function expectEverybodyServed(): Promise<void> {
    for (const platform of PLATFORMS) expect((await call(platform, await proofOf(bound))).status).toBe(200);
  }

  test('the store is the one that users are told to write', async () => {
    const page = await readFile(join(import.meta.dirname, '../../docs/guides/proof-of-possession.md'), 'utf8');
    const [, example = ''] = /^export (class RedisReplayStore .*?)```/ms.exec(page) ?? [];
    expect(example).toContain('async claim(');
    expect(await readFile(import.meta.filename, 'utf8')).toContain(example);
  });

  test.each([
    ['express', 'fastify'],
    ['fastify', 'express'],
    ['express', 'express'],
    ['fastify', 'fastify'],
  ] as const)('a proof used at the replica on %s is refused at the one on %s', async (first, second) => {
    const proof = await proofOf(bound);
    expect((await call(first, proof)).status).toBe(200);
    const again = await call(second, proof);
    expect(again.status).toBe(401);
    expect(parseChallenge(again.headers['www-authenticate'] ?? '')).toMatchObject({
      scheme: 'DPoP',
      error: 'invalid_dpop_proof',
      error_description: REPLAYED,
    });
    expect(CountedTool.ran).toBe(1);
  });

  test('of 20 simultaneous uses of one proof at both, exactly one gets through', async () => {
    const proof = await proofOf(bound);
    const uses = Array.from({ length: 20 }, (_, index) => call(index % 2 === 0 ? 'express' : 'fastify', proof));
    const statuses = (await Promise.all(uses)).map(({ status }) => status);
    expect(statuses.sort()).toEqual([200, ...Array<number>(19).fill(401)]);
    expect(events.filter((event) => event.type === 'token_rejected' && event.reason === REPLAYED)).toHaveLength(19);
    expect(CountedTool.ran).toBe(1);
    expect(await keys()).toHaveLength(1);
  });

  test('of 20 simultaneous proofs that differ, all get through', async () => {
    const proofs = await Promise.all(Array.from({ length: 20 }, () => proofOf(bound)));
    const uses = proofs.map((proof, index) => call(index % 2 === 0 ? 'express' : 'fastify', proof));
    expect((await Promise.all(uses)).map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(await keys()).toHaveLength(20);
  });

  test.each([0, -200, 200])(
    'a key outlives its proof made %i seconds from now, by the clock of each replica',
    async (offset) => {
      const iat = seconds() + offset;
      expect((await call('express', await proofOf(bound, { iat }))).status).toBe(200);
      const [key = ''] = await keys();
      const left = await replicas.express.redis.ttl(key);
      expect(left).toBeLessThanOrEqual(300 + offset + 601);
      expect(seconds() + left).toBeGreaterThanOrEqual(iat + 300 + 600);
    },
  );

  test('Redis learns nothing of the token and the proof', async () => {
    const { jti } = claimsOf();
    const proof = await proofOf(bound, { jti });
    expect((await call('express', proof)).status).toBe(200);
    const [key = '', ...others] = await keys();
    expect(others).toEqual([]);
    expect(key).toBe(`dpop:${sha256(JSON.stringify(['proof', bound.client.thumbprint, jti]))}`);
    expect(await replicas.express.redis.get(key)).toBe('1');
  });

  test('a proof that is refused for another reason takes no room in Redis', async () => {
    expect((await call('express', await proofOf(bound, { htm: 'GET' }))).status).toBe(401);
    expect(await keys()).toEqual([]);
  });

  test.each(['2025-11-25', '2026-07-28'])('an MCP client (%s) works with both behind a balancer', async (revision) => {
    served.length = 0;
    const mode = revision === '2025-11-25' ? 'legacy' : { pin: revision };
    const mcp = new Client({ name: 'bound', version: '1.0.0' }, { versionNegotiation: { mode } });
    await mcp.connect(new StreamableHTTPClientTransport(new URL(bound.resource), { fetch: fetchWithProof(bound) }));
    expect(mcp.getNegotiatedProtocolVersion()).toBe(revision);
    for (let calls = 0; calls < 4; calls += 1)
      expect((await mcp.callTool({ name: 'find' })).content).toEqual([{ type: 'text', text: 'found' }]);
    await mcp.close();
    expect(new Set(served).size).toBe(2);
    expect(await keys()).toHaveLength(served.length);
  });

  describe('while Redis is no help, no proof is accepted', () => {
    afterEach(async () => {
      await replicas.express.redis.configSet('maxmemory', '0');
      await expectEverybodyServed();
    });

    test('because it has no room left', async () => {
      await replicas.express.redis.configSet('maxmemory', '1');
      await expectNobodyServed(/^The replay store failed: OOM/);
    });

    test('because it hangs, and a proof that it was asked about counts as used', async () => {
      redis.pause();
      const proof = await proofOf(bound);
      const answer = await call('express', proof);
      redis.resume();
      expect(answer.status).toBe(503);
      expect(answer.headers['retry-after']).toBe('10');
      expect(events).toEqual([expect.objectContaining({ reason: 'The replay store does not answer', status: 503 })]);
      expect((await call('express', proof)).status).toBe(401);
      expect(CountedTool.ran).toBe(0);
    });

    test('because it is gone, until it is back', async () => {
      const losses = atEach('reconnecting');
      await redis.kill();
      await losses;
      await expectNobodyServed(/^The replay store (does not answer|failed: The client is offline)$/);
      const returns = atEach('ready');
      await redis.startAgain();
      await returns;
    });
  });
});
