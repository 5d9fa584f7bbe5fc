import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { RecordingLogger } from '../support/recording-logger.js';
import { TestIssuer } from '../support/test-issuer.js';
import { startLogoutServer, type LogoutServer } from './logout-server.js';

const EVENTS = { 'http://schemas.openid.net/event/backchannel-logout': {} };
const NOW = Math.floor(Date.now() / 1000);

let issuer: TestIssuer;
beforeAll(async () => {
  issuer = await TestIssuer.start();
});
afterAll(() => issuer.close());

describe.each(['express', 'fastify'] as const)('on %s, with the widest tolerance', (platform) => {
  let server: LogoutServer;
  beforeAll(async () => {
    server = await startLogoutServer(issuer.issuer, {
      platform,
      options: { issuers: [{ issuer: issuer.issuer, clockToleranceMs: 300_000 }] },
    });
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });
  afterAll(() => server.close());

  /** The answer of a replica whose clock is ahead of the issuer's by so many seconds, and what it logs. */
  async function signOut(ahead: number, lifetime: number): Promise<{ readonly status: number; readonly text: string }> {
    const claims = { aud: 'mcp-server', client_id: undefined, events: EVENTS, iat: NOW, exp: NOW + lifetime };
    const token = await issuer.token(claims, { typ: 'logout+jwt' });
    const log = new RecordingLogger();
    Logger.overrideLogger(log);
    jest.spyOn(Date, 'now').mockReturnValue((NOW + ahead) * 1000);
    const { status } = await server.logout(token);
    return { status, text: log.text };
  }

  test.each([
    ['at once', 0, 120],
    ['by a clock that is as far ahead as may be', 299, 120],
    ['by a clock that is as far behind as may be', -300, 120],
    ['in the last minute of the ten that a token is good, by a clock that is ahead', 899, 86_400],
  ])('a sign-out is taken %s', async (_when, ahead, lifetime) => {
    expect(await signOut(ahead, lifetime)).toMatchObject({ status: 200 });
  });

  const times = (claim: string, time: number, here: number) =>
    `its ${claim} is ${new Date(time * 1000).toISOString()}, and it is ${new Date(here * 1000).toISOString()} here`;

  test.each([
    ['has expired', 600, 120, `it has expired: ${times('exp', NOW + 120, NOW + 600)}`],
    ['is too old', 901, 86_400, `it is too old: ${times('iat', NOW, NOW + 901)}`],
    ['is of the future', -600, 120, `its iat is in the future: ${times('iat', NOW, NOW - 600)}`],
  ])('where it %s, the log has the time of the token and the time here', async (_what, ahead, lifetime, line) => {
    const { status, text } = await signOut(ahead, lifetime);
    expect(status).toBe(400);
    expect(text).toContain(line);
  });
});
