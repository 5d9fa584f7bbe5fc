import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { DownstreamClient, McpTool, UsePolicy, type Policy } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { startDownstreamServer, type DownstreamServer } from '../downstream/downstream-server.js';
import { callTool, post, toolCall } from '../support/mcp-request.js';
import { sendJson } from '../support/test-issuer.js';

class Never implements Policy {
  permits() {
    return false;
  }
}

class Broken implements Policy {
  permits(): boolean {
    throw new Error('the policy is out of order');
  }
}

class Counting implements Policy {
  static asked = 0;

  permits() {
    Counting.asked += 1;
    return true;
  }
}

const ran: string[] = [];

@Injectable()
class Tools {
  constructor(private readonly downstream: DownstreamClient) {}

  @McpTool({ description: 'x', downstream: 'orders', scopes: ['a'], input: z.object({ id: z.string() }) })
  eager() {
    ran.push('eager');
    return 'done';
  }

  @McpTool({ description: 'x', downstream: 'orders', exchange: 'lazy' })
  lazy() {
    ran.push('lazy');
    return 'done';
  }

  @McpTool({ description: 'x', downstream: ['orders', 'billing'], scopes: ['a', 'b'] })
  both() {
    ran.push('both');
    return this.downstream.for('orders').json('/orders');
  }

  @UsePolicy(Broken)
  @McpTool({ description: 'x', downstream: 'orders' })
  broken() {
    ran.push('broken');
  }

  @UsePolicy(Counting)
  @McpTool({ description: 'x', downstream: 'orders' })
  counted() {
    ran.push('counted');
  }

  @UsePolicy(Never)
  @McpTool({ description: 'x', downstream: 'orders' })
  never() {
    ran.push('never');
  }
}

let server: DownstreamServer;

beforeAll(async () => {
  server = await startDownstreamServer({
    providers: [Tools],
    orders: { scopeMap: { write: ['orders:write'] } },
    billing: { scopes: ['bill'], scopeMap: { bill: ['billing:read'] } },
  });
});
afterEach(() => {
  server.issuer.answers.clear();
  server.issuer.exchanges.length = 0;
  ran.length = 0;
});
afterAll(() => server.close());

/** Refuses the targets given, each with an error; exchanges for the others. */
function refusing(errors: Readonly<Record<string, object>>): void {
  server.issuer.answers.set('/token', async (_request, response, body) => {
    server.issuer.exchanges.push(Object.fromEntries(body));
    const target = body.get('audience') ?? body.get('resource') ?? '';
    if (errors[target]) {
      sendJson(response, 400, errors[target]);
      return;
    }
    sendJson(response, 200, {
      access_token: await server.issuer.token({ aud: target }),
      token_type: 'Bearer',
      expires_in: 300,
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    });
  });
}

async function challengeOf(tool: string, scope: string, args: Record<string, unknown> = {}) {
  const response = await post(server.resource, toolCall(tool, args), { token: await server.token({ scope }) });
  return { status: response.status, challenge: response.headers.get('www-authenticate') };
}

test('the token is there before the method runs, and one that is lazy is not', async () => {
  await callTool(server.resource, await server.token({ scope: 'a' }), 'eager', { id: '1' });
  expect(server.issuer.exchanges).toHaveLength(1);
  await callTool(server.resource, await server.token(), 'lazy');
  expect(server.issuer.exchanges).toHaveLength(1);
  expect(ran).toEqual(['eager', 'lazy']);
});

test('a method whose token cannot be had does not run', async () => {
  refusing({ 'orders-api': { error: 'invalid_grant' } });
  expect((await challengeOf('eager', 'a', { id: '1' })).status).toBe(401);
  refusing({ 'orders-api': { error: 'invalid_target' } });
  expect((await challengeOf('eager', 'a', { id: '1' })).status).toBe(200);
  expect(ran).toEqual([]);
});

describe('nothing is exchanged', () => {
  test('for arguments that are wrong', async () => {
    expect((await callTool(server.resource, await server.token({ scope: 'a' }), 'eager')).isError).toBe(true);
    expect(server.issuer.exchanges).toEqual([]);
  });

  test('for a caller whose scopes do not suffice, where the challenge would be the same', async () => {
    refusing({});
    expect(await challengeOf('eager', '', { id: '1' })).toMatchObject({
      status: 403,
      challenge: expect.stringMatching(/scope="a"/),
    });
  });

  test('for a batch', async () => {
    const call = toolCall('eager', { id: '1' });
    const response = await post(server.resource, [call, call], { token: await server.token({ scope: 'a' }) });
    expect(response.status).toBe(400);
    expect(server.issuer.exchanges).toEqual([]);
  });

  test('for a tool that is not there', async () => {
    await post(server.resource, toolCall('nope'), { token: await server.token() });
    expect(server.issuer.exchanges).toEqual([]);
  });
});

describe('a policy comes first', () => {
  test.each([
    ['a fault of the operator', { error: 'invalid_target' }],
    ['a sign-in that is over', { error: 'invalid_grant' }],
    ['a consent', { error: 'invalid_scope' }],
  ])('its denial is told, and nobody is asked for a token: not even for %s', async (_name, error) => {
    refusing({ 'orders-api': error });
    const result = await callTool(server.resource, await server.token(), 'never');
    expect(JSON.stringify(result)).toContain('This is not allowed for you.');
    expect([ran, server.issuer.exchanges]).toEqual([[], []]);
  });

  test('what it throws fails the call, and nobody is asked for a token', async () => {
    const result = await callTool(server.resource, await server.token(), 'broken');
    expect(JSON.stringify(result)).toContain('broken failed, for a reason that is not shown here.');
    expect(server.log.text).toContain('the policy is out of order');
    expect([ran, server.issuer.exchanges]).toEqual([[], []]);
  });

  test('it is asked once for each call', async () => {
    const token = await server.token();
    await callTool(server.resource, token, 'counted');
    await callTool(server.resource, token, 'counted');
    expect([Counting.asked, ran, server.issuer.exchanges.length]).toEqual([2, ['counted', 'counted'], 1]);
  });
});

describe('several downstreams', () => {
  test('are exchanged for at once', async () => {
    let waiting: (() => void)[] = [];
    server.issuer.answers.set('/token', async (_request, response, body) => {
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        // Each answer waits for the other's request.
        if (waiting.length === 2) for (const release of waiting) release();
      });
      sendJson(response, 200, {
        access_token: await server.issuer.token({ aud: body.get('audience') ?? 'urn:billing' }),
        token_type: 'Bearer',
        expires_in: 300,
        issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      });
    });
    const result = await callTool(server.resource, await server.token({ scope: 'a b' }), 'both');
    expect(result.isError).toBeUndefined();
    waiting = [];
  });

  test('whose consents are missing make one challenge, with the scopes of the tool', async () => {
    refusing({ 'orders-api': { error: 'invalid_scope' }, 'urn:billing': { error: 'invalid_scope' } });
    const { status, challenge } = await challengeOf('both', 'a b');
    expect(status).toBe(403);
    expect(challenge).toMatch(/scope="a b orders:write billing:read"/);
  });

  test('a scope of the tool and a consent of a downstream that are missing make one challenge', async () => {
    refusing({ 'urn:billing': { error: 'invalid_scope' } });
    const { status, challenge } = await challengeOf('both', 'a');
    expect(status).toBe(403);
    expect(challenge).toMatch(/error="insufficient_scope".*scope="a b billing:read"/);
  });

  test('a sign-in that is over comes before a consent', async () => {
    refusing({ 'orders-api': { error: 'invalid_scope' }, 'urn:billing': { error: 'invalid_grant' } });
    const { status, challenge } = await challengeOf('both', 'a b');
    expect(status).toBe(401);
    expect(challenge).toMatch(/error="invalid_token".*scope="a b orders:write"/);
  });

  test('nobody is sent to consent where the operator has to act first', async () => {
    refusing({ 'orders-api': { error: 'invalid_scope' }, 'urn:billing': { error: 'invalid_client' } });
    expect(await challengeOf('both', 'a b')).toEqual({ status: 200, challenge: null });
  });
});
