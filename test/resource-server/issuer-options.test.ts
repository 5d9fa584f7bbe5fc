import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpTool, type IssuerOptions, type McpContext, type TokenClaims } from 'nestjs-mcp-auth';
import { challengeOf } from '../compliance/challenge-parameters.js';
import { post, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import { sendJson, TestIssuer } from '../support/test-issuer.js';

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  whoami(_input: unknown, { caller }: McpContext): object {
    const { clientId, appOnly, scopes, issuer } = caller ?? {};
    return { clientId: clientId ?? null, appOnly, scopes, issuer };
  }
  @McpTool({ description: 'x', scopes: ['orders:write'] })
  write(): string {
    return 'written';
  }
}

let server: ProtectedServer;

async function start(trust: Partial<IssuerOptions>): Promise<void> {
  server = await startProtectedServer({ providers: [Tools], trust });
}

afterEach(async () => {
  jest.restoreAllMocks();
  await server.close();
});

async function send(claims: Record<string, unknown>, header: Record<string, unknown> = {}): Promise<Response> {
  const token = await server.issuer.token({ aud: server.resource, ...claims }, header);
  return await post(server.resource, toolCall('whoami'), { token });
}

const status = async (claims: Record<string, unknown>, header?: Record<string, unknown>) =>
  (await send(claims, header)).status;

async function caller(claims: Record<string, unknown>): Promise<unknown> {
  const { result } = (await (await send(claims)).json()) as { result: { structuredContent: unknown } };
  return result.structuredContent;
}

test('audiences that are named take the place of the resource', async () => {
  await start({ audiences: ['api://orders', '11111111-2222-3333-4444-555555555555'] });
  expect(await status({ aud: 'api://orders' })).toBe(200);
  expect(await status({ aud: ['x', '11111111-2222-3333-4444-555555555555'] })).toBe(200);
  expect(await status({ aud: server.resource })).toBe(401);
  expect(await status({ aud: 'API://ORDERS' })).toBe(401);
});

describe('typ', () => {
  test('may be another, in any case, with or without application/', async () => {
    await start({ types: ['application/x-token+jwt'] });
    for (const typ of ['x-token+jwt', 'X-Token+JWT', 'application/x-token+jwt']) {
      expect(await status({}, { typ })).toBe(200);
    }
    for (const typ of ['at+jwt', 'JWT', undefined]) expect(await status({}, { typ })).toBe(401);
  });

  test('may be missing where that was said, and not be another', async () => {
    await start({ acceptMissingType: true });
    expect(await status({}, { typ: undefined })).toBe(200);
    expect(await status({}, { typ: 'at+jwt' })).toBe(200);
    expect(await status({}, { typ: 'dpop+jwt' })).toBe(401);
  });
});

test.each([
  [undefined, 5, 30],
  [0, 0, 0],
  [60_000, 60, 60],
  [300_000, 300, 300],
])(
  'a clock tolerance of %s: %i seconds after the expiry, and before the beginning, and no more',
  async (given, is, ahead) => {
    await start(given === undefined ? {} : { clockToleranceMs: given });
    const now = Math.floor(Date.now() / 1000);
    jest.spyOn(Date, 'now').mockReturnValue(now * 1000);
    expect(await status({ exp: now - is + 1 })).toBe(200);
    expect(await status({ exp: now - is })).toBe(401);
    for (const [claim, seconds] of [
      ['nbf', is],
      ['iat', ahead],
    ] as const) {
      expect(await status({ exp: now + 900, [claim]: now + seconds })).toBe(200);
      expect(await status({ exp: now + 900, [claim]: now + seconds + 1 })).toBe(401);
    }
  },
);

describe('claims that are mapped', () => {
  const namespaced = 'https://acme.example/roles';

  test.each<[string, NonNullable<IssuerOptions['claims']>, Record<string, unknown>, Record<string, unknown>]>([
    ['scopes: by default', {}, { scope: 'a  b', scp: ['b', 'c'] }, { scopes: ['a', 'b', 'c'] }],
    ['scopes: text in scp', {}, { scp: 'a b' }, { scopes: ['a', 'b'] }],
    ['scopes: none', {}, {}, { scopes: [] }],
    ['scopes: null', {}, { scope: null }, { scopes: [] }],
    [
      'scopes: a path',
      { scopes: ['realm_access.roles'] },
      { scope: 'x', realm_access: { roles: ['a', 'b'] } },
      { scopes: ['a', 'b'] },
    ],
    ['scopes: a path that leads nowhere', { scopes: ['realm_access.roles'] }, { realm_access: 'x' }, { scopes: [] }],
    ['scopes: a path into an array', { scopes: ['a.0'] }, { a: ['x'] }, { scopes: ['x'] }],
    ['scopes: a path over the prototype', { scopes: ['a.constructor.name'] }, { a: {} }, { scopes: [] }],
    ['scopes: a name with dots', { scopes: [namespaced] }, { [namespaced]: ['a'] }, { scopes: ['a'] }],
    [
      'scopes: a function',
      { scopes: ['scope', (claims: TokenClaims) => (claims.admin === true ? ['admin'] : undefined)] },
      { scope: 'a', admin: true },
      { scopes: ['a', 'admin'] },
    ],
    ['scopes: from nowhere', { scopes: [] }, { scope: 'a' }, { scopes: [] }],
    ['client: client_id first', {}, { client_id: 'a', azp: 'b', appid: 'c' }, { clientId: 'a' }],
    ['client: azp', {}, { client_id: undefined, azp: 'b', appid: 'c' }, { clientId: 'b' }],
    ['client: appid', {}, { client_id: undefined, appid: 'c' }, { clientId: 'c' }],
    ['client: cid', {}, { client_id: undefined, cid: 'd' }, { clientId: 'd' }],
    ['client: none', {}, { client_id: undefined }, { clientId: null }],
    ['client: a path', { clientId: ['act.sub'] }, { act: { sub: 'agent' } }, { clientId: 'agent' }],
    ['client: a function', { clientId: [({ x }) => (x as { y: string }).y] }, { x: { y: 'z' } }, { clientId: 'z' }],
    ['app only: a function', { appOnly: ({ robot }) => robot === true }, { robot: true }, { appOnly: true }],
    ['app only: not by it', { appOnly: () => false }, { sub: 'test-client' }, { appOnly: false }],
  ])('%s', async (_name, claims, given, expected) => {
    await start({ claims });
    expect(await caller(given)).toMatchObject(expected);
  });

  test.each<[string, NonNullable<IssuerOptions['claims']>, Record<string, unknown>]>([
    ['scopes that are numbers', {}, { scope: 7 }],
    ['a list of scopes with an object', {}, { scp: ['a', {}] }],
    ['scopes that are an object', { scopes: ['roles'] }, { roles: { a: true } }],
    ['a client that is a list', {}, { client_id: ['test-client'] }],
    ['a client that is no text', {}, { client_id: '' }],
    ['a client that is null', {}, { client_id: null }],
    ['a function for scopes that fails', { scopes: [({ x }) => (x as string[]).map(String)] }, { scope: 'a' }],
    ['a function for scopes that has others', { scopes: [({ x }) => x as string[]] }, { x: [7] }],
    ['a function for the client that fails', { clientId: [({ x }) => (x as { y: string }).y] }, { scope: 'a' }],
    ['a function for app only that fails', { appOnly: ({ x }) => (x as { y: boolean }).y }, { scope: 'a' }],
  ])('%s: refused, without a 500', async (_name, claims, given) => {
    await start({ claims });
    expect(await status(given)).toBe(401);
  });
});

test('scopes are asked for with the prefix of the issuer, and compared without', async () => {
  await start({ scopePrefix: 'api://orders/' });
  const call = async (scope: string) =>
    await post(server.resource, toolCall('write'), { token: await server.token(scope) });
  expect((await call('orders:write')).status).toBe(200);
  const refused = await call('orders:read');
  expect(refused.status).toBe(403);
  expect(challengeOf(refused)).toMatchObject({ scope: 'api://orders/orders:write' });
});

test('clients that are not named are refused, and told nothing to try again with', async () => {
  await start({ clients: ['good', 'test-client'] });
  expect(await status({ client_id: 'good' })).toBe(200);
  for (const client_id of ['bad', 'GOOD', undefined]) {
    const response = await send({ client_id });
    expect(response.status).toBe(403);
    expect(response.headers.get('www-authenticate')).toBeNull();
  }
});

test('keys that are given are used, and nothing is fetched', async () => {
  const elsewhere = await TestIssuer.start();
  server = await startProtectedServer({
    providers: [Tools],
    options: {
      issuers: [{ issuer: elsewhere.issuer, jwks: { keys: elsewhere.keys.map(({ publicJwk }) => publicJwk) } }],
    },
  });
  const call = async (token: string) => (await post(server.resource, toolCall('whoami'), { token })).status;
  expect(await call(await elsewhere.token({ aud: server.resource }))).toBe(200);
  const unknown = await elsewhere.addKey('ES256');
  expect(await call(await elsewhere.token({ aud: server.resource }, {}, unknown))).toBe(401);
  expect(elsewhere.requests).toEqual([]);
  await elsewhere.close();
});

test('metadata is read from the address that is named, and has to be that of the issuer all the same', async () => {
  const issuer = await TestIssuer.start();
  const metadataUrl = `${issuer.origin}/somewhere/metadata.json`;
  issuer.answers.set('/somewhere/metadata.json', (_request, response) => {
    sendJson(response, 200, issuer.metadata());
  });
  server = await startProtectedServer({
    providers: [Tools],
    options: { issuers: [{ issuer: issuer.issuer, metadataUrl }] },
  });
  const call = async () =>
    (await post(server.resource, toolCall('whoami'), { token: await issuer.token({ aud: server.resource }) })).status;
  expect(await call()).toBe(200);
  expect(issuer.requests).toEqual(['/somewhere/metadata.json', '/jwks']);
  await issuer.close();
});

describe('several issuers', () => {
  test('each has tokens, keys and rules of its own, and one that is down takes none along', async () => {
    const [first, second] = [await TestIssuer.start('/first'), await TestIssuer.start('/second')];
    server = await startProtectedServer({
      providers: [Tools],
      options: { issuers: [{ issuer: first.issuer }, { issuer: second.issuer, audiences: ['second-audience'] }] },
    });
    const call = async (token: string) => (await post(server.resource, toolCall('whoami'), { token })).status;
    expect(await call(await first.token({ aud: server.resource }))).toBe(200);
    expect(await call(await second.token({ aud: 'second-audience' }))).toBe(200);
    // Nobody has the rules, the name or the keys of another.
    expect(await call(await first.token({ aud: 'second-audience' }))).toBe(401);
    expect(await call(await second.token({ aud: server.resource }))).toBe(401);
    expect(await call(await first.token({ iss: second.issuer, aud: 'second-audience' }))).toBe(401);
    expect(await call(await server.issuer.token({ aud: server.resource }))).toBe(401);
    await first.close();
    jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 25 * 60 * 60_000);
    expect(await call(await first.token({ aud: server.resource }))).toBe(503);
    expect(await call(await second.token({ aud: 'second-audience' }))).toBe(200);
    await second.close();
  });

  test('clients are told of all of them', async () => {
    const [first, second] = [await TestIssuer.start(), await TestIssuer.start()];
    server = await startProtectedServer({
      providers: [Tools],
      options: { issuers: [{ issuer: first.issuer }, { issuer: second.issuer }] },
    });
    const response = await fetch(`${server.origin}/.well-known/oauth-protected-resource/mcp`);
    expect(await response.json()).toMatchObject({ authorization_servers: [first.issuer, second.issuer] });
    await Promise.all([first.close(), second.close()]);
  });
});
