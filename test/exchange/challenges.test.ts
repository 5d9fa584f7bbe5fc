import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpTool, UsePolicy, type Policy } from 'nestjs-mcp-auth';
import { startDownstreamServer, type DownstreamServer } from '../downstream/downstream-server.js';
import { sendJson } from '../support/test-issuer.js';
import { callEither, EagerAndLazy, refuseAtApi, refuseAtProvider } from './eager-and-lazy.js';

class Never implements Policy {
  permits() {
    return false;
  }
}

@Injectable()
class Denied {
  @UsePolicy(Never)
  @McpTool({ description: 'x', downstream: 'orders', scopes: ['tool'] })
  never() {
    return 'x';
  }
}

let server: DownstreamServer;

beforeAll(async () => {
  server = await startDownstreamServer({
    providers: [EagerAndLazy, Denied],
    orders: { scopeMap: { read: ['orders:read'], write: ['orders:write'] } },
    options: { scopes: { hierarchy: { 'orders:admin': ['orders:read', 'orders:write'] } } },
  });
});
afterEach(() => {
  server.issuer.answers.clear();
  server.orders.answers.clear();
});
afterAll(() => server.close());

const call = (tool: string, scope: string) => callEither(server, tool, { scope });

describe.each(['eager', 'lazy'])('a scope that stands for one of the API (%s)', (tool) => {
  test('is asked for where it is missing', async () => {
    refuseAtProvider(server, 400, { error: 'invalid_scope' });
    const { status, challenge } = await call(tool, 'tool orders:read');
    expect(status).toBe(403);
    expect(challenge).toMatch(/scope="tool orders:read orders:write"/);
  });

  test.each(['tool orders:read orders:write', 'tool orders:admin'])(
    'is not asked for, over and over, where the caller holds it: %s',
    async (scope) => {
      refuseAtProvider(server, 400, { error: 'invalid_scope' });
      const { status, challenge, result } = await call(tool, scope);
      expect([status, challenge]).toEqual([200, null]);
      expect(result).toMatchObject({
        isError: true,
        content: [{ text: expect.stringContaining('Your sign-in does not cover what this needs of the orders API.') }],
        _meta: {
          'io.modelcontextprotocol/authorization': {
            reason: 'insufficient_authorization',
            remediation: 'undisclosed',
          },
        },
      });
      expect(JSON.stringify(result)).not.toContain('www_authenticate');
    },
  );
});

test('what a policy denies is asked no consent for, also where a scope is missing besides', async () => {
  server.issuer.exchanges.length = 0;
  const { status, challenge } = await call('never', 'other');
  expect(status).toBe(403);
  expect(challenge).toMatch(/scope="tool"/);
  expect(server.issuer.exchanges).toEqual([]);
});

test('the API says so of a scope that the caller holds: nobody is asked for it', async () => {
  refuseAtApi(server, 403, 'Bearer error="insufficient_scope", scope="write"');
  expect(await call('eager', 'tool orders:write')).toMatchObject({ status: 200, challenge: null });
});

describe('a claims challenge', () => {
  const CLAIMS = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}';
  const encoded = Buffer.from(CLAIMS).toString('base64');

  test.each(['eager', 'lazy'])('says where to sign in, as Entra ID has it (%s)', async (tool) => {
    refuseAtProvider(server, 400, { error: 'interaction_required', claims: CLAIMS });
    const { status, challenge } = await call(tool, 'tool');
    expect(status).toBe(401);
    expect(challenge).toContain(
      `error="insufficient_claims", error_description="An API that the operation calls demands further claims", scope="tool", claims="${encoded}", authorization_uri="${server.issuer.origin}/authorize", resource_metadata="`,
    );
  });

  test('is what an API demands that the provider will not give without the user (continuous access evaluation)', async () => {
    refuseAtApi(
      server,
      401,
      `Bearer realm="", authorization_uri="https://evil.example/authorize", error="insufficient_claims", claims="${encoded}"`,
    );
    server.issuer.answers.set('/token', async (_request, response, body) => {
      if (body.get('audience') === null) throw new Error('Nobody asked for the API');
      sendJson(response, 200, {
        access_token: await server.issuer.token({ aud: 'orders-api' }),
        token_type: 'Bearer',
        issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      });
    });
    const { status, challenge } = await call('eager', 'tool');
    expect(status).toBe(401);
    expect(challenge).toContain(`claims="${encoded}"`);
    expect(challenge).not.toContain('evil.example');
  });

  test.each([
    ['without end', Buffer.from(JSON.stringify({ a: 'x'.repeat(4000) })).toString('base64')],
    ['that are no JSON', Buffer.from('sign in').toString('base64')],
    ['that are a list', Buffer.from('["a"]').toString('base64')],
  ])('is not made of claims %s', async (_name, claims) => {
    refuseAtApi(server, 401, `Bearer error="insufficient_claims", claims="${claims}"`);
    expect(await call('eager', 'tool')).toMatchObject({ status: 200, challenge: null, result: { isError: true } });
  });
});

test('what an API demands of a sign-in goes on to the client, no more of it than a header can take', async () => {
  const values = Array.from({ length: 200 }, (_, index) => `urn:acr:${index}`);
  refuseAtApi(
    server,
    401,
    `Bearer error="insufficient_user_authentication", acr_values="${values.join(' ')}", max_age="60"`,
  );
  const { status, challenge } = await call('eager', 'tool');
  expect(status).toBe(401);
  expect(challenge).toMatch(/acr_values="urn:acr:0 urn:acr:1 /);
  expect(challenge).toContain('max_age="60"');
  expect(challenge?.length).toBeLessThan(1_000);
});

test('no other challenge says where to sign in: clients find out by themselves', async () => {
  for (const body of [{ error: 'invalid_grant' }, { error: 'login_required' }, { error: 'invalid_scope' }]) {
    refuseAtProvider(server, 400, body);
    const { challenge } = await call('eager', 'tool');
    expect(challenge).toContain('resource_metadata=');
    expect(challenge).not.toContain('authorization_uri');
  }
});
