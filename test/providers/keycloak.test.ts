import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { providers } from 'nestjs-mcp-auth';
import { ProviderTokens, RESOURCE } from './provider-tokens.js';

const ISSUER = 'https://id.acme.example/realms/acme%20corp';
const OPTIONS: providers.KeycloakOptions = { url: 'https://id.acme.example/', realm: 'acme corp' };

/** As Keycloak 26 writes it. */
const USER = {
  jti: 'onrtac:5b5b2d57-ee1c-4e1b-9a3c-1c0d7d9f6a01',
  iss: ISSUER,
  aud: [RESOURCE, 'account'],
  sub: '0f2a9d0e-6a8b-4f3e-9d66-2f6f2c9b7a10',
  typ: 'Bearer',
  azp: 'claude',
  sid: 'b2b0b1a6-3d9e-4a2f-9f0e-9d3e8d5f7c22',
  acr: '1',
  'allowed-origins': ['https://claude.ai'],
  realm_access: { roles: ['offline_access', 'staff'] },
  resource_access: { 'orders.api': { roles: ['clerk'] }, account: { roles: ['view-profile'] } },
  scope: 'openid profile orders:read',
  preferred_username: 'alice',
};

describe('Keycloak', () => {
  let provider: ProviderTokens;

  beforeAll(async () => {
    provider = await ProviderTokens.start(providers.keycloak(OPTIONS));
  });
  afterAll(() => provider.close());

  test('a token of a user is accepted, with its scopes and without its roles', async () => {
    expect(await provider.callerOf(USER)).toEqual({
      issuer: ISSUER,
      subject: USER.sub,
      clientId: 'claude',
      appOnly: false,
      scopes: ['openid', 'profile', 'orders:read'],
    });
  });

  test('a bound one would be of the type DPoP', async () => {
    expect(await provider.callerOf({ ...USER, typ: 'DPoP' })).toMatchObject({ subject: USER.sub });
  });

  test.each<[string, Record<string, unknown>]>([
    ['by its name', { preferred_username: 'service-account-batch', azp: 'batch' }],
    ['without the scope profile', { preferred_username: undefined, azp: 'batch', clientHost: '10.0.0.7' }],
    ['by its grant alone', { preferred_username: undefined, azp: 'batch', jti: 'trltcc:4f1c' }],
  ])('a service account is known %s', async (_name, claims) => {
    expect(await provider.callerOf({ ...USER, ...claims })).toMatchObject({ appOnly: true, clientId: 'batch' });
  });

  test.each<[string, Record<string, unknown>]>([
    ['an ID token', { typ: 'ID', aud: 'claude', at_hash: 'x' }],
    ['an ID token of a client with the name of the resource', { typ: 'ID', aud: RESOURCE }],
    ['a refresh token', { typ: 'Refresh', aud: ISSUER }],
    ['an offline token with our audience', { typ: 'Offline' }],
    ['a logout token', { typ: 'Logout' }],
    ['a token of another realm', { iss: 'https://id.acme.example/realms/other' }],
    ['a token of the realm under another address', { iss: 'https://internal/realms/acme%20corp' }],
    ['a token without an audience mapper', { aud: 'account' }],
  ])('%s is refused', async (_name, claims) => {
    expect(await provider.callerOf({ ...USER, ...claims })).toBe(401);
  });
});

describe('roles as scopes', () => {
  test.each<[NonNullable<providers.KeycloakOptions['roles']>, string[]]>([
    [{ realm: true }, ['orders:read', 'offline_access', 'staff']],
    [{ clients: ['orders.api'] }, ['orders:read', 'clerk']],
    [{ clients: ['account', 'missing'] }, ['orders:read', 'view-profile']],
    [{ realm: false }, ['orders:read']],
  ])('%j', async (roles, scopes) => {
    const provider = await ProviderTokens.start(providers.keycloak({ ...OPTIONS, roles }));
    expect(await provider.callerOf({ ...USER, scope: 'orders:read' })).toMatchObject({ scopes });
    await provider.close();
  });
});

test('what is set besides goes before the preset', () => {
  expect(
    providers.keycloak({ url: 'https://id.example/auth', realm: 'a', audiences: ['x'], clients: ['c'] }),
  ).toMatchObject({
    issuer: 'https://id.example/auth/realms/a',
    audiences: ['x'],
    clients: ['c'],
  });
});

test.each<[string, object, string]>([
  ['no realm', { url: 'https://id.example' }, '`providers.keycloak().realm` is missing'],
  ['an empty realm', { url: 'https://id.example', realm: '' }, '`providers.keycloak().realm` is empty'],
  ['a host for a URL', { url: 'id.example', realm: 'a' }, '`providers.keycloak().url` is not an absolute URL'],
  ['plain http', { url: 'http://id.example', realm: 'a' }, '`providers.keycloak().url` is plain http'],
  [
    'odd roles',
    { url: 'https://id.example', realm: 'a', roles: { all: true } },
    '`providers.keycloak().roles.all` is not an option',
  ],
])('%s is refused at once', (_name, options, message) => {
  expect(() => providers.keycloak(options as providers.KeycloakOptions)).toThrow(message);
});
