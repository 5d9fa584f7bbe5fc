import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { clientSecretBasic, TokenCache } from 'nestjs-mcp-auth';
import { decodeJwt } from 'jose';
import { sendJson } from '../support/test-issuer.js';
import { describeWithRedis } from '../support/with-redis.js';
import { aheadBy, stopClocks } from '../support/clocks.js';
import { skipPausesOfTokenEndpoints } from '../support/pauses.js';
import { Replicas, type Replica } from './replicas.js';
import { SharedRedis } from './shared-redis.js';

describeWithRedis('two servers that share a Redis', () => {
  let secret = 'first';
  let redis: SharedRedis;
  let replicas: Replicas;
  let one: Replica;
  let other: Replica;

  beforeAll(async () => {
    redis = await SharedRedis.start();
    replicas = await Replicas.prepare({
      client: { id: 'mcp', authentication: clientSecretBasic(() => secret) },
    });
    const cache = () => ({ store: redis.store(), localMaxAgeMs: 0, storeTimeoutMs: 5_000 });
    one = await replicas.start(cache(), 'express');
    other = await replicas.start(cache(), 'fastify');
  });
  beforeEach(async () => {
    await redis.client.flushAll();
    replicas.issuer.exchanges.length = 0;
    replicas.orders.requests.length = 0;
  });
  afterEach(() => {
    jest.restoreAllMocks();
    replicas.issuer.answers.clear();
    replicas.orders.answers.clear();
  });
  afterAll(async () => {
    await replicas.close();
    await redis.close();
  });

  const exchanges = () => replicas.issuer.exchanges.length;

  /** What happens to the next requests at the token endpoint, before it goes on as usual. */
  function refuse(status: number, error: string, times = Number.POSITIVE_INFINITY): () => number {
    let asked = 0;
    replicas.issuer.answers.set('/token', (_request, response) => {
      asked += 1;
      if (asked >= times) replicas.issuer.answers.delete('/token');
      sendJson(response, status, { error });
    });
    return () => asked;
  }

  test('use each other’s tokens', async () => {
    const token = await replicas.token();
    for (const replica of [one, other, other, one]) expect(await replica.subjectSeen(token)).toBe('alice');
    expect(exchanges()).toBe(1);
    expect(new Set(replicas.tokensSeen).size).toBe(1);
  });

  test('exchange once for each of 10 callers, who call both four times at once', async () => {
    const names = Array.from({ length: 10 }, (_, index) => `user-${index}`);
    const tokens = await Promise.all(names.map((name) => replicas.token(name)));
    const calls = [one, other, one, other].flatMap((replica) =>
      tokens.map(async (token, index) => [await replica.subjectSeen(token), names[index]]),
    );
    for (const [seen, name] of await Promise.all(calls)) expect(seen).toBe(name);
    expect(replicas.issuer.exchanges.map(({ subject_token = '' }) => decodeJwt(subject_token).sub).sort()).toEqual(
      names.sort(),
    );
  });

  test('leave nothing in Redis that anyone could read or use', async () => {
    const token = await replicas.token('alice', { sid: 'session-of-alice', email: 'alice@acme.example' });
    await one.call(token);
    const sent = replicas.orders.last.headers.authorization?.replace('Bearer ', '') ?? '';
    const everything = await redis.everything();
    expect(everything).not.toBe('');
    for (const secretText of [token, sent, ...token.split('.'), ...sent.split('.')])
      expect(everything).not.toContain(secretText.slice(0, 20));
    for (const text of ['alice', 'session-of', 'orders', replicas.issuer.issuer])
      expect(everything).not.toContain(text);
  });

  test('keep nothing there for longer than the caller’s token', async () => {
    const { start } = stopClocks();
    const exp = Math.floor(start / 1000) + 50;
    await redis.expectLifetime('*:token:*', exp * 1000 - start, async () => {
      await one.call(await replicas.token('alice', { exp }));
    });
  });

  describe('a refusal of the token endpoint', () => {
    test('that is final is remembered for seconds, by the server that got it', async () => {
      const token = await replicas.token();
      const asked = refuse(400, 'invalid_grant');
      for (let calls = 0; calls < 5; calls += 1) await expect(one.call(token)).rejects.toThrow(/^401 /);
      expect(asked()).toBe(1);
      aheadBy(5_001);
      await expect(one.call(token)).rejects.toThrow(/^401 /);
      expect(asked()).toBe(2);
    });

    test('that will pass is not remembered', async () => {
      const token = await replicas.token();
      const asked = refuse(503, 'temporarily_unavailable');
      skipPausesOfTokenEndpoints();
      expect((await one.call(token)).isError).toBe(true);
      replicas.issuer.answers.clear();
      // It was asked twice more at once.
      expect(asked()).toBe(3);
      expect(await one.subjectSeen(token)).toBe('alice');
    });

    test('is shared by those who waited for it, and by no other server', async () => {
      const token = await replicas.token();
      const asked = refuse(400, 'invalid_grant');
      await Promise.all(Array.from({ length: 10 }, () => expect(one.call(token)).rejects.toThrow(/^401 /)));
      expect(asked()).toBe(1);
      replicas.issuer.answers.clear();
      expect(await other.subjectSeen(token)).toBe('alice');
    });
  });

  test('know of a revocation from each other', async () => {
    const token = await replicas.token('alice', { sid: 'one' });
    const bystander = await replicas.token('alice', { sid: 'two' });
    for (const replica of [one, other]) await Promise.all([replica.call(token), replica.call(bystander)]);
    expect(exchanges()).toBe(2);
    await one.application.app.get(TokenCache).revoke({ issuer: replicas.issuer.issuer, sessionId: 'one' });
    for (const replica of [other, one]) await Promise.all([replica.call(token), replica.call(bystander)]);
    expect(exchanges()).toBe(3);
    expect(decodeJwt(replicas.issuer.exchanges[2]?.subject_token ?? '').sid).toBe('one');
  });

  test('exchange once more, and share it, where the API refused a token', async () => {
    const token = await replicas.token();
    for (const replica of [one, other]) await replica.call(token);
    const [revoked] = replicas.tokensSeen;
    replicas.orders.answers.set('/orders', (request, response) => {
      const { jti, sub } = decodeJwt((request.headers.authorization ?? '').replace('Bearer ', ''));
      if (jti === revoked) response.writeHead(401, { 'www-authenticate': 'Bearer error="invalid_token"' }).end();
      else sendJson(response, 200, { subject: sub });
    });
    const seen = await Promise.all([one, other, one, other].map((replica) => replica.subjectSeen(token)));
    expect(seen).toEqual(Array(4).fill('alice'));
    expect(exchanges()).toBe(2);
  });

  test('exchange anew when the client’s secret was rotated', async () => {
    const token = await replicas.token();
    for (const replica of [one, other]) await replica.call(token);
    expect(exchanges()).toBe(1);
    secret = 'second';
    for (const replica of [one, other]) expect(await replica.subjectSeen(token)).toBe('alice');
    expect(exchanges()).toBe(2);
  });

  test('renew a token ahead of its expiry, one of them, while nobody waits', async () => {
    const token = await replicas.token('alice', { exp: Math.floor(Date.now() / 1000) + 86_400 });
    for (const replica of [one, other]) await replica.call(token);
    const [first] = replicas.tokensSeen;
    aheadBy(265_000);
    let go: () => void = () => undefined;
    const stopped = new Promise<void>((resolve) => (go = resolve));
    let asked = 0;
    replicas.issuer.answers.set('/token', async (_request, response) => {
      asked += 1;
      await stopped;
      sendJson(response, 200, {
        access_token: await replicas.issuer.token({ aud: 'orders-api', jti: 'renewed' }),
        token_type: 'Bearer',
        expires_in: 300,
        issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      });
    });
    for (const replica of [one, other, one, other]) expect(await replica.subjectSeen(token)).toBe('alice');
    expect(new Set(replicas.tokensSeen)).toEqual(new Set([first]));
    go();
    while (replicas.tokensSeen.at(-1) !== 'renewed') await one.call(token);
    await other.call(token);
    expect(replicas.tokensSeen.at(-1)).toBe('renewed');
    expect(asked).toBe(1);
  });
});
