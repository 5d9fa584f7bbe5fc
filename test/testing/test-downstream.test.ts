import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { TestDownstream, TestIssuer } from 'nestjs-mcp-auth/testing';

let issuer: TestIssuer;
let orders: TestDownstream;
const good = { audience: 'orders-api', scopes: ['read', 'list'] };

beforeAll(async () => {
  issuer = await TestIssuer.start();
  orders = await TestDownstream.start({ issuer, audience: 'orders-api', scopes: ['read', 'list'] });
});

afterAll(() => Promise.all([orders.close(), issuer.close()]));

beforeEach(() => {
  orders.requests.length = 0;
});

async function call(token: string | undefined, path = '/orders', init: RequestInit = {}) {
  const headers = { ...(init.headers as object), ...(token !== undefined && { authorization: `Bearer ${token}` }) };
  return await fetch(`${orders.origin}${path}`, { ...init, headers });
}

test.each([
  ['there is none', () => Promise.resolve(undefined), 401, 'Bearer', 'there is no Bearer token'],
  ['it is no JWT', () => Promise.resolve('nonsense'), 401, 'Bearer error="invalid_token"', 'it is no JWT'],
  [
    'it is for another',
    () => issuer.token({ ...good, audience: 'x' }),
    401,
    'Bearer error="invalid_token"',
    'claim aud',
  ],
  ['it is of another', () => issuer.token({ ...good, iss: 'x' }), 401, 'Bearer error="invalid_token"', 'claim iss'],
  [
    'it has expired',
    () => issuer.token({ ...good, expiresInMs: -60_000 }),
    401,
    'Bearer error="invalid_token"',
    'expired',
  ],
  [
    'it never expires',
    () => issuer.token({ ...good, exp: undefined }),
    401,
    'Bearer error="invalid_token"',
    'claim exp',
  ],
  [
    'its key is unknown',
    () => issuer.token(good, { kid: 'x' }),
    401,
    'Bearer error="invalid_token"',
    'signed with a key',
  ],
  [
    'it lacks a scope',
    () => issuer.token({ ...good, scopes: ['read'] }),
    403,
    'Bearer error="insufficient_scope", scope="read list"',
    'it lacks list',
  ],
])('a token is refused as by an API where %s', async (_name, make, status, challenge, refusal) => {
  orders.respond('/orders', () => {
    throw new Error('It must not come here');
  });
  const answer = await call(await make());
  expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([status, challenge]);
  expect(orders.requests).toMatchObject([{ path: '/orders', refusal: expect.stringContaining(refusal) }]);
});

test('a token that is signed by somebody else under the same key id is refused', async () => {
  const stranger = await TestIssuer.start();
  const [key] = issuer.keys;
  const forged = await stranger.addKey('ES256', key?.kid);
  const token = await stranger.token({ ...good, iss: issuer.issuer }, {}, forged);
  expect((await call(token)).status).toBe(401);
  await stranger.close();
});

test('a request is recorded with its claims, and without its credentials', async () => {
  const token = await issuer.token({ ...good, sub: 'bob' });
  orders.respond('POST /orders', ({ body }) => ({ got: body }));
  const init = { method: 'POST', body: '{"id":7}', headers: { 'content-type': 'application/json', cookie: 'a=b' } };
  const answer = await call(token, '/orders?draft=1', init);
  expect(await answer.json()).toEqual({ got: { id: 7 } });
  expect(orders.requests).toMatchObject([
    { method: 'POST', path: '/orders?draft=1', body: { id: 7 }, claims: { sub: 'bob' }, refusal: undefined },
  ]);
  expect(orders.requests[0]?.headers).toMatchObject({ 'content-type': 'application/json' });
  expect(JSON.stringify(orders.requests)).not.toContain(token);
  expect(orders.requests[0]?.headers).not.toHaveProperty('cookie');
});

test('it answers with values, functions and responses, those of a method in front', async () => {
  const token = await issuer.token(good);
  orders
    .respond('/things', [1, 2])
    .respond('DELETE /things', new Response(null, { status: 204, headers: { 'x-was': 'here' } }))
    .respond('/text', () => new Response('hello', { status: 418 }))
    .respond('/null', null);
  expect(await (await call(token, '/things?x')).json()).toEqual([1, 2]);
  for (let times = 0; times < 2; times += 1) {
    const deleted = await call(token, '/things', { method: 'DELETE' });
    expect([deleted.status, deleted.headers.get('x-was')]).toEqual([204, 'here']);
  }
  const text = await call(token, '/text');
  expect([text.status, await text.text()]).toEqual([418, 'hello']);
  expect(await (await call(token, '/null')).json()).toBeNull();
});

test('what there is not is a 404, and an answer that throws a 500', async () => {
  const token = await issuer.token(good);
  expect((await call(token, '/nothing')).status).toBe(404);
  orders.respond('/broken', () => Promise.reject(new Error('out of order')));
  const broken = await call(token, '/broken');
  expect([broken.status, await broken.json()]).toMatchObject([500, { error_description: 'out of order' }]);
});

test('it ends with the block that it is used in', async () => {
  let origin;
  {
    await using one = await TestDownstream.start({ issuer, audience: 'x' });
    ({ origin } = one);
    expect((await fetch(origin)).status).toBe(401);
  }
  await expect(fetch(origin)).rejects.toThrow('fetch failed');
});
