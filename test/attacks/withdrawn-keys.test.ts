import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpAuthHealthIndicator, McpTool, type IssuerOptions } from 'nestjs-mcp-auth';
import { aheadBy } from '../support/clocks.js';
import { post, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import { sendJson } from '../support/test-issuer.js';
import { Telemetry } from '../observability/telemetry.js';

const MINUTE = 60_000;

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  hello(): string {
    return 'hello';
  }
}

let telemetry: Telemetry;
let server: ProtectedServer;

beforeEach(() => {
  telemetry = new Telemetry();
  telemetry.register();
});
afterEach(async () => {
  jest.restoreAllMocks();
  await server.close();
  await telemetry.unregister();
});

async function start(trust: Partial<IssuerOptions> = {}): Promise<void> {
  server = await startProtectedServer({ providers: [Tools], trust });
}

/** A token of a key that its issuer has withdrawn, stolen and put to use. It is a new one each time. */
async function withdraw(): Promise<() => Promise<number>> {
  const [stolen] = server.issuer.keys;
  if (!stolen) throw new Error('The issuer has no key');
  const call = async () => {
    const token = await server.issuer.token({ aud: server.resource, iat: undefined, exp: 9_999_999_999 }, {}, stolen);
    return (await post(server.resource, toolCall('hello'), { token })).status;
  };
  expect(await call()).toBe(200);
  await server.issuer.rotate();
  server.issuer.removeKey(stolen);
  return call;
}

function breakKeySet(): void {
  server.issuer.answers.set('/jwks', (_request, response) => {
    sendJson(response, 500, {});
  });
}

const healthOf = async () => {
  const { 'mcp-auth': health } = await server.app.get(McpAuthHealthIndicator).check();
  return health.issuers?.[server.issuer.issuer];
};
const warnings = () => server.log.lines.filter((line) => line.startsWith('warn') && line.includes('`staleKeysMs`'));

describe('a token of a withdrawn key, while the key set cannot be fetched,', () => {
  test.each<[string, Partial<IssuerOptions>, accepted: number, refused: number]>([
    ['an hour', {}, 59, 61],
    ['ten minutes and those that are given', { staleKeysMs: 5 * MINUTE }, 14, 16],
    ['ten minutes, where stale keys are not used', { staleKeysMs: 0 }, 9, 11],
    ['a day and ten minutes', { staleKeysMs: 24 * 60 * MINUTE }, 24 * 60 + 9, 24 * 60 + 11],
  ])('is accepted for %s, and then nobody passes', async (_name, trust, accepted, refused) => {
    await start(trust);
    const call = await withdraw();
    breakKeySet();
    aheadBy(accepted * MINUTE);
    expect(await call()).toBe(200);
    aheadBy(refused * MINUTE);
    expect(await call()).toBe(503);
  });

  test('is told to the operator once, counted each time, and seen in the health, until keys are fetched', async () => {
    await start();
    const call = await withdraw();
    expect(await healthOf()).not.toHaveProperty('areKeysStale');
    breakKeySet();
    const clock = aheadBy(30 * MINUTE);
    for (let calls = 0; calls < 3; calls += 1) expect(await call()).toBe(200);
    expect(warnings()).toEqual([expect.stringContaining('30 minutes ago')]);
    expect(warnings()[0]).toContain('until the keys are 60 minutes old');
    expect(await telemetry.counted('nestjs_mcp_auth.stale_keys.uses')).toEqual([[{ issuer: server.issuer.issuer }, 3]]);
    expect(await healthOf()).toMatchObject({ status: 'up', areKeysStale: true });

    server.issuer.answers.delete('/jwks');
    clock.pass(MINUTE);
    expect(await call()).toBe(401);
    expect(await healthOf()).not.toHaveProperty('areKeysStale');
    breakKeySet();
    clock.pass(30 * MINUTE);
    expect((await post(server.resource, toolCall('hello'), { token: await server.token() })).status).toBe(200);
    expect(warnings()).toHaveLength(2);
  });
});
