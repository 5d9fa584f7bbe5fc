import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { providers } from 'nestjs-mcp-auth';
import { ProviderTokens, RESOURCE } from './provider-tokens.js';

const OPTIONS: providers.OktaOptions = { domain: 'acme.okta.com', authorizationServer: 'aus9o8wzkhckw9TLa0h7' };
const ISSUER = 'https://acme.okta.com/oauth2/aus9o8wzkhckw9TLa0h7';

/** As Okta writes it: no `typ`, scopes as an array. */
const HEADER = {};
const USER = {
  ver: 1,
  jti: 'AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE',
  iss: ISSUER,
  aud: RESOURCE,
  cid: '0oa1client',
  uid: '00u1user',
  scp: ['openid', 'orders:read'],
  auth_time: 1_700_000_000,
  sub: 'alice@acme.example',
};

describe('Okta', () => {
  let provider: ProviderTokens;

  beforeAll(async () => {
    provider = await ProviderTokens.start(providers.okta(OPTIONS));
  });
  afterAll(() => provider.close());

  test('a token of a user is accepted', async () => {
    expect(await provider.callerOf(USER, HEADER)).toEqual({
      issuer: ISSUER,
      subject: 'alice@acme.example',
      clientId: '0oa1client',
      appOnly: false,
      scopes: ['openid', 'orders:read'],
    });
  });

  test('a token of a service application is known by its subject', async () => {
    expect(await provider.callerOf({ ...USER, uid: undefined, sub: '0oa1client' }, HEADER)).toMatchObject({
      appOnly: true,
    });
  });

  test.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['an ID token', { aud: '0oa1client', at_hash: 'x' }, HEADER],
    ['an ID token with our audience', { nonce: 'x', cid: undefined, scp: undefined }, HEADER],
    ['a token of the org authorization server', { iss: 'https://acme.okta.com', aud: 'https://acme.okta.com' }, HEADER],
    ['a token of another authorization server', { iss: 'https://acme.okta.com/oauth2/default' }, HEADER],
    ['a token for another audience', { aud: 'api://default' }, HEADER],
    ['an identity assertion', {}, { typ: 'oauth-id-jag+jwt' }],
    ['a logout token', {}, { typ: 'logout+jwt' }],
  ])('%s is refused', async (_name, claims, header) => {
    expect(await provider.callerOf({ ...USER, ...claims }, header)).toBe(401);
  });
});

test.each<[Partial<providers.OktaOptions>, string[] | undefined]>([
  [{}, undefined],
  [{ authorizationServer: 'default' }, ['api://default']],
  [{ authorizationServer: 'default', audience: 'x' }, ['x']],
  [{ audience: 'api://mcp' }, ['api://mcp']],
])('%j: audiences are %j', (options, audiences) => {
  expect(providers.okta({ ...OPTIONS, ...options }).audiences).toEqual(audiences);
});

test.each<[string, object, string]>([
  ['no authorization server', { domain: 'acme.okta.com' }, '`providers.okta().authorizationServer` is missing'],
  ['the org authorization server', { ...OPTIONS, authorizationServer: '' }, 'Only Okta can verify'],
  ['a URL for a domain', { ...OPTIONS, domain: 'https://acme.okta.com' }, '`providers.okta().domain` is not a host'],
  ['a domain with a path', { ...OPTIONS, domain: 'acme.okta.com/oauth2' }, '`providers.okta().domain` is not a host'],
  ['an empty audience', { ...OPTIONS, audience: '' }, '`providers.okta().audience` is empty'],
])('%s is refused at once', (_name, options, message) => {
  expect(() => providers.okta(options as providers.OktaOptions)).toThrow(message);
});
