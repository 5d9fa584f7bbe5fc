import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { dialects, DownstreamClient, McpTool, type McpContext } from 'nestjs-mcp-auth';
import { answer } from '../downstream/answers.js';
import { startDownstreamServer, type DownstreamServer } from '../downstream/downstream-server.js';
import { callTool } from '../support/mcp-request.js';
import { sendJson } from '../support/test-issuer.js';
import { newToken } from './cached-exchange.js';

type Method = (orders: ReturnType<DownstreamClient['for']>, context: McpContext) => Promise<unknown>;

let body: Method;

@Injectable()
class Tools {
  constructor(private readonly downstream: DownstreamClient) {}

  @McpTool({ description: 'x', downstream: 'orders' })
  async eager(_input: unknown, context: McpContext) {
    await body(this.downstream.for('orders'), context);
  }

  @McpTool({ description: 'x', downstream: 'orders', exchange: 'lazy' })
  async lazy(_input: unknown, context: McpContext) {
    await body(this.downstream.for('orders'), context);
  }
}

const CLAIMS = '{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}';
const DEMAND = `Bearer realm="", error="insufficient_claims", claims="${Buffer.from(CLAIMS).toString('base64')}"`;

const inTurn: Method = async (orders) => {
  for (let calls = 0; calls < 4; calls += 1) await orders.fetch('/x');
};
const atOnce: Method = async (orders) => {
  await Promise.all([1, 2, 3, 4].map(() => orders.fetch('/x')));
};

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  let server: DownstreamServer;
  let expiresIn: unknown;
  let value: () => string | Promise<string>;
  let asked: URLSearchParams[];

  beforeAll(async () => {
    server = await startDownstreamServer({
      platform,
      providers: [Tools],
      orders: { audience: undefined, dialect: dialects.entraOnBehalfOf(), scopes: ['api://orders/.default'] },
    });
    server.issuer.answers.set('/token', async (_request, response, form) => {
      asked.push(form);
      sendJson(response, 200, { access_token: await value(), token_type: 'Bearer', expires_in: expiresIn });
    });
  });
  beforeEach(() => {
    [expiresIn, value, asked] = [undefined, newToken, []];
  });
  afterEach(() => {
    server.orders.answers.clear();
    server.orders.requests.length = 0;
  });
  afterAll(() => server.close());

  /** The tokens that the API was sent in one call of the tool. */
  async function sent(tool: 'eager' | 'lazy', method: Method, token?: string): Promise<readonly unknown[]> {
    body = method;
    const from = server.orders.requests.length;
    const { isError } = await callTool(server.resource, token ?? (await server.token()), tool);
    expect(isError).toBeFalsy();
    return server.orders.requests.slice(from).map(({ headers }) => headers.authorization);
  }

  describe.each(['eager', 'lazy'] as const)('one exchange serves one call of a tool that is %s', (tool) => {
    test.each<[string, Method]>([
      ['one after the other', inTurn],
      ['at once', atOnce],
      ['at once, and after that', async (...call) => void [await atOnce(...call), await inTurn(...call)]],
    ])('whose requests go out %s', async (_how, method) => {
      const tokens = await sent(tool, method);
      expect(tokens.length).toBeGreaterThanOrEqual(4);
      expect(new Set(tokens).size).toBe(1);
      expect(asked).toHaveLength(1);
    });
  });

  test.each<[string, unknown, () => string | Promise<string>]>([
    ['`expires_in` is zero', 0, newToken],
    ['`expires_in` is a word', 'soon', newToken],
    ['`expires_in` is implausible', 1e12, newToken],
    ['it is a JWT without `exp`', undefined, () => server.issuer.token({ exp: undefined })],
    ['it is a JWT that has expired by the clock here', 300, () => server.issuer.token({ exp: 1_600_000_000 })],
  ])('one exchange serves the call if %s', async (_what, lifetime, token) => {
    [expiresIn, value] = [lifetime, token];
    await sent('eager', inTurn);
    expect(asked).toHaveLength(1);
  });

  test('such a token is for no other call, of the same caller or of another', async () => {
    const token = await server.token();
    const calls = [await sent('eager', inTurn, token), await sent('eager', inTurn, token), await sent('eager', inTurn)];
    expect(calls.map((tokens) => new Set(tokens).size)).toEqual([1, 1, 1]);
    expect(new Set(calls.flat()).size).toBe(3);
  });

  test('calls of one caller that run at once do not share what they hold', async () => {
    const token = await server.token();
    let others = 0;
    const nested: Method = async (orders) => {
      await orders.fetch('/x');
      body = inTurn;
      const { isError } = await callTool(server.resource, token, 'lazy');
      expect(isError).toBeFalsy();
      others = asked.length;
      await orders.fetch('/x');
    };
    const tokens = await sent('eager', nested, token);
    expect(others).toBe(2);
    expect(asked).toHaveLength(2);
    expect(tokens.at(0)).toBe(tokens.at(-1));
  });

  test('a token that the API refuses is exchanged anew, once, and the new one serves the rest of the call', async () => {
    const refused: unknown[] = [];
    server.orders.answers.set('/v1/x', (request, response) => {
      const { authorization } = request.headers;
      if (refused.length === 0) refused.push(authorization);
      answer(refused.includes(authorization) ? 401 : 200, { 'www-authenticate': 'Bearer error="invalid_token"' })(
        request,
        response,
      );
    });
    const tokens = await sent('eager', inTurn);
    expect(tokens.filter((token) => refused.includes(token))).toHaveLength(1);
    expect(asked).toHaveLength(2);
  });

  test('claims that the API demands are asked for in the rest of the call, without another refusal', async () => {
    let exchanged = 0;
    server.orders.answers.set('/v1/x', (request, response) => {
      exchanged = Math.max(exchanged, asked.length);
      answer(asked.at(-1)?.has('claims') === true ? 200 : 401, { 'www-authenticate': DEMAND })(request, response);
    });
    const tokens = await sent('eager', inTurn);
    expect(asked.map((form) => form.get('claims'))).toEqual([null, CLAIMS]);
    expect(tokens).toHaveLength(5);
  });
});
