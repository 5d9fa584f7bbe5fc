import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { providers } from 'nestjs-mcp-auth';
import { ProviderTokens } from './provider-tokens.js';

const OPTIONS: providers.CognitoOptions = {
  userPoolId: 'eu-central-1_AbCdEf123',
  clients: ['1example23456789'],
  resourceServer: 'orders-mcp',
  groups: true,
};
const ISSUER = 'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEf123';

/** As Cognito writes it: no `typ`, no `aud`. */
const HEADER = {};
const USER = {
  sub: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee',
  'cognito:groups': ['testers'],
  iss: ISSUER,
  version: 2,
  client_id: '1example23456789',
  origin_jti: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee',
  event_id: '64f513be-32db-42b0-b78e-b02127b4f463',
  token_use: 'access',
  scope: 'openid orders-mcp/orders:read',
  auth_time: 1_676_312_777,
  jti: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee',
  username: 'alice',
};

describe('Amazon Cognito', () => {
  let provider: ProviderTokens;
  beforeAll(async () => {
    provider = await ProviderTokens.start(providers.cognito(OPTIONS));
  });
  afterAll(() => provider.close());

  test('a token of a user is accepted, and its scopes are without the resource server', async () => {
    expect(await provider.callerOf(USER, HEADER)).toEqual({
      issuer: ISSUER,
      subject: USER.sub,
      clientId: '1example23456789',
      appOnly: false,
      scopes: ['openid', 'orders:read', 'testers'],
    });
  });

  test('a token that is bound to the resource is accepted', async () => {
    expect(await provider.callerOf({ ...USER, aud: 'https://mcp.acme.example/mcp' }, HEADER)).toMatchObject({
      subject: USER.sub,
    });
  });

  test('a token of an application is known by its subject', async () => {
    const own = { sub: '1example23456789', username: undefined, 'cognito:groups': undefined };
    expect(await provider.callerOf({ ...USER, ...own }, HEADER)).toMatchObject({ appOnly: true });
  });

  test.each<[string, Record<string, unknown>]>([
    ['an ID token', { token_use: 'id', aud: '1example23456789', client_id: undefined, scope: undefined }],
    ['an ID token of a client of the same name', { token_use: 'id' }],
    ['a token of no use', { token_use: undefined }],
    ['a refresh token', { token_use: 'refresh' }],
    ['a token of another app client', { client_id: '9other' }],
    ['a token of no client', { client_id: undefined }],
    ['a token for another resource', { aud: 'https://other.example/mcp' }],
    ['a token of another user pool', { iss: 'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Other' }],
  ])('%s is refused', async (_name, claims) => {
    expect(await provider.callerOf({ ...USER, ...claims }, HEADER)).toBe(401);
  });

  test('a scope of another resource server is not that of the tool', async () => {
    const call = async (scope: string) => (await provider.call('write', { ...USER, scope }, HEADER)).status;
    expect(await call('orders-mcp/orders:write')).toBe(200);
    expect(await call('other-mcp/orders:write')).toBe(403);
  });
});

test('regions of China have another domain', () => {
  expect(providers.cognito({ ...OPTIONS, userPoolId: 'cn-north-1_Abc' }).issuer).toBe(
    'https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_Abc',
  );
});

test.each<[string, object, string]>([
  ['no user pool', { clients: ['x'] }, '`providers.cognito().userPoolId` is missing'],
  ['the name of a user pool', { ...OPTIONS, userPoolId: 'customers' }, 'is not the id of a user pool'],
  ['no clients', { ...OPTIONS, clients: [] }, '`providers.cognito().clients` is empty'],
])('%s is refused at once', (_name, options, message) => {
  expect(() => providers.cognito(options as providers.CognitoOptions)).toThrow(message);
});
