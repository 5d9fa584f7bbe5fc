import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { DownstreamClient, errors, McpTool } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { callTool, textOf } from '../support/mcp-request.js';
import { sendJson } from '../support/test-issuer.js';
import { startDownstreamServer, type DownstreamServer } from './downstream-server.js';

/** What a tool's method does with the client, given anew by each test. */
let body: (client: DownstreamClient) => unknown = () => undefined;

@Injectable()
class Tools {
  constructor(private readonly downstream: DownstreamClient) {}

  @McpTool({ description: 'x', downstream: 'orders' })
  one() {
    return body(this.downstream);
  }

  @McpTool({ description: 'x', downstream: ['orders', 'billing'] })
  two() {
    return body(this.downstream);
  }

  @McpTool({ description: 'x' })
  none() {
    return body(this.downstream);
  }

  @McpTool({ description: 'x', input: z.object({ delay: z.number() }), downstream: 'orders' })
  async slow({ delay }: { delay: number }) {
    const seen: unknown[] = [];
    for (let step = 0; step < 3; step++) {
      await new Promise((resolve) => setTimeout(resolve, delay));
      seen.push((await this.downstream.json<{ subject: string }>(`/orders/${step}`)).subject);
    }
    return { seen };
  }
}

let server: DownstreamServer;

beforeAll(async () => {
  server = await startDownstreamServer({ providers: [Tools] });
});
afterEach(() => {
  server.orders.answers.clear();
  server.orders.requests.length = 0;
});
afterAll(() => server.close());

async function run(tool: string, method: typeof body) {
  body = method;
  return await callTool(server.resource, await server.token(), tool);
}

/** What the client threw inside the tool. */
async function thrownBy(tool: string, method: typeof body): Promise<errors.DownstreamError> {
  let thrown: unknown;
  await run(tool, async (client) => {
    try {
      await method(client);
    } catch (error) {
      thrown = error;
    }
  });
  if (!(thrown instanceof errors.DownstreamError)) throw new Error(`Not a DownstreamError: ${String(thrown)}`);
  return thrown;
}

describe('fetch', () => {
  test('has the shape of the WHATWG fetch, detached too', async () => {
    const result = await run('one', async ({ fetch }) => {
      const response = await fetch('/orders', { method: 'POST', body: 'tea', headers: { 'x-a': '1' } });
      return `${response.status} ${String(response.headers.get('content-type'))}`;
    });
    expect(textOf(result)).toBe('200 application/json');
    expect(server.orders.last).toMatchObject({
      method: 'POST',
      path: '/v1/orders',
      body: 'tea',
      headers: { 'x-a': '1' },
    });
  });

  test.each<[string, (origin: string) => string | URL | Request, string]>([
    ['a path', () => '/orders/7', '/v1/orders/7'],
    ['a path without a slash', () => 'orders/7?a=b', '/v1/orders/7?a=b'],
    ['an empty path', () => '', '/v1/'],
    ['a query', () => '?a=b', '/v1/?a=b'],
    ['a path that looks like a host', () => '//evil.example/x', '/v1//evil.example/x'],
    ['a URL', (origin) => new URL(`${origin}/v1/orders`), '/v1/orders'],
    ['a URL as text', (origin) => `${origin}/v1/orders`, '/v1/orders'],
    ['a Request', (origin) => new Request(`${origin}/v1/orders`, { headers: { 'x-a': '1' } }), '/v1/orders'],
  ])('takes %s', async (_name, input, path) => {
    await run('one', (client) => client.json(input(server.orders.origin)));
    expect(server.orders.last.path).toBe(path);
  });

  test.each<[string, (origin: string) => string | URL]>([
    ['another origin', () => 'https://evil.example/v1/orders'],
    ['another port', (origin) => origin.replace(/\d+$/, '1')],
    ['another scheme', (origin) => origin.replace('http:', 'https:')],
    ['no web address', () => 'file:///etc/passwd'],
    ['no URL', () => 'http://'],
    ['the path above', () => '/../admin'],
    ['the path above, as an encoded identifier has it', () => `/orders/${encodeURIComponent('..')}`],
    ['the path itself, as an encoded identifier has it', () => `/orders/${encodeURIComponent('.')}?a=b`],
    ['the path above, encoded', () => '/%2e%2e/admin'],
    ['the path above, in backslashes', () => '..\\..\\admin'],
    ['the path above, for a server that decodes slashes', () => '/x/..%2f..%2Fadmin'],
    ['the path above, all of it encoded', () => '/%2E%2e%5c%2e.%5Cadmin'],
    ['the path above, for a server that drops parameters', () => '/orders/..;/..;/admin'],
    ['the path above, for a server that drops encoded parameters', () => '/orders/..%3bx/admin'],
    ['a path beside', (origin) => `${origin}/v12/orders`],
    ['credentials', (origin) => `${origin.replace('//', '//user:pass@')}/v1/orders`],
  ])('refuses a URL of %s', async (_name, input) => {
    const error = await thrownBy('one', (client) => client.fetch(input(server.orders.origin)));
    expect(error.code).toBe('downstream_outside_base_url');
    expect(server.orders.requests).toEqual([]);
  });

  test('lets no header replace its own', async () => {
    const headers = { authorization: 'Bearer stolen', host: 'evil.example', dpop: 'proof' };
    await run('one', (client) => client.json('/orders', { headers }));
    expect(server.orders.last.claims).toMatchObject({ aud: 'orders-api' });
    expect(server.orders.last.headers).toMatchObject({ host: new URL(server.orders.origin).host });
    expect(server.orders.last.headers).not.toHaveProperty('dpop');
  });

  test('keeps the token on a redirect within the origin, and loses it on one to elsewhere', async () => {
    server.orders.answers.set('/v1/near', (_request, response) =>
      response.writeHead(307, { location: '/v1/orders' }).end(),
    );
    server.orders.answers.set('/v1/far', (_request, response) =>
      response.writeHead(307, { location: `${server.billing.origin}/bills` }).end(),
    );
    await run('one', (client) => client.json('/near'));
    expect(server.orders.last).toMatchObject({ path: '/v1/orders', claims: { aud: 'orders-api' } });
    await run('one', (client) => client.json('/far'));
    expect(server.billing.last).toMatchObject({ path: '/bills', claims: undefined });
    expect(server.billing.last.headers).not.toHaveProperty('authorization');
  });

  test('passes on an answer that is no success as it is', async () => {
    server.orders.answers.set('/v1/x', (_request, response) => {
      sendJson(response, 418, {});
    });
    expect(textOf(await run('one', async (client) => String((await client.fetch('/x')).status)))).toBe('418');
  });

  test('an API that cannot be reached', async () => {
    server.orders.answers.set('/v1/x', (_request, response) => response.destroy());
    const error = await thrownBy('one', (client) => client.fetch('/x'));
    expect(error).toMatchObject({ code: 'downstream_unreachable', downstream: 'orders' });
    expect(textOf(await run('one', (client) => client.fetch('/x')))).toContain(
      'The orders API cannot be reached right now',
    );
  });

  test('a signal that is aborted', async () => {
    const result = await run('one', async (client) => {
      const { name } = (await client
        .fetch('/x', { signal: AbortSignal.abort() })
        .catch((error: unknown) => error)) as Error;
      return name;
    });
    expect(textOf(result)).toBe('AbortError');
  });
});

describe('json', () => {
  test('sends and reads JSON', async () => {
    const result = await run('one', (client) => client.json('/orders', { method: 'POST', json: { item: 'tea' } }));
    expect(result.structuredContent).toMatchObject({ path: '/v1/orders', subject: 'alice' });
    expect(server.orders.last).toMatchObject({
      method: 'POST',
      body: '{"item":"tea"}',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
    });
  });

  test('reads nothing as undefined', async () => {
    server.orders.answers.set('/v1/x', (_request, response) => response.writeHead(204).end());
    expect((await run('one', (client) => client.json('/x'))).content).toEqual([]);
  });

  test.each([
    [401, 'downstream_status', 'does not allow this'],
    [403, 'downstream_status', 'does not allow this'],
    [404, 'downstream_status', 'has nothing there'],
    [409, 'downstream_status', 'present state'],
    [422, 'downstream_status', 'refused the request (422)'],
    [429, 'downstream_rate_limited', 'Try again later'],
    [500, 'downstream_failed', 'Try again later'],
  ])('a status of %i is an error that says what to do', async (status, code, advice) => {
    server.orders.answers.set('/v1/x', (_request, response) => {
      sendJson(response, status, { secret: 'hunter2' });
    });
    const error = await thrownBy('one', (client) => client.json('/x'));
    expect(error).toMatchObject({ code, status, downstream: 'orders' });
    const result = await run('one', (client) => client.json('/x'));
    expect(result.isError).toBe(true);
    expect(textOf(result)).toContain(advice);
    expect(textOf(result)).not.toContain('hunter2');
    const line = server.log.lines.find((entry) => entry.includes(`orders answered ${status}`));
    expect(line).toMatch(code === 'downstream_status' ? /^warn/ : /^error/);
  });

  test('a body that breaks off', async () => {
    server.orders.answers.set('/v1/x', (_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"a":', () => response.destroy());
    });
    expect(await thrownBy('one', (client) => client.json('/x'))).toMatchObject({ code: 'downstream_unreachable' });
  });

  test('a body that is not JSON', async () => {
    server.orders.answers.set('/v1/x', (_request, response) => response.end('<html>'));
    expect(await thrownBy('one', (client) => client.json('/x'))).toMatchObject({ code: 'downstream_body' });
  });
});

describe('a tool reaches what it declares and nothing else', () => {
  test.each<[string, string, typeof body, string]>([
    [
      'a downstream not declared',
      'one',
      (client) => client.for('billing').json('/'),
      'one reached for the downstream "billing", which it does not declare',
    ],
    [
      'a downstream that does not exist',
      'one',
      (client) => client.for('nope').json('/'),
      'one reached for the downstream "nope"',
    ],
    [
      'any, without declaring one',
      'none',
      (client) => client.json('/'),
      'none reached for a downstream, but declares none',
    ],
    [
      'one by name, without declaring one',
      'none',
      (client) => client.for('orders').fetch('/'),
      'none reached for the downstream "orders"',
    ],
  ])('%s', async (_name, tool, method, message) => {
    const error = await thrownBy(tool, method);
    expect(error.code).toBe('downstream_not_declared');
    expect(error.message).toContain(message);
    expect(server.orders.requests).toEqual([]);
  });

  test('and has to say which where it declares several', async () => {
    expect(await thrownBy('two', (client) => client.fetch('/'))).toMatchObject({ code: 'downstream_ambiguous' });
    expect((await run('two', (client) => client.for('orders').json('/orders'))).structuredContent).toMatchObject({
      audience: 'orders-api',
    });
  });
});

describe('the identity is that of the running call', () => {
  test('outside a call there is none', async () => {
    const client = server.app.get(DownstreamClient);
    await expect(client.fetch('/orders')).rejects.toMatchObject({ code: 'downstream_outside_call' });
    await expect(client.for('orders').json('/orders')).rejects.toMatchObject({ code: 'downstream_outside_call' });
  });

  test('after the call has ended there is none, though the code began inside it', async () => {
    let late: Promise<unknown> = Promise.resolve();
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    await run('one', (client) => {
      late = gate.then(() => client.fetch('/orders'));
      late.catch(() => undefined);
    });
    release();
    await expect(late).rejects.toMatchObject({
      code: 'downstream_outside_call',
      message: expect.stringContaining('had ended'),
    });
    expect(server.orders.requests).toEqual([]);
  });

  test('in a timer that outlives the call there is none, and nobody else’s', async () => {
    let fired: Promise<unknown> = Promise.resolve();
    await run('one', (client) => {
      fired = new Promise((resolve) => {
        setTimeout(() => {
          resolve(client.fetch('/orders').catch((error: unknown) => error));
        }, 20);
      });
    });
    // Somebody else's call runs when the timer fires.
    body = async () => await fired;
    await callTool(server.resource, await server.token({ sub: 'mallory' }), 'one');
    expect(await fired).toMatchObject({ code: 'downstream_outside_call' });
    expect(server.orders.requests).toEqual([]);
  });

  test('in a timer within the call it is the caller’s', async () => {
    const result = await run('one', async (client) => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      return await client.json('/orders');
    });
    expect(result.structuredContent).toMatchObject({ subject: 'alice' });
  });

  test('of interleaved callers each sees its own alone', async () => {
    const callers = await Promise.all(
      Array.from({ length: 40 }, async (_, index) => ({
        subject: `user-${index}`,
        token: await server.token({ sub: `user-${index}` }),
      })),
    );
    const rounds = [0, 1, 2].flatMap(() => callers);
    const results = await Promise.all(
      rounds.map(async ({ subject, token }, index) => {
        const { structuredContent } = await callTool(server.resource, token, 'slow', { delay: (index * 7) % 5 });
        return { subject, seen: structuredContent?.seen };
      }),
    );
    for (const { subject, seen } of results) expect(seen).toEqual([subject, subject, subject]);
    expect(server.orders.requests).toHaveLength(rounds.length * 3);
  });
});
