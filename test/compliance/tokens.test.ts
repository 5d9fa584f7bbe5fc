import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { DownstreamClient, McpTool } from 'nestjs-mcp-auth';
import { startDownstreamServer, type DownstreamServer } from '../downstream/downstream-server.js';
import { callTool, message, post, textOf, toolCall } from '../support/mcp-request.js';
import { TestIssuer } from '../support/test-issuer.js';
import { challengeOf } from './challenge-parameters.js';

const ran: string[] = [];

@Injectable()
class OrderTools {
  constructor(private readonly downstream: DownstreamClient) {}

  @McpTool({ description: 'x', downstream: 'orders' })
  find(): Promise<object> {
    ran.push('find');
    return this.downstream.json('/orders/7');
  }
  @McpTool({ description: 'x' })
  ping(): string {
    ran.push('ping');
    return 'pong';
  }
}

let server: DownstreamServer;

beforeAll(async () => {
  server = await startDownstreamServer({ providers: [OrderTools] });
});
afterAll(() => server.close());
beforeEach(() => {
  ran.length = 0;
});

async function expectRefused(token: string): Promise<void> {
  const response = await post(server.resource, toolCall('ping'), { token });
  expect(response.status).toBe(401);
  expect(challengeOf(response).error).toBe('invalid_token');
  expect(ran).toEqual([]);
}

describe('MCP authorization, token handling', () => {
  test('MUST validate access tokens: signature, issuer, expiry', async () => {
    expect(textOf(await callTool(server.resource, await server.token(), 'ping'))).toBe('pong');
    ran.length = 0;
    const stranger = await TestIssuer.start();
    const [key] = stranger.keys;
    await expectRefused(await server.issuer.token({ aud: server.resource }, { kid: server.issuer.keys[0]?.kid }, key));
    await expectRefused(await stranger.token({ aud: server.resource }));
    await expectRefused(await server.token({ exp: Math.floor(Date.now() / 1000) - 6 }));
    await stranger.close();
  });

  test('MUST validate before it processes: nothing reaches a tool, or a stranger', async () => {
    for (const body of [toolCall('ping'), message('tools/list'), message('server/discover'), message('initialize')]) {
      const response = await post(server.resource, body, { token: 'not.a.token' });
      expect(response.status).toBe(401);
      expect(Object.keys((await response.json()) as object)).toEqual(['error', 'error_description']);
    }
    expect(ran).toEqual([]);
  });

  test('MUST accept only tokens whose audience is this server (RFC 8707 section 2)', async () => {
    for (const aud of [
      undefined,
      'https://other.example/mcp',
      server.origin,
      `${server.resource}/`,
      'api',
      ['a', 'b'],
    ]) {
      await expectRefused(await server.token({ aud }));
    }
    expect(textOf(await callTool(server.resource, await server.token({ aud: ['x', server.resource] }), 'ping'))).toBe(
      'pong',
    );
  });

  test('MUST NOT take a token from the query', async () => {
    const token = await server.token();
    const response = await post(`${server.resource}?access_token=${token}`, toolCall('ping'));
    expect(response.status).toBe(400);
    expect((await post(`${server.resource}?access_token=${token}`, toolCall('ping'), { token })).status).toBe(400);
    expect(ran).toEqual([]);
  });

  test('MUST NOT take a token from the body (RFC 6750 section 2: one method, and here only the header)', async () => {
    const response = await fetch(server.resource, {
      method: 'POST',
      body: new URLSearchParams({ access_token: await server.token() }),
    });
    expect(response.status).toBe(401);
  });

  test('MUST verify every inbound request, on whatever connection it comes', async () => {
    const token = await server.token();
    for (const sent of [token, undefined, token, 'bad']) {
      const response = await post(server.resource, toolCall('ping'), {
        token: sent,
        headers: { connection: 'keep-alive' },
      });
      expect(response.status).toBe(sent === token ? 200 : 401);
    }
  });

  test('MUST keep tokens out of what it writes down', async () => {
    const good = await server.token();
    const expired = await server.token({ exp: 1 });
    for (const token of [good, expired]) await post(server.resource, toolCall('find'), { token });
    for (const token of [good, expired]) expect(server.log.text).not.toContain(token.split('.')[2]);
  });

  test('tutorial: SHOULD tell clients little, and operators the reason', async () => {
    const response = await post(server.resource, toolCall('ping'), { token: await server.token({ aud: 'api' }) });
    expect(await response.json()).toEqual({
      error: 'invalid_token',
      error_description: 'The token is not valid for this server',
    });
    expect(server.log.text).toMatch(/"type":"token_rejected","reason":/);
  });

  test('tutorial: SHOULD refuse tokens of other realms, even of the same authorization server', async () => {
    await expectRefused(await server.token({ iss: `${server.issuer.issuer}/realms/other` }));
  });
});

describe('MCP authorization, access token privilege restriction', () => {
  test('MUST NOT pass on the token that it got: the API gets one of its own, from the authorization server', async () => {
    const token = await server.token();
    await callTool(server.resource, token, 'find');
    expect(server.orders.last.claims).toMatchObject({ aud: 'orders-api', iss: server.issuer.issuer });
    expect(server.orders.last.headers.authorization).not.toContain(token);
    expect(JSON.stringify(server.orders.requests)).not.toContain(token.split('.')[2]);
  });

  test('MUST NOT accept a token that was meant for the API', async () => {
    await expectRefused(await server.token({ aud: 'orders-api' }));
  });

  test('security best practices: MUST fetch nothing that a token or a client names', async () => {
    const stranger = await TestIssuer.start();
    await expectRefused(await stranger.token({ aud: server.resource }));
    for (const header of [{ jku: `${stranger.origin}/jwks` }, { x5u: `${stranger.origin}/cert` }])
      await expectRefused(await server.issuer.token({ aud: server.resource }, header, stranger.keys[0]));
    expect(stranger.requests).toEqual([]);
    await stranger.close();
  });

  test('is no OAuth proxy: it has no authorization, token or registration endpoint to deputise with', async () => {
    for (const path of ['/authorize', '/token', '/register', '/callback', '/.well-known/oauth-authorization-server']) {
      expect((await fetch(`${server.origin}${path}`)).status).toBe(404);
    }
  });
});
