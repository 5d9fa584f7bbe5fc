import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { providers } from 'nestjs-mcp-auth';
import { ProviderTokens } from './provider-tokens.js';

const ZONE = '11111111-2222-3333-4444-555555555555';
const OPTIONS: providers.XsuaaOptions = {
  url: 'https://acme.authentication.eu10.hana.ondemand.com',
  xsappname: 'orders-mcp!t1234',
  identityZone: ZONE,
};
const ISSUER = `${OPTIONS.url}/oauth/token`;

/** As XSUAA writes it: it names its keys. */
const HEADER = { typ: 'JWT', jku: `${OPTIONS.url}/token_keys`, jid: 'x' };
const USER = {
  jti: '0f3a3f0c8e1f4f0f9c0f3a3f0c8e1f4f',
  ext_attr: { enhancer: 'XSUAA', subaccountid: ZONE, zdn: 'acme' },
  'xs.system.attributes': { 'xs.rolecollections': ['Orders'] },
  sub: '22222222-2222-3333-4444-555555555555',
  scope: ['openid', 'orders-mcp!t1234.orders:read'],
  client_id: 'sb-orders-mcp!t1234',
  cid: 'sb-orders-mcp!t1234',
  azp: 'sb-orders-mcp!t1234',
  grant_type: 'authorization_code',
  user_id: '22222222-2222-3333-4444-555555555555',
  origin: 'sap.default',
  user_name: 'alice@acme.example',
  auth_time: 1_700_000_000,
  rev_sig: 'a1b2c3d4',
  iss: ISSUER,
  zid: ZONE,
  aud: ['openid', 'orders-mcp!t1234', 'sb-orders-mcp!t1234'],
};

describe('XSUAA', () => {
  let provider: ProviderTokens;
  beforeAll(async () => {
    provider = await ProviderTokens.start(providers.xsuaa(OPTIONS));
  });
  afterAll(() => provider.close());

  test('a token of a user is accepted, and its scopes are without the name of the application', async () => {
    expect(await provider.callerOf(USER, HEADER)).toEqual({
      issuer: ISSUER,
      subject: USER.sub,
      clientId: 'sb-orders-mcp!t1234',
      appOnly: false,
      scopes: ['openid', 'orders:read'],
    });
  });

  test('whatever address of keys the header names', async () => {
    const jku = 'https://attacker.example/token_keys';
    expect(await provider.callerOf(USER, { ...HEADER, jku })).toMatchObject({ subject: USER.sub });
  });

  test('a token of an application is known by its grant', async () => {
    const own = { sub: 'sb-orders-mcp!t1234', grant_type: 'client_credentials', user_id: undefined };
    expect(await provider.callerOf({ ...USER, ...own }, HEADER)).toMatchObject({ appOnly: true });
  });

  test.each<[string, Record<string, unknown>]>([
    ['an ID token', { aud: ['sb-orders-mcp!t1234'], nonce: 'x', scope: undefined }],
    ['a token of another application', { aud: ['other!t1'], scope: ['other!t1.orders:read'] }],
    ['a token of another zone', { zid: '99999999-2222-3333-4444-555555555555' }],
    ['a token of no zone', { zid: undefined }],
    ['a token of another tenant', { iss: ISSUER.replace('acme', 'globex') }],
    ['a token whose scopes are an object', { scope: { 'orders-mcp!t1234.orders:read': true } }],
  ])('%s is refused', async (_name, claims) => {
    expect(await provider.callerOf({ ...USER, ...claims }, HEADER)).toBe(401);
  });

  test('a scope of another application is not that of the tool', async () => {
    const call = async (scope: string) => (await provider.call('write', { ...USER, scope: [scope] }, HEADER)).status;
    expect(await call('orders-mcp!t1234.orders:write')).toBe(200);
    expect(await call('other!t1.orders:write')).toBe(403);
  });
});

test.each<[string, object, string]>([
  ['no address', { xsappname: 'x' }, '`providers.xsuaa().url` is missing'],
  ['no application', { url: OPTIONS.url }, '`providers.xsuaa().xsappname` is missing'],
  [
    'the subdomain for the zone',
    { ...OPTIONS, identityZone: 'acme' },
    '`providers.xsuaa().identityZone` is not a GUID',
  ],
])('%s is refused at once', (_name, options, message) => {
  expect(() => providers.xsuaa(options as providers.XsuaaOptions)).toThrow(message);
});
