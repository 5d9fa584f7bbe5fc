import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { providers } from 'nestjs-mcp-auth';
import { ProviderTokens } from './provider-tokens.js';

const OPTIONS: providers.AuthentikOptions = {
  url: 'https://id.acme.example',
  application: 'orders-mcp',
  clientId: 'Xh3kPqL9b7Tz0RmW',
  groups: true,
};
const ISSUER = 'https://id.acme.example/application/o/orders-mcp/';

/** As authentik writes it: an ID token with `azp` and `uid`. */
const USER = {
  iss: ISSUER,
  sub: 'b5d1f2b7c0c64a3f9b0c5d1f2b7c0c64',
  aud: 'Xh3kPqL9b7Tz0RmW',
  auth_time: 1_700_000_000,
  acr: 'goauthentik.io/providers/oauth2/default',
  amr: ['pwd'],
  nonce: 'n-0S6_WzA2Mj',
  sid: 'f3a3f0c8e1f4f0f9',
  preferred_username: 'alice',
  groups: ['orders:read'],
  azp: 'Xh3kPqL9b7Tz0RmW',
  uid: 'kPqL9b7Tz0RmWXh3',
};

describe('authentik', () => {
  let provider: ProviderTokens;
  beforeAll(async () => {
    provider = await ProviderTokens.start(providers.authentik(OPTIONS));
  });
  afterAll(() => provider.close());

  test('a token of a user is accepted, also with a nonce', async () => {
    expect(await provider.callerOf(USER)).toEqual({
      issuer: ISSUER,
      subject: USER.sub,
      clientId: 'Xh3kPqL9b7Tz0RmW',
      appOnly: false,
      scopes: ['orders:read'],
    });
    expect(await provider.callerOf({ ...USER, nonce: undefined })).toMatchObject({ subject: USER.sub });
  });

  test('scopes that a property mapping writes count', async () => {
    expect((await provider.call('write', { ...USER, scope: 'openid orders:write' })).status).toBe(200);
    expect((await provider.call('write', USER)).status).toBe(403);
  });

  test.each<[string, Record<string, unknown>]>([
    ['an ID token', { azp: undefined, uid: undefined, at_hash: 'x' }],
    ['an ID token without the hash of its access token', { azp: undefined, uid: undefined }],
    ['an ID token with scopes', { uid: undefined, scope: 'orders:write' }],
    ['a token of another client', { aud: 'other', azp: 'other' }],
    ['a token of another application', { iss: ISSUER.replace('orders-mcp', 'other') }],
    ['a token whose issuer has no slash', { iss: ISSUER.slice(0, -1) }],
  ])('%s is refused', async (_name, claims) => {
    expect(await provider.callerOf({ ...USER, ...claims })).toBe(401);
  });
});

test.each<[string, object, string]>([
  ['no application', { ...OPTIONS, application: undefined }, '`providers.authentik().application` is missing'],
  ['the name of an application', { ...OPTIONS, application: 'Orders MCP' }, 'is not a slug'],
  ['no client', { ...OPTIONS, clientId: '' }, '`providers.authentik().clientId` is empty'],
])('%s is refused at once', (_name, options, message) => {
  expect(() => providers.authentik(options as providers.AuthentikOptions)).toThrow(message);
});
