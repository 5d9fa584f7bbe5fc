import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpTool } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { post, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import { challengeOf } from './challenge-parameters.js';

@Injectable()
class OrderTools {
  @McpTool({ description: 'x', scopes: ['orders:read'] })
  find(): string {
    return 'found';
  }
  @McpTool({ description: 'x', input: z.object({ region: z.string() }), scopes: ({ region }) => ['ship', region] })
  ship(): string {
    return 'shipped';
  }
  @McpTool({ description: 'x', acrValues: ['urn:example:mfa'], maxAgeMs: 60_000 })
  pay(): string {
    return 'paid';
  }
}

let server: ProtectedServer;

beforeAll(async () => {
  server = await startProtectedServer({ providers: [OrderTools], options: { scopes: { challenge: 'union' } } });
});
afterAll(() => server.close());

/** One answer for each way to be refused, by its name. */
async function refusals(): Promise<[name: string, status: number, response: Response][]> {
  const find = toolCall('find');
  const expired = await server.token('orders:read', { exp: 1 });
  const token = await server.token('', { scope: undefined, scp: ['x"y', 'back\\slash', 'two words', 'caf\u00e9'] });
  const withHeader = async (authorization: string) => await post(server.resource, find, { headers: { authorization } });
  return [
    ['no token', 401, await post(server.resource, find)],
    ['another scheme', 401, await withHeader('Basic YWxpY2U6eA==')],
    ['a token in the query', 400, await post(`${server.resource}?access_token=x`, find)],
    ['no JWT', 401, await post(server.resource, find, { token: 'x' })],
    ['an expired token', 401, await post(server.resource, find, { token: expired })],
    ['under another scheme', 401, await withHeader(`DPoP ${await server.token('orders:read')}`)],
    ['too few scopes', 403, await post(server.resource, find, { token })],
    ['scopes of arguments', 403, await post(server.resource, toolCall('ship', { region: 'a"b\\c d' }), { token })],
    ['a weak sign-in', 401, await post(server.resource, toolCall('pay'), { token })],
  ];
}

test('RFC 6750 section 2.1: MUST take a token from the Authorization header', async () => {
  const token = await server.token('orders:read');
  const { status } = await post(server.resource, toolCall('find'), { headers: { authorization: `Bearer ${token}` } });
  expect(status).toBe(200);
});

test('RFC 6750 section 3: MUST challenge whoever has no token, or none that is enough', async () => {
  for (const [name, status, response] of await refusals()) {
    expect([name, response.status]).toEqual([name, status]);
    expect(response.headers.get('www-authenticate')).not.toBeNull();
  }
});

test('RFC 6750 section 3: challenges MUST be of the scheme Bearer, with at least one parameter', async () => {
  for (const [name, , response] of await refusals()) {
    const { scheme, ...parameters } = challengeOf(response);
    expect([name, scheme]).toEqual([name, 'Bearer']);
    expect(Object.keys(parameters)).not.toEqual([]);
  }
});

test('RFC 6750 section 3: realm, scope, error and error_description MUST NOT be there twice', async () => {
  for (const [name, , response] of await refusals()) {
    const header = response.headers.get('www-authenticate') ?? '';
    for (const parameter of ['realm', 'scope', 'error', 'error_description']) {
      const times = header.split(new RegExp(`[ ,]${parameter}=`)).length - 1;
      expect([name, parameter, times <= 1]).toEqual([name, parameter, true]);
    }
  }
});

test('RFC 6750 section 3: scope, error and error_description MUST NOT have characters that the RFC excludes', async () => {
  const scopes: Record<string, string | undefined> = {};
  for (const [name, , response] of await refusals()) {
    const { scope, error = '', error_description = '' } = challengeOf(response);
    scopes[name] = scope;
    // What is absent has none.
    expect(scope ?? 'x').toMatch(/^[\x21\x23-\x5B\x5D-\x7E]+( [\x21\x23-\x5B\x5D-\x7E]+)*$/);
    expect(error + error_description).toMatch(/^[\x20-\x21\x23-\x5B\x5D-\x7E]*$/);
  }
  expect(scopes).toMatchObject({ 'too few scopes': 'orders:read', 'scopes of arguments': 'ship' });
});

test('RFC 6750 section 3: SHOULD name the error where there was a token', async () => {
  const errors = (await refusals()).map(([name, , response]) => [name, challengeOf(response).error]);
  expect(Object.fromEntries(errors)).toEqual({
    'no token': undefined,
    'another scheme': undefined,
    'a token in the query': 'invalid_request',
    'no JWT': 'invalid_token',
    'an expired token': 'invalid_token',
    'under another scheme': 'invalid_token',
    'too few scopes': 'insufficient_scope',
    'scopes of arguments': 'insufficient_scope',
    'a weak sign-in': 'insufficient_user_authentication',
  });
});

test('RFC 6750 section 3.1: SHOULD NOT say more than that a token is wanted where there was none', async () => {
  const unaware = (await refusals()).filter(([name]) => ['no token', 'another scheme'].includes(name));
  const plain = {
    scheme: 'Bearer',
    scope: 'orders:read',
    resource_metadata: `${server.origin}/.well-known/oauth-protected-resource/mcp`,
  };
  expect(unaware.map(([, , response]) => challengeOf(response))).toEqual([plain, plain]);
});

test('RFC 6750 section 5.3: MUST NOT keep a token in a cookie, or take it from one', async () => {
  const token = await server.token('orders:read');
  const good = await post(server.resource, toolCall('find'), { token });
  expect([good.status, good.headers.getSetCookie()]).toEqual([200, []]);
  for (const [, , response] of await refusals()) expect(response.headers.getSetCookie()).toEqual([]);
  for (const name of ['access_token', 'token', 'Authorization', 'authorization']) {
    const headers = { cookie: `${name}=${token}; ${name}=Bearer ${token}` };
    const response = await post(server.resource, toolCall('find'), { headers });
    expect(response.status).toBe(401);
    expect(challengeOf(response).error).toBeUndefined();
  }
});
