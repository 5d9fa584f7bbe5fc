import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpAuthModule, McpTool } from 'nestjs-mcp-auth';
import { MemoryStore } from '../../lib/replicas/sealed-store.js';
import { IntrospectingServer } from '../introspection/introspecting-server.js';
import { setBackBy } from '../support/clocks.js';
import { post, toolCall } from '../support/mcp-request.js';
import { optionsFor } from '../support/module-options.js';
import { startApplication, type TestApplication } from '../support/test-application.js';
import { sendJson, TestIssuer } from '../support/test-issuer.js';
import { callerLimits } from '../support/caller-limits.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  hello(): string {
    return 'hello';
  }
}

afterEach(() => {
  jest.restoreAllMocks();
});

describe.each(['express', 'fastify'] as const)('with the clock set back by a day, on %s,', (platform) => {
  let issuer: TestIssuer;
  let application: TestApplication;
  let resource: string;

  beforeEach(async () => {
    issuer = await TestIssuer.start();
    application = await startApplication({
      platform,
      imports: (origin) => [McpAuthModule.forRoot(optionsFor(origin, issuer.issuer))],
      providers: [Tools],
    });
    resource = `${application.origin}/mcp`;
  });
  afterEach(async () => {
    await application.close();
    await issuer.close();
  });

  /** Of no time but its expiry, which is good by each clock. */
  const token = async (header: Record<string, unknown> = {}, key = issuer.keys[0]) =>
    await issuer.token({ aud: resource, iat: undefined, nbf: undefined }, header, key);
  const statusOf = async (value: string) => (await post(resource, toolCall('hello'), { token: value })).status;
  const fetches = () => issuer.requests.filter((path) => path === '/jwks').length;

  test('a key that the issuer withdrew is refused once keys are due, and keys are fetched', async () => {
    const [old] = issuer.keys;
    expect(await statusOf(await token())).toBe(200);
    await issuer.rotate();
    if (old) issuer.removeKey(old);
    setBackBy(DAY, 9 * MINUTE);
    expect(await statusOf(await token({}, old))).toBe(200);
    setBackBy(DAY, 11 * MINUTE);
    expect(await statusOf(await token())).toBe(200);
    expect(fetches()).toBe(2);
    expect(await statusOf(await token({}, old))).toBe(401);
  });

  test('keys that cannot be fetched serve for an hour and no longer', async () => {
    expect(await statusOf(await token())).toBe(200);
    issuer.answers.set('/jwks', (_request, response) => {
      sendJson(response, 500, {});
    });
    setBackBy(DAY, 59 * MINUTE);
    expect(await statusOf(await token())).toBe(200);
    setBackBy(DAY, 61 * MINUTE);
    expect(await statusOf(await token())).toBe(503);
  });

  test('a new key is found after the cool-down', async () => {
    expect(await statusOf(await token())).toBe(200);
    expect(await statusOf(await token({ kid: 'random' }))).toBe(401);
    await issuer.rotate();
    setBackBy(DAY, 6 * SECOND);
    expect(await statusOf(await token())).toBe(200);
  });

  test('an issuer that was down is asked again after the pause', async () => {
    issuer.answers.set('/jwks', (_request, response) => {
      sendJson(response, 500, {});
    });
    for (let count = 0; count < 4; count += 1) expect(await statusOf(await token())).toBe(503);
    issuer.answers.clear();
    setBackBy(DAY, 11 * SECOND);
    expect(await statusOf(await token())).toBe(200);
  });

  test('the verification of a token holds no longer than a minute', async () => {
    const [old] = issuer.keys;
    const verified = await token();
    expect(await statusOf(verified)).toBe(200);
    await issuer.rotate();
    if (old) issuer.removeKey(old);
    setBackBy(DAY, 11 * MINUTE);
    expect(await statusOf(verified)).toBe(401);
  });
});

describe('with the clock set back by a day, where the issuer is asked about tokens,', () => {
  let server: IntrospectingServer;

  beforeEach(async () => {
    server = await IntrospectingServer.start();
  });
  afterEach(() => server.close());

  test('an answer is believed no longer than it may be', async () => {
    const token = randomUUID();
    expect(await server.status(token)).toBe(200);
    server.say({ active: false });
    setBackBy(DAY, 31 * SECOND);
    expect(await server.status(token)).toBe(401);
  });

  test('a token that was not active is asked about again', async () => {
    const token = randomUUID();
    server.say({ active: false });
    expect(await server.status(token)).toBe(401);
    server.say({ iat: undefined, nbf: undefined });
    setBackBy(DAY, 11 * SECOND);
    expect(await server.status(token)).toBe(200);
  });
});

test('with the clock set back by a day, what is kept in memory for a time is gone after it', async () => {
  const store = new MemoryStore(callerLimits().of('keptTasks'));
  await store.set('key', 'value', { holder: undefined, lifetimeMs: MINUTE });
  setBackBy(DAY, 59 * SECOND);
  expect(await store.get('key')).toBe('value');
  setBackBy(DAY, 61 * SECOND);
  expect(await store.get('key')).toBeUndefined();
  expect(await store.delete('key')).toBe(false);
});
