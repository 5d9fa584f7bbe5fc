import { describe, expect, test } from '@jest/globals';
import { providers } from 'nestjs-mcp-auth';
import { ProviderTokens, RESOURCE } from './provider-tokens.js';

const ENVIRONMENT = '44444444-4444-4444-8444-444444444444';
const ONE = {
  iss: `https://auth.pingone.eu/${ENVIRONMENT}/as`,
  client_id: 'client',
  sub: 'user',
  scope: 'orders:read',
};
const FEDERATE = {
  iss: 'https://sso.acme.example',
  client_id: 'client',
  sub: 'alice',
  scope: ['openid', 'orders:read'],
};

describe.each<[string, providers.PingOptions, Record<string, unknown>, string[]]>([
  ['PingOne', { environmentId: ENVIRONMENT, region: 'eu' }, ONE, ['orders:read']],
  ['PingFederate', { issuer: 'https://sso.acme.example' }, FEDERATE, ['openid', 'orders:read']],
])('%s', (_name, options, claims, scopes) => {
  test('a token of a user is accepted, with and without typ', async () => {
    const provider = await ProviderTokens.start(providers.ping(options));
    for (const header of [{}, { typ: 'JWT' }, { typ: 'at+jwt' }]) {
      expect(await provider.callerOf({ ...claims, aud: [RESOURCE] }, header)).toEqual({
        issuer: claims.iss,
        subject: claims.sub,
        clientId: 'client',
        appOnly: false,
        scopes,
      });
    }
    await provider.close();
  });

  test('a token of an application is known by its subject, and others are refused', async () => {
    const provider = await ProviderTokens.start(providers.ping(options));
    const ask = (rest: object, header = {}) => provider.callerOf({ ...claims, aud: RESOURCE, ...rest }, header);
    expect(await ask({ sub: 'client' })).toMatchObject({ appOnly: true });
    for (const rest of [
      { aud: 'client' },
      { iss: 'https://auth.pingone.com/x/as' },
      { at_hash: 'x' },
      { aud: 'other' },
    ]) {
      expect(await ask(rest)).toBe(401);
    }
    expect(await ask({}, { typ: 'logout+jwt' })).toBe(401);
    await provider.close();
  });
});

test('the audience may be another', () => {
  expect(providers.ping({ environmentId: ENVIRONMENT, audience: 'orders' })).toMatchObject({
    issuer: `https://auth.pingone.com/${ENVIRONMENT}/as`,
    audiences: ['orders'],
  });
});

test.each<[string, object, string]>([
  ['nothing', {}, 'cannot both be set, and one is needed'],
  ['both', { environmentId: ENVIRONMENT, issuer: 'https://sso.acme.example' }, 'cannot both be set, and one is needed'],
  ['a name for an environment', { environmentId: 'prod' }, '`providers.ping().environmentId` is not a GUID'],
  [
    'a region nobody knows',
    { environmentId: ENVIRONMENT, region: 'us' },
    '`providers.ping().region` has to be "com" or "ca"',
  ],
  [
    'a region beside an issuer',
    { issuer: 'https://a.example', region: 'eu' },
    '`providers.ping().region` has no effect',
  ],
  ['plain http', { issuer: 'http://a.example' }, '`providers.ping().issuer` is plain http'],
])('%s is refused at once', (_name, options, message) => {
  expect(() => providers.ping(options as providers.PingOptions)).toThrow(message);
});
