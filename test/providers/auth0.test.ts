import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { providers } from 'nestjs-mcp-auth';
import { ProviderTokens, RESOURCE } from './provider-tokens.js';

const OPTIONS: providers.Auth0Options = { domain: 'acme.eu.auth0.com' };
const ISSUER = 'https://acme.eu.auth0.com/';

/** As Auth0 writes it, in its own profile. */
const USER = {
  iss: ISSUER,
  sub: 'auth0|65f1',
  aud: [RESOURCE, `${ISSUER}userinfo`],
  scope: 'openid orders:read',
  azp: 'wRk5client',
  permissions: ['orders:approve'],
};

describe('Auth0', () => {
  let provider: ProviderTokens;

  beforeAll(async () => {
    provider = await ProviderTokens.start(providers.auth0(OPTIONS));
  });
  afterAll(() => provider.close());

  test('a token of a user is accepted, without the permissions of its roles', async () => {
    expect(await provider.callerOf(USER)).toEqual({
      issuer: ISSUER,
      subject: 'auth0|65f1',
      clientId: 'wRk5client',
      appOnly: false,
      scopes: ['openid', 'orders:read'],
    });
  });

  test('in the profile of RFC 9068 too', async () => {
    const claims = { ...USER, azp: undefined, client_id: 'wRk5client', jti: 'x' };
    expect(await provider.callerOf(claims, { typ: 'at+jwt' })).toMatchObject({ clientId: 'wRk5client' });
  });

  test.each<[string, Record<string, unknown>]>([
    ['gty', { gty: 'client-credentials', sub: 'x' }],
    ['its subject', { sub: 'wRk5client@clients' }],
  ])('a token of an application is known by %s', async (_name, claims) => {
    expect(await provider.callerOf({ ...USER, ...claims })).toMatchObject({ appOnly: true });
  });

  test.each<[string, Record<string, unknown>]>([
    ['an ID token', { aud: 'wRk5client', nonce: 'x' }],
    ['a token of another tenant', { iss: 'https://other.eu.auth0.com/' }],
    ['the issuer without its slash', { iss: 'https://acme.eu.auth0.com' }],
    ['a token for userinfo alone', { aud: `${ISSUER}userinfo` }],
    ['a token for the management API', { aud: `${ISSUER}api/v2/` }],
  ])('%s is refused', async (_name, claims) => {
    expect(await provider.callerOf({ ...USER, ...claims })).toBe(401);
  });
});

test('permissions are scopes where that is said', async () => {
  const provider = await ProviderTokens.start(
    providers.auth0({ ...OPTIONS, permissions: true, audience: 'https://api' }),
  );
  expect(await provider.callerOf({ ...USER, aud: 'https://api' })).toMatchObject({
    scopes: ['openid', 'orders:read', 'orders:approve'],
  });
  expect(await provider.callerOf(USER)).toBe(401);
  await provider.close();
});

test.each<[string, object, string]>([
  ['no domain', {}, '`providers.auth0().domain` is missing'],
  ['an issuer for a domain', { domain: ISSUER }, '`providers.auth0().domain` is not a host'],
  ['capitals', { domain: 'Acme.eu.auth0.com' }, '`providers.auth0().domain` is not a host'],
  ['text for a switch', { ...OPTIONS, permissions: 'yes' }, '`providers.auth0().permissions` is of the wrong type'],
])('%s is refused at once', (_name, options, message) => {
  expect(() => providers.auth0(options as providers.Auth0Options)).toThrow(message);
});
