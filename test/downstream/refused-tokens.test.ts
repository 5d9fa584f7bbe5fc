import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { dialects, DownstreamClient, errors, McpTool } from 'nestjs-mcp-auth';
import { post, toolCall } from '../support/mcp-request.js';
import { sendJson } from '../support/test-issuer.js';
import { answer, answersInTurn } from './answers.js';
import { startDownstreamServer, type DownstreamServer } from './downstream-server.js';
import { startRunningTool, type RunningTool } from './running-tool.js';

let tool: RunningTool;

beforeAll(async () => {
  tool = await startRunningTool();
});
afterEach(() => {
  tool.orders.answers.clear();
  tool.orders.requests.length = 0;
  tool.issuer.exchanges.length = 0;
});
afterAll(() => tool.close());

const REFUSED = { 'www-authenticate': 'Bearer error="invalid_token"' };

const tokensSeen = () => tool.orders.requests.map(({ claims }) => claims?.jti);

describe('a token that the API refuses', () => {
  test('is exchanged anew, once, and the request is sent again with the very body', async () => {
    answersInTurn(tool.orders, '/v1/x', answer(401, REFUSED), answer(200));
    const status = await tool.returned(
      async ({ fetch }) => (await fetch('/x', { method: 'POST', body: 'tea' })).status,
    );
    expect(status).toBe(200);
    expect(tool.orders.requests.map(({ body }) => body)).toEqual(['tea', 'tea']);
    expect(new Set(tokensSeen()).size).toBe(2);
    expect(tool.issuer.exchanges).toHaveLength(2);
  });

  test('is not used by the next call either', async () => {
    answersInTurn(tool.orders, '/v1/x', answer(401, REFUSED), answer(200));
    const token = await tool.token();
    const twice = async () => {
      await tool.returnedTo(token, async ({ fetch }) => (await fetch('/x')).status);
    };
    await twice();
    await twice();
    const [, second, third] = tokensSeen();
    expect(third).toBe(second);
    expect(tool.issuer.exchanges).toHaveLength(2);
  });

  test('twice is for the operator: the provider has issued it for this API just now', async () => {
    answersInTurn(tool.orders, '/v1/x', answer(401, REFUSED));
    const error = await tool.thrown(({ json: read }) => read('/x'));
    expect(error).toBeInstanceOf(errors.OperatorActionError);
    expect(error).toMatchObject({ code: 'exchange_misconfigured', status: 401 });
    expect(tool.orders.requests).toHaveLength(2);
    expect(tool.issuer.exchanges).toHaveLength(2);
  });

  test('with a body that is a stream is the tool’s to see, and is forgotten', async () => {
    answersInTurn(tool.orders, '/v1/x', answer(401, REFUSED), answer(200));
    const token = await tool.token();
    const body = new Blob(['tea']).stream();
    expect(
      await tool.returnedTo(token, async ({ fetch }) => (await fetch('/x', { method: 'POST', body })).status),
    ).toBe(401);
    expect(await tool.returnedTo(token, async ({ fetch }) => (await fetch('/x')).status)).toBe(200);
    expect(new Set(tokensSeen()).size).toBe(2);
  });

  test('is not exchanged where only the user can do something about it', async () => {
    const stronger = { 'www-authenticate': 'Bearer error="insufficient_user_authentication", acr_values="gold"' };
    answersInTurn(tool.orders, '/v1/x', answer(401, stronger));
    expect(await tool.returned(async ({ fetch }) => (await fetch('/x')).status)).toBe(401);
    expect(tool.issuer.exchanges).toHaveLength(1);
  });
});

describe('claims that the API demands (Entra ID, continuous access evaluation)', () => {
  const claims = '{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}';
  const demanding = {
    'www-authenticate': `Bearer realm="", error="insufficient_claims", claims="${Buffer.from(claims).toString('base64')}"`,
  };

  @Injectable()
  class Tools {
    constructor(private readonly downstream: DownstreamClient) {}

    @McpTool({ description: 'x', downstream: 'orders' })
    order() {
      return this.downstream.json('/x');
    }
  }

  let server: DownstreamServer;
  const forms: Record<string, string>[] = [];

  beforeAll(async () => {
    server = await startDownstreamServer({
      providers: [Tools],
      orders: { dialect: dialects.entraOnBehalfOf(), audience: undefined, scopes: ['api://orders/.default'] },
    });
  });
  afterEach(() => {
    forms.length = 0;
  });
  afterAll(() => server.close());

  function provider(refuses: boolean): void {
    server.issuer.answers.set('/token', async (_request, response, body) => {
      forms.push(Object.fromEntries(body));
      if (refuses && body.has('claims')) {
        sendJson(response, 400, { error: 'interaction_required', claims, error_description: 'AADSTS50076' });
        return;
      }
      const access_token = await server.issuer.token({ aud: 'api://orders' });
      sendJson(response, 200, { access_token, token_type: 'Bearer', expires_in: 300 });
    });
  }

  test('are sent along', async () => {
    provider(false);
    answersInTurn(server.orders, '/v1/x', answer(401, demanding), answer(200, {}, { ok: true }));
    const response = await post(server.resource, toolCall('order'), { token: await server.token() });
    expect(JSON.stringify(await response.json())).toContain('"ok":true');
    expect(forms.map((form) => form.claims)).toEqual([undefined, claims]);
  });

  test('and go on to the client, where the provider wants to see the user', async () => {
    provider(true);
    answersInTurn(server.orders, '/v1/x', answer(401, demanding));
    const response = await post(server.resource, toolCall('order'), { token: await server.token() });
    expect(response.status).toBe(401);
    const challenge = response.headers.get('www-authenticate') ?? '';
    expect(challenge).toContain('error="insufficient_claims"');
    const [, encoded = ''] = /claims="([^"]+)"/.exec(challenge) ?? [];
    expect(Buffer.from(encoded, 'base64').toString()).toBe(claims);
  });
});
