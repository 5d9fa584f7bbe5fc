import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { dialects } from 'nestjs-mcp-auth';
import { readCall } from '../../lib/command-line/read-call.js';
import { readSecret } from '../../lib/command-line/read-secret.js';
import { RESOURCE, Route, type WalkParts } from './walked.js';

let route: Route;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'doctor-'));
});
afterAll(() => rm(folder, { recursive: true }));
beforeEach(async () => {
  route = await Route.start();
});
afterEach(() => route.close());

const errorsOf = async (parts: WalkParts) => (await route.walk(parts)).filter(({ severity }) => severity === 'error');

test('a token that has to be refused, and is, is no finding', async () => {
  route.answer(400, { error: 'invalid_grant', error_description: 'Invalid token' });
  expect(await errorsOf({ probe: true })).toEqual([]);
});

test.each<[string, number, object, string]>([
  ['credentials', 401, { error: 'invalid_client' }, 'client_rejected'],
  ['the grant', 400, { error: 'unauthorized_client' }, 'exchange_not_allowed'],
  ['a grant that nobody has', 400, { error: 'unsupported_grant_type' }, 'exchange_not_allowed'],
  ['the target', 400, { error: 'invalid_target' }, 'target_refused'],
  ['nothing, because it fails', 400, {}, 'target_refused'],
])('a provider that refuses %s', async (_name, status, body, code) => {
  route.answer(status, body);
  expect(await errorsOf({ probe: true })).toEqual([
    expect.objectContaining({ code, text: expect.stringContaining('orders-api') as unknown }),
  ]);
});

test('where the server calls an API as itself, it is asked for its own token', async () => {
  const orders = { baseUrl: route.api.origin, scopes: ['orders.view'], dialect: dialects.clientCredentials() };
  route.answer(400, { error: 'invalid_scope' });
  expect(await errorsOf({ probe: true, options: { downstreams: { orders } } })).toEqual([
    expect.objectContaining({
      code: 'scope_not_allowed',
      text: expect.stringMatching(/^Probe: .*scope=orders\.view/) as unknown,
    }),
  ]);
});

test('without being asked to, it sends no credentials', async () => {
  await route.walk({});
  expect(route.issuer.requests).not.toContain('/token');
});

test('what a walk has found, a probe does not find again', async () => {
  route.answer(401, { error: 'invalid_client' });
  expect((await errorsOf({ probe: true, token: {} })).map(({ text }) => text)).toEqual([
    expect.stringMatching(/^Step 9/) as unknown,
  ]);
});

test('a token is read from a file or a variable, and refused as an argument', async () => {
  const file = join(folder, 'token');
  await writeFile(file, 'Bearer abc\n');
  expect(await readSecret(file)).toBe('abc');
  process.env.TOKEN_OF_THE_PROBE = ' xyz ';
  expect(await readSecret('env:TOKEN_OF_THE_PROBE')).toBe('xyz');
  delete process.env.TOKEN_OF_THE_PROBE;
  await expect(readSecret('env:TOKEN_OF_THE_PROBE')).rejects.toThrow('there is no token');
  await expect(readSecret(await route.issuer.token({ aud: RESOURCE }))).rejects.toThrow('seen by others');
});

test.each([
  ['orders:/orders/1', { downstream: 'orders', method: 'GET', path: '/orders/1' }],
  ['orders:head /orders', { downstream: 'orders', method: 'HEAD', path: '/orders' }],
  ['orders:', { downstream: 'orders', method: 'GET', path: '' }],
])('an API is called for %s', (text, call) => {
  expect(readCall(text)).toEqual(call);
});

test.each([
  ['orders', 'takes a downstream and a path'],
  ['orders:DELETE /orders/1', 'GET and HEAD alone'],
  ['orders:post /orders', 'GET and HEAD alone'],
])('it is not called for %s', (text, problem) => {
  expect(() => readCall(text)).toThrow(problem);
});

test('an API that there is not cannot be called', async () => {
  const calls = [{ downstream: 'ledger', method: 'GET', path: '/' }] as const;
  await expect(route.walk({ token: {}, calls })).rejects.toThrow('"ledger". Use one of: orders');
});
