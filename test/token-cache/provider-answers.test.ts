import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { startRunningTool, type RunningTool } from '../downstream/running-tool.js';
import { post, toolCall } from '../support/mcp-request.js';
import { skipPausesOfTokenEndpoints } from '../support/pauses.js';
import { sendJson } from '../support/test-issuer.js';
import { newToken } from './cached-exchange.js';

let tool: RunningTool;
let asked = 0;

beforeAll(async () => {
  tool = await startRunningTool({ orders: { consentUrl: 'https://id.example/consent' } });
});
beforeEach(() => {
  skipPausesOfTokenEndpoints();
});
afterEach(() => {
  jest.restoreAllMocks();
  asked = 0;
});
afterAll(() => tool.close());

/** How often the provider is asked in three calls with one token. */
async function askedInThreeCalls(status: number, answer: () => object | Promise<object>): Promise<number> {
  tool.issuer.answers.set('/token', async (_request, response) => {
    asked += 1;
    sendJson(response, status, await answer());
  });
  tool.orders.answers.set('/v1/x', (_request, response) => {
    sendJson(response, 200, {});
  });
  const token = await tool.token();
  for (let calls = 0; calls < 3; calls += 1) await (await post(tool.resource, toolCall('one'), { token })).text();
  return asked;
}

const given = (value: string, expires_in: unknown) => ({
  access_token: value,
  token_type: 'Bearer',
  issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
  ...(expires_in !== undefined && { expires_in }),
});

describe('a token that only its issuer can read', () => {
  test.each([300, '300', 300.5, 31_536_000])('is kept if `expires_in` is %j', async (expiresIn) => {
    expect(await askedInThreeCalls(200, () => given(newToken(), expiresIn))).toBe(1);
  });

  test.each([undefined, null, 0, -1, '-300', 1e12, '1e3', '', 'soon', true, [300], { seconds: 300 }])(
    'is used for one call if `expires_in` is %j',
    async (expiresIn) => {
      expect(await askedInThreeCalls(200, () => given(newToken(), expiresIn))).toBe(3);
    },
  );
});

describe('a JWT', () => {
  test.each([undefined, 0, -1, 1e12, 'soon', 300])(
    'is kept until its `exp` if `expires_in` is %j',
    async (expiresIn) => {
      expect(await askedInThreeCalls(200, async () => given(await tool.issuer.token(), expiresIn))).toBe(1);
    },
  );

  test('that has expired is not kept, whatever `expires_in` is', async () => {
    const exp = Math.floor(Date.now() / 1000) - 10;
    expect(await askedInThreeCalls(200, async () => given(await tool.issuer.token({ exp }), 300))).toBe(3);
  });
});

describe('a refusal', () => {
  test.each<[string, number, object]>([
    ['invalid_grant', 400, { error: 'invalid_grant' }],
    ['invalid_target', 400, { error: 'invalid_target' }],
    ['access_denied', 403, { error: 'access_denied' }],
    ['invalid_client', 401, { error: 'invalid_client' }],
    ['interaction_required', 400, { error: 'interaction_required' }],
  ])('with %s is remembered for the next calls', async (_name, status, answer) => {
    expect(await askedInThreeCalls(status, () => answer)).toBe(1);
  });

  test('for want of a consent that the user may give at once is asked about each time', async () => {
    const answer = { error: 'invalid_grant', suberror: 'consent_required' };
    expect(await askedInThreeCalls(400, () => answer)).toBe(3);
  });

  test.each<[string, number, object, number]>([
    ['500', 500, {}, 3],
    ['429', 429, { error: 'slow_down' }, 3],
    ['temporarily_unavailable', 400, { error: 'temporarily_unavailable' }, 1],
  ])('that will pass (%s) is asked about each time', async (_name, status, answer, attempts) => {
    expect(await askedInThreeCalls(status, () => answer)).toBe(3 * attempts);
  });
});
