import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { providers } from 'nestjs-mcp-auth';
import { ProviderTokens, RESOURCE } from './provider-tokens.js';

const TOKEN_ISSUER = 'http://adfs.acme.example/adfs/services/trust';

/** As AD FS writes it. */
const HEADER = { typ: 'JWT', x5t: 'dGhlIHRodW1icHJpbnQ' };
const USER = {
  aud: RESOURCE,
  iss: TOKEN_ISSUER,
  sub: 'S-1-5-21-1004336348-1177238915-682003330-512',
  upn: 'alice@acme.example',
  apptype: 'Public',
  appid: '9a3a4b64-3d5b-4f7c-a4b2-6a9d4a7d1a11',
  authmethod: 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport',
  auth_time: '2026-07-06T11:38:58.283Z',
  ver: '1.0',
  scp: 'openid orders:read',
};

describe('AD FS', () => {
  let provider: ProviderTokens;
  beforeAll(async () => {
    provider = await ProviderTokens.start(providers.adfs({ host: 'adfs.acme.example' }));
  });
  afterAll(() => provider.close());

  test('a token of a user is accepted', async () => {
    expect(await provider.callerOf(USER, HEADER)).toEqual({
      issuer: TOKEN_ISSUER,
      subject: USER.sub,
      clientId: USER.appid,
      appOnly: false,
      scopes: ['openid', 'orders:read'],
    });
  });

  test.each<[string, Record<string, unknown>]>([
    ['an ID token', { iss: 'https://adfs.acme.example/adfs', aud: USER.appid, scp: undefined, nonce: 'x' }],
    ['an ID token for our audience', { iss: 'https://adfs.acme.example/adfs' }],
    ['a token for another Web API', { aud: 'https://other.acme.example' }],
    ['a token for userinfo', { aud: 'urn:microsoft:userinfo' }],
    ['a token of another farm', { iss: 'http://adfs.other.example/adfs/services/trust' }],
    ['a token under https', { iss: TOKEN_ISSUER.replace('http:', 'https:') }],
    ['a token without a subject', { sub: undefined }],
  ])('%s is refused', async (_name, claims) => {
    expect(await provider.callerOf({ ...USER, ...claims }, HEADER)).toBe(401);
  });
});

test.each<[Partial<providers.AdfsOptions>, string[] | undefined]>([
  [{}, undefined],
  [{ audience: 'orders-mcp' }, ['orders-mcp', 'microsoft:identityserver:orders-mcp']],
])('%j: audiences are %j', (options, audiences) => {
  expect(providers.adfs({ host: 'adfs.acme.example', ...options }).audiences).toEqual(audiences);
});

test.each<[string, object, string]>([
  ['no host', {}, '`providers.adfs().host` is missing'],
  ['a URL for a host', { host: 'https://adfs.acme.example/adfs' }, '`providers.adfs().host` is not a host'],
])('%s is refused at once', (_name, options, message) => {
  expect(() => providers.adfs(options as providers.AdfsOptions)).toThrow(message);
});
