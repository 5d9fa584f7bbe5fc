import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { errors, providers } from 'nestjs-mcp-auth';
import { startProtectedServer } from '../support/protected-server.js';
import { ProviderTokens } from './provider-tokens.js';

const TENANT = '11111111-1111-4111-8111-111111111111';
const OTHER = '22222222-2222-4222-8222-222222222222';
const APP = '99999999-9999-4999-8999-999999999999';
const CLIENT = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa';
const OPTIONS: providers.EntraOptions = { applicationId: APP, tenants: [TENANT] };

/** As Entra ID writes tokens of version 2. */
const USER = {
  aud: APP,
  iss: `https://login.microsoftonline.com/${TENANT}/v2.0`,
  aio: 'AXQAi/8TAAAA',
  azp: CLIENT,
  azpacr: '0',
  name: 'Alice',
  oid: '33333333-3333-4333-8333-333333333333',
  preferred_username: 'alice@acme.example',
  rh: '0.AXkA',
  roles: ['Orders.Approver'],
  scp: 'orders:read orders:write',
  sub: 'pairwise-subject',
  tid: TENANT,
  uti: 'x',
  ver: '2.0',
};
const APPLICATION = { ...USER, scp: undefined, roles: ['Orders.Read.All'], azpacr: '1', oid: 'sp', sub: 'sp' };
const V1 = {
  ...USER,
  ver: '1.0',
  iss: `https://sts.windows.net/${TENANT}/`,
  aud: `api://${APP}`,
  azp: undefined,
  appid: CLIENT,
  acr: '1',
};

describe('Entra ID, version 2', () => {
  let provider: ProviderTokens;

  beforeAll(async () => {
    provider = await ProviderTokens.start(providers.entra({ ...OPTIONS, tenants: [TENANT, OTHER] }));
  });
  afterAll(() => provider.close());

  test('a token of a user is accepted, with delegated permissions and app roles', async () => {
    expect(await provider.callerOf(USER)).toEqual({
      issuer: USER.iss,
      subject: 'pairwise-subject',
      clientId: CLIENT,
      appOnly: false,
      scopes: ['orders:read', 'orders:write', 'Orders.Approver'],
    });
  });

  test('of each tenant that is named', async () => {
    const claims = { ...USER, tid: OTHER, iss: `https://login.microsoftonline.com/${OTHER}/v2.0` };
    expect(await provider.callerOf(claims)).toMatchObject({ issuer: claims.iss });
  });

  test.each<[string, Record<string, unknown>]>([
    ['without scp', {}],
    ['with the optional claim idtyp', { idtyp: 'app' }],
  ])('a token of an application is known %s', async (_name, claims) => {
    expect(await provider.callerOf({ ...APPLICATION, ...claims })).toMatchObject({
      appOnly: true,
      scopes: ['Orders.Read.All'],
    });
  });

  test.each<[string, Record<string, unknown>]>([
    ['of a tenant that is not named', { tid: CLIENT, iss: `https://login.microsoftonline.com/${CLIENT}/v2.0` }],
    ['whose tid is another tenant than its issuer', { tid: OTHER }],
    ['without tid', { tid: undefined }],
    ['of version 1', V1],
    ['for Microsoft Graph', { aud: '00000003-0000-0000-c000-000000000000' }],
    ['with the audience of version 1', { aud: `api://${APP}` }],
    ['that is an ID token of a client', { aud: CLIENT, nonce: 'x' }],
    ['that is an ID token of the registration itself', { nonce: 'x', scp: undefined }],
    ['of the issuer with a placeholder', { iss: 'https://login.microsoftonline.com/{tenantid}/v2.0' }],
    ['of personal accounts', { iss: 'https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0' }],
  ])('a token %s is refused', async (_name, claims) => {
    expect(await provider.callerOf({ ...USER, ...claims })).toBe(401);
  });

  test('a challenge asks for scopes as clients have to ask Entra for them', async () => {
    const response = await provider.call('write', { ...USER, scp: 'orders:read' });
    expect(response.status).toBe(403);
    expect(response.headers.get('www-authenticate')).toContain('scope="https://mcp.acme.example/mcp/orders:write"');
  });
});

describe('Entra ID, version 1', () => {
  test('its own issuer, audience and client', async () => {
    const provider = await ProviderTokens.start(providers.entra({ ...OPTIONS, tokenVersion: 1 }));
    expect(await provider.callerOf(V1)).toMatchObject({ issuer: V1.iss, clientId: CLIENT, appOnly: false });
    expect(await provider.callerOf(USER)).toBe(401);
    expect(await provider.callerOf({ ...V1, tid: OTHER })).toBe(401);
    await provider.close();
  });
});

describe('what it makes', () => {
  test('for a tenant', () => {
    expect(providers.entra(OPTIONS)).toMatchObject({
      issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0',
      tenants: [TENANT],
      metadataUrl: 'https://login.microsoftonline.com/{tenantid}/v2.0/.well-known/openid-configuration',
      audiences: [APP],
      scopePrefix: '{resource}/',
    });
  });

  test.each<[string, Partial<providers.EntraOptions>, string | undefined]>([
    ['the resource itself, as its registration has to name it', {}, undefined],
    ['the identifier that is configured', { applicationIdUri: `api://${APP}` }, `api://${APP}`],
  ])('scopes whose prefix is %s', async (_what, options, prefix) => {
    const issuers = [providers.entra({ ...OPTIONS, ...options })];
    const server = await startProtectedServer({ options: { issuers, scopes: { initial: ['orders:read'] } } });
    const { headers } = await fetch(server.resource, { method: 'POST' });
    expect(headers.get('www-authenticate')).toContain(`scope="${prefix ?? server.resource}/orders:read"`);
    await server.close();
  });

  test('for any tenant, and boots', async () => {
    const options = providers.entra({ ...OPTIONS, tenants: 'any' });
    expect(options).toMatchObject({
      acceptAnyTenant: true,
      metadataUrl: 'https://login.microsoftonline.com/organizations/v2.0/.well-known/openid-configuration',
    });
    const server = await startProtectedServer({ options: { issuers: [options] } });
    const document = await fetch(`${server.origin}/.well-known/oauth-protected-resource`);
    expect(await document.json()).toMatchObject({
      authorization_servers: ['https://login.microsoftonline.com/organizations/v2.0'],
    });
    await server.close();
  });

  test('for another cloud', () => {
    expect(providers.entra({ ...OPTIONS, authority: 'https://login.microsoftonline.us' }).issuer).toBe(
      'https://login.microsoftonline.us/{tenantid}/v2.0',
    );
  });
});

test.each<[string, object, string]>([
  ['no application', { tenants: [TENANT] }, '`providers.entra().applicationId` is missing'],
  [
    'a URI for the application',
    { ...OPTIONS, applicationId: `api://${APP}` },
    '`providers.entra().applicationId` is not a GUID',
  ],
  [
    'a domain for a tenant',
    { ...OPTIONS, tenants: ['acme.onmicrosoft.com'] },
    '`providers.entra().tenants[0]` is not a GUID',
  ],
  ['no tenants', { ...OPTIONS, tenants: [] }, '`providers.entra().tenants` is empty'],
  ['common', { ...OPTIONS, tenants: 'common' }, '`providers.entra().tenants` is neither'],
  ['version 3', { ...OPTIONS, tokenVersion: 3 }, '`providers.entra().tokenVersion` is neither 1 nor 2'],
  ['plain http', { ...OPTIONS, authority: 'http://login.example' }, '`providers.entra().authority` is plain http'],
  [
    'version 1 in another cloud',
    { ...OPTIONS, tokenVersion: 1, authority: 'https://login.microsoftonline.us' },
    '`providers.entra().authority` has no effect on tokens of version 1',
  ],
])('%s is refused at once', (_name, options, message) => {
  expect(() => providers.entra(options as providers.EntraOptions)).toThrow(errors.McpAuthConfigurationError);
  expect(() => providers.entra(options as providers.EntraOptions)).toThrow(message);
});
