import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { providers } from 'nestjs-mcp-auth';
import { ProviderTokens } from './provider-tokens.js';

const PROJECT = '69234237810729019';
const ORGANIZATION = '69629023906488334';
const OPTIONS: providers.ZitadelOptions = {
  domain: 'acme-abc123.zitadel.cloud',
  projectId: PROJECT,
  roles: true,
  organization: ORGANIZATION,
};
const ISSUER = 'https://acme-abc123.zitadel.cloud';

/** As ZITADEL writes it. */
const USER = {
  iss: ISSUER,
  sub: '77776025198584418',
  aud: ['69234230193872955', PROJECT],
  nbf: 1_700_000_000,
  jti: 'V2_69234230193872955-at_69234230193872956',
  client_id: '69234230193872955',
  'urn:zitadel:iam:user:resourceowner:id': ORGANIZATION,
  [`urn:zitadel:iam:org:project:${PROJECT}:roles`]: { 'orders:read': { [ORGANIZATION]: 'acme.zitadel.cloud' } },
};

describe('ZITADEL', () => {
  let provider: ProviderTokens;
  beforeAll(async () => {
    provider = await ProviderTokens.start(providers.zitadel(OPTIONS));
  });
  afterAll(() => provider.close());

  test('a token of a user is accepted, and the roles of the project are scopes', async () => {
    expect(await provider.callerOf(USER)).toEqual({
      issuer: ISSUER,
      subject: USER.sub,
      clientId: '69234230193872955',
      appOnly: false,
      scopes: ['orders:read'],
    });
  });

  test('roles of another project are not those of the tool', async () => {
    const role = { 'orders:write': { [ORGANIZATION]: 'acme.zitadel.cloud' } };
    const call = async (claim: string) => (await provider.call('write', { ...USER, [claim]: role })).status;
    expect(await call(`urn:zitadel:iam:org:project:${PROJECT}:roles`)).toBe(200);
    expect(await call('urn:zitadel:iam:org:project:1:roles')).toBe(403);
    expect(await call('urn:zitadel:iam:org:project:roles')).toBe(403);
  });

  test.each<[string, Record<string, unknown>]>([
    ['an ID token', { jti: undefined, azp: USER.client_id, auth_time: 1, amr: ['pwd'], nonce: 'x', at_hash: 'x' }],
    ['an ID token that says little', { jti: undefined, azp: USER.client_id }],
    ['a token of another project', { aud: ['69234230193872955', '1'] }],
    ['a user of another organisation', { 'urn:zitadel:iam:user:resourceowner:id': '1' }],
    ['a user of no organisation', { 'urn:zitadel:iam:user:resourceowner:id': undefined }],
    ['a token of another instance', { iss: 'https://other.zitadel.cloud' }],
  ])('%s is refused', async (_name, claims) => {
    expect(await provider.callerOf({ ...USER, ...claims })).toBe(401);
  });
});

test.each<[string, object, string]>([
  ['no project', { domain: OPTIONS.domain }, '`providers.zitadel().projectId` is missing'],
  ['the name of a project', { ...OPTIONS, projectId: 'orders' }, '`providers.zitadel().projectId` is not an id'],
  ['a URL for a domain', { ...OPTIONS, domain: ISSUER }, '`providers.zitadel().domain` is not a host'],
])('%s is refused at once', (_name, options, message) => {
  expect(() => providers.zitadel(options as providers.ZitadelOptions)).toThrow(message);
});
