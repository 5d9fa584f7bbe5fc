import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Telemetry } from '../observability/telemetry.js';
import { aheadBy } from '../support/clocks.js';
import { sendJson } from '../support/test-issuer.js';
import { IntrospectingServer, type IntrospectingServerParts } from './introspecting-server.js';

/** How the endpoint can fail, and how long callers may take to notice. */
const FAILURES: readonly [string, IntrospectingServer['answer']][] = [
  ['fails', (response) => sendJson(response, 500, {})],
  ['breaks off', (response) => response.destroy()],
  ['answers what is no answer', (response) => response.end('hello')],
];

describe.each(['express', 'fastify'] as const)('an introspection endpoint on %s', (platform) => {
  let server: IntrospectingServer;
  let telemetry: Telemetry;
  let clocks: ReturnType<typeof aheadBy>;

  beforeEach(() => {
    telemetry = new Telemetry();
    telemetry.register();
    clocks = aheadBy(0);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await server.close();
    await telemetry.unregister();
  });

  const start = async (introspection: IntrospectingServerParts['introspection'] = {}) => {
    server = await IntrospectingServer.start({ platform, introspection: { cacheMs: 10_000, ...introspection } });
    server.say({ exp: Math.floor(Date.now() / 1000) + 200 });
  };
  /** Statuses of calls, so many seconds one after the other. */
  async function statuses(token: string, ...seconds: readonly number[]): Promise<number[]> {
    const found: number[] = [];
    for (const second of seconds) {
      clocks.pass(second * 1000);
      found.push(await server.status(token));
    }
    return found;
  }
  const jwt = async () =>
    await server.issuer.token({ aud: server.resource, scope: 'orders:read', exp: Math.floor(Date.now() / 1000) + 200 });

  test.each(FAILURES)('that %s lets nobody in after the cache, without the option', async (_how, failure) => {
    await start();
    expect(await statuses('t', 0)).toEqual([200]);
    server.answer = failure;
    expect(await statuses('t', 9, 2)).toEqual([200, 503]);
    expect(await telemetry.counted('nestjs_mcp_auth.stale_answers.uses')).toEqual([]);
  });

  test.each(FAILURES)('that %s has its last answer believed for as long as the option says', async (_how, failure) => {
    await start({ acceptStaleAnswersMs: 60_000 });
    expect(await statuses('t', 0)).toEqual([200]);
    server.answer = failure;
    // The issuer is asked again once in five seconds.
    expect(await statuses('t', 11, 1, 1, 40)).toEqual([200, 200, 200, 200]);
    expect(server.asked).toHaveLength(3);
    expect(await telemetry.counted('nestjs_mcp_auth.stale_answers.uses')).toEqual([
      [{ issuer: server.issuer.issuer }, 2],
    ]);
    expect(server.application.log.lines.filter((line) => line.includes('acceptStaleAnswersMs'))).toHaveLength(1);
    expect(await statuses('t', 18)).toEqual([503]);
  });

  test('that says a token is over ends it at once, and it does not come back in an outage', async () => {
    await start({ acceptStaleAnswersMs: 60_000 });
    expect(await statuses('t', 0)).toEqual([200]);
    server.say({ active: false });
    expect(await statuses('t', 11)).toEqual([401]);
    server.answer = (response) => sendJson(response, 500, {});
    expect(await statuses('t', 11)).toEqual([503]);
  });

  test('that hangs is waited for a second, and what it says after that counts', async () => {
    await start({ acceptStaleAnswersMs: 60_000 });
    expect(await statuses('t', 0)).toEqual([200]);
    let answer: () => void = () => undefined;
    server.answer = (response) => {
      answer = () => sendJson(response, 200, { active: false });
    };
    expect(await statuses('t', 11)).toEqual([200]);
    answer();
    // The late answer has come when the token is not accepted any more.
    while ((await server.status('t')) === 200);
    expect(await statuses('t', 0)).toEqual([401]);
  });

  test('that is down makes no token last longer than its expiry, nor known that nobody asked about', async () => {
    await start({ acceptStaleAnswersMs: 600_000, cacheMs: 0 });
    server.say({ exp: Math.floor(Date.now() / 1000) + 30 });
    expect(await statuses('t', 0)).toEqual([200]);
    server.answer = (response) => sendJson(response, 500, {});
    expect(await statuses('t', 22)).toEqual([200]);
    expect(await statuses('t', 14)).toEqual([503]);
    expect(await statuses('another', 0)).toEqual([503]);
  });

  test('that is asked of JWTs, too, has the same rule', async () => {
    await start({ jwt: 'always', acceptStaleAnswersMs: 60_000 });
    const token = await jwt();
    expect(await statuses(token, 0)).toEqual([200]);
    server.answer = (response) => sendJson(response, 500, {});
    expect(await statuses(token, 11, 61)).toEqual([200, 503]);
    expect(await statuses(await jwt(), 0)).toEqual([503]);
  });
});
