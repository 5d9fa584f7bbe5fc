import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { DownstreamClient, McpAuthHealthIndicator, McpTool, type DownstreamOptions } from 'nestjs-mcp-auth';
import { answer, answersInTurn } from '../downstream/answers.js';
import { startDownstreamServer } from '../downstream/downstream-server.js';
import { post, textOf, toolCall, type ToolResult } from '../support/mcp-request.js';

@Injectable()
class Tools {
  constructor(private readonly downstream: DownstreamClient) {}

  @McpTool({ description: 'x', downstream: 'orders', scopes: ['a'] })
  order() {
    return this.downstream.json('/orders');
  }

  @McpTool({ description: 'x', downstream: 'orders', scopes: ['a'], exchange: 'lazy' })
  late() {
    return this.downstream.json('/orders');
  }

  @McpTool({ description: 'x', downstream: 'orders', scopes: ['a'] })
  async raw() {
    return { status: (await this.downstream.fetch('/orders')).status };
  }

  @McpTool({ description: 'x', downstream: 'orders', scopes: ['a'] })
  async stream() {
    const body = new Blob(['tea']).stream();
    await this.downstream.fetchOk('/orders', { method: 'POST', body });
  }

  @McpTool({ description: 'x', downstream: 'orders', scopes: ['a'] })
  other() {
    return this.downstream.json('/other');
  }

  @McpTool({ description: 'x', downstream: 'billing', scopes: ['a'] })
  bill() {
    return this.downstream.json('/bills');
  }
}

const OPERATORS = 'This server is not set up to call the orders API for you. Tell its operator.';
const ACCESS = 'Ask its operator for access.';
const UP = ['up', { status: 'up' }];
const DOWN = ['down', { status: 'down', code: 'exchange_misconfigured' }];

const bearer = (parameters: string) => ({ 'www-authenticate': `Bearer ${parameters}` });

/** A server, and what a caller and its operator get to see. */
async function start(platform: 'express' | 'fastify', orders: Partial<DownstreamOptions> = {}) {
  const server = await startDownstreamServer({ platform, providers: [Tools], orders });
  return {
    server,
    health: async () => {
      const { 'mcp-auth': all } = await server.app.get(McpAuthHealthIndicator, { strict: false }).check();
      return [all.status, all.downstreams?.orders];
    },
    call: async (tool: string, claims: Record<string, unknown> = {}) => {
      const before = server.log.lines.length;
      const token = await server.token({ scope: 'a', ...claims });
      const response = await post(server.resource, toolCall(tool), { token });
      const { result } = (await response.json()) as { result: ToolResult };
      const logged = server.log.lines.slice(before).filter((line) => !line.includes('McpAudit'));
      return { status: response.status, text: textOf(result), logged };
    },
  };
}

interface Row {
  readonly what: string;
  readonly status: number;
  readonly challenge: string;
  readonly orders?: Partial<DownstreamOptions>;
  readonly claims?: Record<string, unknown>;
}

const OF_OPERATORS: readonly (Row & { readonly says: readonly RegExp[] })[] = [
  {
    what: 'a token that was renewed just now',
    status: 401,
    challenge: 'error="invalid_token", error_description="The audience is wrong"',
    says: [
      /orders answered 401 invalid_token, "The audience is wrong" to a token that was renewed just now: iss "http/,
      /aud "orders-api"/,
      /`audience`, `resource` and `scopes` of `downstreams\.orders`/,
    ],
  },
  {
    what: 'a proof of possession that was made just now',
    status: 401,
    challenge: 'error="invalid_dpop_proof"',
    says: [/orders answered 401 invalid_dpop_proof/],
  },
  {
    what: 'for a scope that this server never asks for',
    status: 403,
    challenge: 'error="insufficient_scope", scope="internal"',
    says: [
      /wants the scopes "internal", and asked for are "read write"/,
      /Name internal in `scopes` of `downstreams\.orders`/,
    ],
  },
  {
    what: 'for several, of which it asks for one',
    status: 403,
    challenge: 'error="insufficient_scope", scope="read internal"',
    says: [/wants the scopes "internal", and asked for are "read write"/],
  },
  {
    what: 'for a scope where it asks for none',
    status: 403,
    challenge: 'error="insufficient_scope", scope="internal"',
    orders: { scopes: [] },
    says: [/wants the scopes "internal", and asked for are ""/],
  },
  {
    what: 'for a scope that it never asks for, and that the user cannot consent to',
    status: 403,
    challenge: 'error="insufficient_scope", scope="internal"',
    orders: { consentUrl: 'https://login.example/consent' },
    says: [/wants the scopes "internal"/],
  },
  {
    what: 'for a scope that it never asks for, to a user who has what stands for it here',
    status: 403,
    challenge: 'error="insufficient_scope", scope="internal"',
    orders: { scopeMap: { internal: ['orders:internal'] } },
    claims: { scope: 'a orders:internal' },
    says: [/wants the scopes "internal"/],
  },
];

const OF_USERS: readonly (Row & { readonly text: string })[] = [
  { what: 'by a 401 without an error', status: 401, challenge: 'realm="orders"', text: ACCESS },
  { what: 'by a 401 with another error', status: 401, challenge: 'error="account_locked"', text: ACCESS },
  { what: 'by a 403 without an error', status: 403, challenge: 'realm="orders"', text: ACCESS },
  { what: 'by a 403 with another error', status: 403, challenge: 'error="limit_exceeded"', text: ACCESS },
  { what: 'by a 403 that calls the token invalid', status: 403, challenge: 'error="invalid_token"', text: ACCESS },
  { what: 'for a scope without a name', status: 403, challenge: 'error="insufficient_scope"', text: ACCESS },
  {
    what: 'for a scope that is asked for',
    status: 403,
    challenge: 'error="insufficient_scope", scope="write"',
    text: ACCESS,
  },
  {
    what: 'for a scope that is asked for with the address of the API before it',
    status: 403,
    challenge: 'error="insufficient_scope", scope="Orders.Write"',
    orders: { scopes: ['api://orders/Orders.Write'] },
    text: ACCESS,
  },
  {
    what: 'for a scope of the API of which all are asked for',
    status: 403,
    challenge: 'error="insufficient_scope", scope="Orders.Write"',
    orders: { scopes: ['api://orders/.default'] },
    text: ACCESS,
  },
];

describe.each(['express', 'fastify'] as const)('on %s, an API that refuses', (platform) => {
  let running: Awaited<ReturnType<typeof start>>;

  beforeAll(async () => {
    running = await start(platform);
  });
  afterEach(() => {
    running.server.orders.answers.clear();
  });
  afterAll(() => running.server.close());

  const refuse = (status: number, challenge: string) => {
    answersInTurn(running.server.orders, '/v1/orders', answer(status, bearer(challenge)));
  };

  test('the server is its fault to health, until it takes the request: no other call ends that', async () => {
    const { call, health } = running;
    refuse(401, 'error="invalid_token"');
    expect((await call('order')).text).toContain(OPERATORS);
    // The account of one user may be closed there.
    expect(await health()).toEqual(UP);
    await call('order');
    expect(await health()).toEqual(UP);
    await call('order', { sub: 'bob' });
    expect(await health()).toEqual(DOWN);
    await call('bill');
    await call('other');
    expect(await health()).toEqual(DOWN);
    running.server.orders.answers.clear();
    const { text, logged } = await call('order', { sub: 'carol' });
    expect(text).not.toContain(OPERATORS);
    expect(logged).toEqual(['log orders takes the tokens of this server again TokenExchange']);
    expect(await health()).toEqual(UP);
  });

  test('one user again and again does not take the server out of service', async () => {
    refuse(403, 'error="insufficient_scope", scope="internal"');
    await running.call('order');
    await running.call('order');
    expect(await running.health()).toEqual(UP);
    running.server.orders.answers.clear();
    await running.call('order');
  });

  test('a token before the tool runs and one that it gets later are told alike', async () => {
    refuse(401, 'error="invalid_token"');
    const texts = [await running.call('order'), await running.call('late')].map(({ text }) =>
      text.replace(/[\da-f-]{36}/, ''),
    );
    expect(texts[0]).toContain(OPERATORS);
    expect(texts[1]).toBe(texts[0]);
    running.server.orders.answers.clear();
    await running.call('order');
  });

  test('is told to the operator where the tool reads the status itself', async () => {
    refuse(401, 'error="invalid_token"');
    const { text, logged } = await running.call('raw');
    expect(text).toContain('401');
    expect(logged).toEqual([
      expect.stringMatching(/^error \(exchange_misconfigured\) orders answered 401 invalid_token to a token/),
    ]);
    running.server.orders.answers.clear();
    await running.call('order');
  });

  test('a token with a body that cannot be sent again has the user try again', async () => {
    refuse(401, 'error="invalid_token"');
    const { text } = await running.call('stream');
    expect(text).toContain('The orders API did not take the token of this call. Try again.');
    expect(await running.health()).toEqual(UP);
  });
});

describe('whose fault it is that an API refuses', () => {
  const inAny = async ({ status, challenge, orders, claims }: Row) => {
    const running = await start('express', orders);
    answersInTurn(running.server.orders, '/v1/orders', answer(status, bearer(challenge)));
    try {
      const first = await running.call('order', claims);
      await running.call('order', { ...claims, sub: 'bob' });
      return { ...first, health: await running.health() };
    } finally {
      await running.server.close();
    }
  };

  test.each(OF_OPERATORS)("the operator's: $what", async ({ says, ...row }) => {
    const { status, text, logged, health } = await inAny(row);
    expect([status, text]).toEqual([200, expect.stringContaining(OPERATORS)]);
    expect(text).not.toContain('internal');
    expect(logged).toEqual([expect.stringMatching(/^error order failed .*\(exchange_misconfigured\)/)]);
    for (const one of says) expect(logged[0]).toMatch(one);
    expect(health).toEqual(DOWN);
  });

  test.each(OF_USERS)("the user's: $what", async ({ text: told, ...row }) => {
    const { text, logged, health } = await inAny(row);
    expect(text).toContain(told);
    expect(logged).toEqual([expect.stringMatching(/^warn order failed /)]);
    expect(health).toEqual(UP);
  });
});

test('what an API says to the server itself is no matter of the client that it acts for', async () => {
  const running = await start('express', { onAppOnly: 'clientCredentials' });
  try {
    answersInTurn(
      running.server.orders,
      '/v1/orders',
      answer(403, bearer('error="insufficient_scope", scope="write"')),
    );
    const app = { sub: 'agent', client_id: 'agent', azp: 'agent' };
    const { text, logged } = await running.call('order', app);
    expect(text).toContain(OPERATORS);
    expect(logged).toEqual([expect.stringMatching(/^error order failed .*\(exchange_misconfigured\)/)]);
  } finally {
    await running.server.close();
  }
});
