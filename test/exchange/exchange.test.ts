import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { clientSecretPost, DownstreamClient, McpAuthModule, McpTool } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { callTool, textOf } from '../support/mcp-request.js';
import { optionsFor } from '../support/module-options.js';
import { skipPausesOfTokenEndpoints } from '../support/pauses.js';
import { startApplication } from '../support/test-application.js';
import { sendJson, TestIssuer } from '../support/test-issuer.js';
import { startDownstreamServer, type DownstreamServer } from '../downstream/downstream-server.js';

@Injectable()
class Tools {
  constructor(private readonly downstream: DownstreamClient) {}

  @McpTool({ description: 'x', downstream: 'orders' })
  order() {
    return this.downstream.json('/orders/7');
  }

  @McpTool({ description: 'x', downstream: ['orders', 'billing'] })
  async both() {
    const [order, bill] = await Promise.all([
      this.downstream.for('orders').json<object>('/orders/7'),
      this.downstream.for('billing').json<object>('/bills/7'),
    ]);
    return { order, bill };
  }

  @McpTool({ description: 'x', downstream: 'orders', input: z.object({ times: z.number() }) })
  async many({ times }: { times: number }) {
    await Promise.all(Array.from({ length: times }, () => this.downstream.json('/orders')));
  }
}

let server: DownstreamServer;

beforeEach(async () => {
  skipPausesOfTokenEndpoints();
  server = await startDownstreamServer({ providers: [Tools] });
});

afterEach(async () => {
  jest.restoreAllMocks();
  await server.close();
});

const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';

describe('RFC 8693', () => {
  test('section 2.1: the exchange asks for exactly what the downstream declares', async () => {
    const token = await server.token();
    await callTool(server.resource, token, 'both');
    const common = {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: token,
      subject_token_type: ACCESS_TOKEN,
      requested_token_type: ACCESS_TOKEN,
    };
    expect(server.issuer.exchanges).toHaveLength(2);
    expect(server.issuer.exchanges).toContainEqual({ ...common, audience: 'orders-api', scope: 'read write' });
    expect(server.issuer.exchanges).toContainEqual({ ...common, resource: 'urn:billing' });
  });

  test('the API gets the exchanged token, of its own audience and for the same user, and never the one that came in', async () => {
    const token = await server.token({ sub: 'bob' });
    const result = await callTool(server.resource, token, 'order');
    expect(result.structuredContent).toEqual({ path: '/v1/orders/7', subject: 'bob', audience: 'orders-api' });
    expect(server.orders.last.claims).toMatchObject({
      sub: 'bob',
      aud: 'orders-api',
      scope: 'read write',
      act: { sub: 'mcp-server' },
    });
    expect(JSON.stringify(server.orders.requests)).not.toContain(token);
  });

  test.each<[string, Partial<Record<string, unknown>>]>([
    ['no issued_token_type', { issued_token_type: undefined }],
    ['another issued_token_type', { issued_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' }],
    ['no token_type', { token_type: undefined }],
    ['a token_type that is no access token', { token_type: 'N_A' }],
    ['a token_type that we cannot use', { token_type: 'DPoP' }],
    ['no access_token', { access_token: undefined }],
    ['an access_token that cannot go in a header', { access_token: 'TOP\nSECRET' }],
  ])('section 2.2.1: an answer with %s is not used', async (_name, change) => {
    const access_token = await server.issuer.token({ aud: 'orders-api' });
    server.issuer.answers.set('/token', (_request, response) => {
      sendJson(response, 200, {
        access_token,
        token_type: 'Bearer',
        expires_in: 60,
        issued_token_type: ACCESS_TOKEN,
        ...change,
      });
    });
    const result = await callTool(server.resource, await server.token(), 'order');
    expect(result.isError).toBe(true);
    expect(server.orders.requests).toEqual([]);
    expect(server.log.text).toContain('token_exchange_failed');
    expect(server.log.text).not.toContain(access_token.split('.')[1]);
    expect(server.log.text).not.toContain('SECRET');
  });
});

describe('client authentication', () => {
  test('client_secret_basic, RFC 6749 section 2.3.1: form-urlencoded, then base64', async () => {
    let authorization: string | undefined;
    server.issuer.answers.set('/token', (request, response) => {
      authorization = request.headers.authorization;
      sendJson(response, 400, { error: 'invalid_target' });
    });
    await callTool(server.resource, await server.token(), 'order');
    expect(Buffer.from(authorization?.replace('Basic ', '') ?? '', 'base64').toString()).toBe(
      'mcp+server:s%3Ae%2Fcret',
    );
  });

  test('client_secret_post', async () => {
    await server.close();
    const client = { id: 'mcp', authentication: clientSecretPost('s3cret') };
    server = await startDownstreamServer({ providers: [Tools], client });
    await callTool(server.resource, await server.token(), 'order');
    expect(server.issuer.exchanges[0]).toMatchObject({ client_id: 'mcp', client_secret: 's3cret' });
  });
});

test('the client authenticates to the issuer that knows it, and to no other', async () => {
  const other = await TestIssuer.start();
  const { issuer } = server.issuer;
  const api = server.orders.origin;
  const application = await startApplication({
    imports: (origin) => [
      McpAuthModule.forRoot(
        optionsFor(origin, issuer, {
          issuers: [{ issuer }, { issuer: other.issuer }],
          client: { id: 'mcp', issuer, authentication: clientSecretPost('s3cret') },
          downstreams: { orders: { baseUrl: api, audience: 'a' }, billing: { baseUrl: api, audience: 'b' } },
        }),
      ),
    ],
    providers: [Tools],
  });
  const resource = `${application.origin}/mcp`;
  const good = await callTool(resource, await server.issuer.token({ aud: resource }), 'order');
  const foreign = await callTool(resource, await other.token({ aud: resource }), 'order');
  await application.close();
  await other.close();
  expect(good.isError).toBeUndefined();
  expect(foreign.isError).toBe(true);
  expect(other.requests).not.toContain('/token');
  expect(application.log.text).toContain(`is not registered at ${other.issuer}`);
});

describe('an exchanged token is kept', () => {
  const exchanges = () => server.issuer.exchanges.length;

  test('for its caller and downstream', async () => {
    const token = await server.token();
    for (let call = 0; call < 3; call++) await callTool(server.resource, token, 'order');
    expect(exchanges()).toBe(1);
    await callTool(server.resource, token, 'both');
    expect(exchanges()).toBe(2);
  });

  test('not for another token, even of the same user', async () => {
    await callTool(server.resource, await server.token(), 'order');
    await callTool(server.resource, await server.token(), 'order');
    await callTool(server.resource, await server.token({ sub: 'bob' }), 'order');
    expect(exchanges()).toBe(3);
  });

  test('and one exchange serves all who wait for it', async () => {
    const token = await server.token();
    await Promise.all(Array.from({ length: 10 }, () => callTool(server.resource, token, 'many', { times: 5 })));
    expect(exchanges()).toBe(1);
    expect(server.orders.requests).toHaveLength(50);
  });

  test.each([
    ['until shortly before it expires', { expires_in: 200 }, 600, 169, 171],
    ['but not past the expiry of the token that came in', { expires_in: 3600 }, 300, 269, 271],
    ['for half of a short life', { expires_in: 20 }, 600, 9, 11],
    ['until shortly before the exp of a JWT, where its life is not told', { expires_in: undefined }, 600, 269, 271],
    ['and where what is told is no lifetime', { expires_in: -5 }, 600, 269, 271],
    ['and where it is told as text', { expires_in: '200' }, 600, 169, 171],
  ])('%s', async (_name, change, subjectLifetime, kept, gone) => {
    let answered = 0;
    server.issuer.answers.set('/token', async (_request, response) => {
      answered++;
      const access_token = await server.issuer.token({ aud: 'orders-api' });
      sendJson(response, 200, { access_token, token_type: 'Bearer', issued_token_type: ACCESS_TOKEN, ...change });
    });
    const start = Date.now();
    const clock = jest.spyOn(Date, 'now').mockReturnValue(start);
    const token = await server.token({ exp: Math.floor(start / 1000) + subjectLifetime });
    for (const [seconds, expected] of [
      [0, 1],
      [kept - 1, 1],
      [gone, 2],
    ] as const) {
      clock.mockReturnValue(start + seconds * 1000);
      await callTool(server.resource, token, 'order');
      expect(answered).toBe(expected);
    }
  });

  test('but a failure is not', async () => {
    const token = await server.token();
    server.issuer.answers.set('/token', (_request, response) => {
      sendJson(response, 500, {});
    });
    expect((await callTool(server.resource, token, 'order')).isError).toBe(true);
    server.issuer.answers.clear();
    expect((await callTool(server.resource, token, 'order')).isError).toBeUndefined();
  });
});

describe('an exchange that fails', () => {
  test.each([
    [401, { error: 'invalid_client' }, 'client_rejected', 'OperatorActionError'],
    [400, { error: 'invalid_target' }, 'target_unknown', 'OperatorActionError'],
    [400, { error: 'whatever' }, 'exchange_misconfigured', 'OperatorActionError'],
    [200, 'hello', 'exchange_answer_unusable', 'OperatorActionError'],
    [400, { error: 'access_denied' }, 'caller_access_denied', 'CallerActionError'],
    [400, { error: 'invalid_scope' }, 'exchange_misconfigured', 'OperatorActionError'],
    [429, { error: 'slow_down' }, 'issuer_rate_limited', 'TemporaryFailureError'],
    [500, { error: 'server_error' }, 'issuer_unavailable', 'TemporaryFailureError'],
  ])('%i %j is logged with its code, as what it is', async (status, body, code, name) => {
    server.issuer.answers.set('/token', (_request, response) => {
      sendJson(response, status, body);
    });
    const token = await server.token();
    expect((await callTool(server.resource, token, 'order')).isError).toBe(true);
    expect(server.log.text).toContain(`(${code}) ${name}: No token for orders: `);
    expect(server.log.text).not.toContain(token);
  });

  test('a description is told in the log alone, cut, and without the token that it may repeat', async () => {
    const token = await server.token();
    const description = `subject token ${token} is bad, line\nbreak, ${'x '.repeat(500)}`;
    server.issuer.answers.set('/token', (_request, response) => {
      sendJson(response, 400, { error: 'invalid_target', error_description: description });
    });
    const result = await callTool(server.resource, token, 'order');
    expect(textOf(result)).not.toContain('subject token');
    const line = server.log.lines.find((one) => one.includes('(target_unknown)')) ?? '';
    expect(line).toContain('subject token [token] is bad, line\\nbreak');
    expect(line).not.toContain('x '.repeat(200));
    for (const part of token.split('.')) expect(server.log.text).not.toContain(part);
  });

  test("for a challenge of the token endpoint is the operator's", async () => {
    server.issuer.answers.set('/token', (_request, response) => {
      response
        .writeHead(401, { 'www-authenticate': 'Basic realm="id"', 'content-type': 'application/json' })
        .end('{"error":"invalid_client"}');
    });
    const result = await callTool(server.resource, await server.token(), 'order');
    expect(textOf(result)).toContain('Tell its operator');
    expect(server.log.text).toContain('(client_rejected)');
  });

  test('for a connection that breaks is tried again, and passes', async () => {
    let attempts = 0;
    server.issuer.answers.set('/token', (_request, response) => {
      attempts++;
      if (attempts === 2) server.issuer.answers.delete('/token');
      response.destroy();
    });
    expect((await callTool(server.resource, await server.token(), 'order')).isError).toBeUndefined();
    expect(attempts).toBe(2);
    server.issuer.answers.set('/token', (_request, response) => {
      response.destroy();
    });
    const result = await callTool(server.resource, await server.token(), 'order');
    expect(textOf(result)).toContain('Try again later');
    expect(server.log.text).toContain('(issuer_unavailable)');
  });

  test('an issuer without a token endpoint', async () => {
    server.issuer.answers.set('/.well-known/oauth-authorization-server', (_request, response) => {
      sendJson(response, 200, { ...server.issuer.metadata(), token_endpoint: undefined });
    });
    await callTool(server.resource, await server.token(), 'order');
    expect(server.log.text).toContain('has no token endpoint');
  });
});
