import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { findNextHop, type Hop } from '../../lib/on-behalf-of/downstream/redirect.js';
import { answer, answersInTurn } from './answers.js';
import { startRunningTool, type RunningTool } from './running-tool.js';

let tool: RunningTool;

beforeAll(async () => {
  tool = await startRunningTool();
});
afterEach(() => {
  for (const api of [tool.orders, tool.billing]) {
    api.answers.clear();
    api.requests.length = 0;
  }
});
afterAll(() => tool.close());

const redirects = (status: number, location: string) => {
  answersInTurn(tool.orders, '/v1/x', answer(status, { location }));
};

const fetched = (init?: RequestInit) =>
  tool.returned(async (client) => {
    const { status, url, redirected } = await client.fetch('/x', init);
    return { status, url, redirected };
  });

describe('below the base URL', () => {
  test.each([301, 302, 303, 307, 308])('%i is followed, with the token', async (status) => {
    redirects(status, 'y?a=b');
    expect(await fetched()).toEqual({ status: 200, url: `${tool.orders.origin}/v1/y?a=b`, redirected: true });
    expect(tool.orders.last).toMatchObject({ path: '/v1/y?a=b', claims: { aud: 'orders-api' } });
  });

  test.each([
    [301, 'POST', 'GET', ''],
    [302, 'POST', 'GET', ''],
    [303, 'PUT', 'GET', ''],
    [307, 'POST', 'POST', 'tea'],
    [308, 'PUT', 'PUT', 'tea'],
  ])('%i makes of %s a %s', async (status, method, becomes, body) => {
    redirects(status, '/v1/y');
    await fetched({ method, body: 'tea', headers: { 'x-a': '1' } });
    expect(tool.orders.last).toMatchObject({ method: becomes, path: '/v1/y', body, headers: { 'x-a': '1' } });
    expect(tool.orders.last.headers['content-type']).toBe(body === '' ? undefined : 'text/plain;charset=UTF-8');
  });

  test('a body that is a stream is not sent again', async () => {
    redirects(307, '/v1/y');
    const error = await tool.thrown((client) =>
      client.fetch('/x', { method: 'POST', body: new Blob(['tea']).stream() }),
    );
    expect(error.code).toBe('downstream_redirect');
    expect(tool.orders.requests).toHaveLength(1);
  });

  test('in circles it ends', async () => {
    redirects(302, '/v1/x');
    expect(await tool.thrown((client) => client.fetch('/x'))).toMatchObject({
      code: 'downstream_redirect',
      message: 'orders redirects more than 10 times',
    });
    expect(tool.orders.requests).toHaveLength(11);
  });
});

describe('elsewhere', () => {
  const secrets = { 'x-api-key': 'k', 'x-user': 'alice', accept: 'text/csv', range: 'bytes=0-9' };

  test.each<[string, () => string]>([
    ['another origin', () => `${tool.billing.origin}/file`],
    ['another origin, without a scheme', () => `//${new URL(tool.billing.origin).host}/file`],
  ])('%s gets neither the token nor what the tool says', async (_name, location) => {
    redirects(302, location());
    expect(await fetched({ headers: secrets })).toMatchObject({ status: 200, redirected: true });
    const { headers, claims } = tool.billing.last;
    expect(claims).toBeUndefined();
    expect(headers).toMatchObject({ accept: 'text/csv', range: 'bytes=0-9' });
    for (const name of ['authorization', 'x-api-key', 'x-user', 'cookie']) expect(headers).not.toHaveProperty(name);
  });

  test('on the same origin above the base URL there is no token either', async () => {
    redirects(302, '/admin');
    await fetched({ headers: secrets });
    expect(tool.orders.last).toMatchObject({ path: '/admin', claims: undefined });
    expect(tool.orders.last.headers).not.toHaveProperty('x-api-key');
  });

  test('and back again it does not come back', async () => {
    redirects(302, `${tool.billing.origin}/back`);
    answersInTurn(tool.billing, '/back', answer(302, { location: `${tool.orders.origin}/v1/y` }));
    await fetched();
    expect(tool.orders.last).toMatchObject({ path: '/v1/y', claims: undefined });
  });

  test.each([307, 308])('%i does not carry a body there', async (status) => {
    redirects(status, `${tool.billing.origin}/file`);
    const error = await tool.thrown((client) => client.fetch('/x', { method: 'POST', body: 'tea' }));
    expect(error).toMatchObject({ code: 'downstream_redirect', status });
    expect(tool.billing.requests).toEqual([]);
  });

  test.each<[string, string]>([
    ['plain http', 'http://files.example/x'],
    ['a file', 'file:///etc/passwd'],
    ['data', 'data:text/plain,x'],
    ['credentials', 'https://user:pass@files.example/x'],
    ['a user name', 'https://user@files.example/x'],
    ['a password', 'https://:pass@files.example/x'],
    ['no URL', 'https://['],
  ])('%s is not followed', async (_name, location) => {
    redirects(302, location);
    expect(await tool.thrown((client) => client.fetch('/x'))).toMatchObject({ code: 'downstream_redirect' });
  });
});

test.each(['user:pass', 'user', ':pass'])(
  'credentials (%s) are not followed below the base URL either',
  async (info) => {
    redirects(302, tool.orders.origin.replace('://', `://${info}@`) + '/v1/y');
    expect(await tool.thrown((client) => client.fetch('/x'))).toMatchObject({ code: 'downstream_redirect' });
    expect(tool.orders.requests).toHaveLength(1);
  },
);

describe('from https', () => {
  const hopFrom = (url: string, isWithin: boolean): Hop => ({
    method: 'GET',
    url: new URL(url),
    headers: new Headers(),
    body: { content: null, isReplayable: true },
    redirect: 'follow',
    isWithin,
  });

  const bases = ['https://api.example/v1/', 'https://localhost:8443/v1/', 'https://127.0.0.1/v1/', 'https://[::1]/v1/'];
  const addresses = ['http://localhost/', 'http://127.0.0.1:6379/', 'http://[::1]/', 'http://api.example/v1/y'];

  test.each(bases.flatMap((base) => addresses.map((address) => [base, address] as const)))(
    'an API at %s is not followed to %s',
    (base, location) => {
      const origin = { name: 'orders', baseUrl: new URL(base) };
      for (const [from, isWithin] of [
        [`${base}x`, true],
        ['https://files.example/x', false],
      ] as const)
        expect(() => findNextHop(hopFrom(from, isWithin), { status: 302, headers: { location } }, origin)).toThrow(
          'redirects to an address that is not https',
        );
    },
  );
});

test.each([200, 201, 202, 300, 304, 305, 306, 400, 503])(
  'an answer of %i that names a location is no redirect',
  async (status) => {
    redirects(status, `${tool.billing.origin}/file`);
    expect(await fetched({ method: 'POST' })).toMatchObject({ status, redirected: false });
    expect(tool.billing.requests).toEqual([]);
  },
);

test('the tool may look at a redirect itself', async () => {
  redirects(302, '/v1/y');
  expect(await fetched({ redirect: 'manual' })).toEqual({
    status: 302,
    url: `${tool.orders.origin}/v1/x`,
    redirected: false,
  });
});

test('the tool may want none', async () => {
  redirects(302, '/v1/y');
  expect(await tool.thrown((client) => client.fetch('/x', { redirect: 'error' }))).toMatchObject({
    code: 'downstream_redirect',
  });
});
