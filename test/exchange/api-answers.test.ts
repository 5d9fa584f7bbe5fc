import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { startDownstreamServer, type DownstreamServer } from '../downstream/downstream-server.js';
import { sendJson } from '../support/test-issuer.js';
import { callEither, EagerAndLazy, refuseAtApi } from './eager-and-lazy.js';

let server: DownstreamServer;

beforeAll(async () => {
  server = await startDownstreamServer({
    providers: [EagerAndLazy],
    orders: { scopeMap: { write: ['orders:write'], 'api.admin': ['orders:admin'] } },
  });
});
afterEach(() => {
  server.issuer.answers.clear();
  server.orders.answers.clear();
  server.orders.requests.length = 0;
});
afterAll(() => server.close());

const call = (tool: string, claims?: Record<string, unknown>) => callEither(server, tool, claims);

describe('what the API itself answers', () => {
  test('a scope that it misses is asked for by the name it has here', async () => {
    refuseAtApi(server, 403, 'Bearer error="insufficient_scope", scope="api.admin internal"');
    const { status, challenge } = await call('eager');
    expect(status).toBe(403);
    expect(challenge).toMatch(/scope="tool orders:admin"/);
    expect(challenge).not.toMatch(/internal|api\.admin/);
  });

  test('a scope without a name here never leaks', async () => {
    refuseAtApi(server, 403, 'Bearer error="insufficient_scope", scope="internal"');
    const answer = await call('eager');
    expect(answer).toMatchObject({ status: 200, challenge: null, result: { isError: true } });
    expect(answer.text).not.toContain('internal');
    expect(answer.text).toContain('This server is not set up to call the orders API for you. Tell its operator.');
  });

  test('a stronger sign-in', async () => {
    refuseAtApi(server, 401, 'Bearer error="insufficient_user_authentication", acr_values="gold", max_age="5"');
    const { status, challenge } = await call('eager');
    expect(status).toBe(401);
    expect(challenge).toMatch(/error="insufficient_user_authentication".*acr_values="gold", max_age="5"/);
  });

  test('a scope that the provider withheld is named in the log, for whoever has to give it', async () => {
    server.issuer.answers.set('/token', async (_request, response) => {
      const access_token = await server.issuer.token({ aud: 'orders-api' });
      const issued_token_type = 'urn:ietf:params:oauth:token-type:access_token';
      sendJson(response, 200, {
        access_token,
        token_type: 'Bearer',
        expires_in: 300,
        issued_token_type,
        scope: 'read',
      });
    });
    refuseAtApi(server, 403, 'Bearer error="insufficient_scope"');
    await call('eager');
    expect(server.log.text).toMatch(/orders answered 403[^\n]*write/);
  });
});
