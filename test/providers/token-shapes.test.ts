import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { providers, type IssuerOptions } from 'nestjs-mcp-auth';
import { ProviderTokens, RESOURCE } from './provider-tokens.js';

/** One token as a provider documents it, or as it stands in a public report, and who its bearer is here. */
interface Shape {
  readonly issuer: IssuerOptions;
  /** Where the shape is from. */
  readonly source: string;
  readonly header?: Record<string, unknown>;
  readonly claims: Record<string, unknown>;
  /** What `whoami` says, or the status that the token is refused with. */
  readonly expected: Record<string, unknown> | number;
}

const GUID = '11111111-2222-3333-4444-555555555555';
const APPLICATION = '22222222-2222-3333-4444-555555555555';
const TYPED = { typ: 'at+jwt' };
const UNTYPED = { typ: undefined };

const entra = providers.entra({ applicationId: APPLICATION, tenants: [GUID] });
const entraV1 = providers.entra({ applicationId: APPLICATION, tenants: [GUID], tokenVersion: 1 });
const adfs = providers.adfs({
  host: 'adfs.acme.example',
  acceptMissingSubject: true,
  claims: { subject: 'upn' },
});
const AD_FS = {
  aud: RESOURCE,
  iss: adfs.tokenIssuer,
  apptype: 'Confidential',
  appid: '60b3d106-d155-4f9f-ba75-84b8078829fa',
  authmethod: 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport',
  auth_time: '2017-02-13T08:27:46.918Z',
  ver: '1.0',
  scp: 'profile openid',
};
const cognito = providers.cognito({ userPoolId: 'eu-central-1_AbCdEf123', clients: ['1example23456789'] });
const uaa = providers.xsuaa({ url: 'https://acme.authentication.eu10.hana.ondemand.com', xsappname: 'orders!t1' });
const duende: IssuerOptions = { issuer: 'https://duende.acme.example', acceptMissingSubject: true };
const spring: IssuerOptions = {
  issuer: 'https://spring.acme.example',
  acceptMissingType: true,
  // Its tokens name the client nowhere else.
  claims: { clientId: [({ aud }) => [aud].flat().find((one) => one !== RESOURCE) as string] },
};
const hydra: IssuerOptions = { issuer: 'https://hydra.acme.example/' };
const clerk: IssuerOptions = {
  issuer: 'https://clerk.acme.example',
  acceptMissingAudience: true,
  clients: ['https://app.acme.example'],
};
const casdoor: IssuerOptions = { issuer: 'https://door.acme.example', audiences: ['b1c2d3'] };

const SHAPES: Readonly<Record<string, Shape>> = {
  'AD FS, a user, by the name that a rule writes': {
    issuer: adfs,
    source: 'https://learn.microsoft.com/windows-server/identity/ad-fs/development/ad-fs-openid-connect-oauth-concepts',
    header: { typ: 'JWT', kid: undefined, x5t: 'jeQjLUamo_5jJgWq1jZLfYl8Gik' },
    claims: { ...AD_FS, upn: 'alice@acme.example', unique_name: 'ACME\\alice' },
    expected: { subject: 'alice@acme.example', clientId: AD_FS.appid, appOnly: false, scopes: ['profile', 'openid'] },
  },
  'AD FS, without any name of a user': {
    issuer: adfs,
    source: 'https://github.com/DuendeArchive/IdentityServer4/issues/812',
    header: { typ: 'JWT', kid: undefined, x5t: 'jeQjLUamo_5jJgWq1jZLfYl8Gik' },
    claims: { ...AD_FS, email: 'admin@acme.example' },
    expected: { subject: AD_FS.appid, clientId: AD_FS.appid, appOnly: true, scopes: ['profile', 'openid'] },
  },
  'Entra ID, version 1, a user': {
    issuer: entraV1,
    source: 'https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference',
    claims: {
      iss: `https://sts.windows.net/${GUID}/`,
      aud: `api://${APPLICATION}`,
      ...{ appid: GUID, oid: GUID, tid: GUID, sub: 'pairwise', scp: 'orders:read', ver: '1.0', unique_name: 'a@b' },
    },
    expected: { subject: 'pairwise', clientId: GUID, appOnly: false, scopes: ['orders:read'] },
  },
  'Entra ID, version 2, an application with roles': {
    issuer: entra,
    source: 'https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference',
    claims: {
      iss: `https://login.microsoftonline.com/${GUID}/v2.0`,
      aud: APPLICATION,
      ...{ azp: APPLICATION.replace('2', '3'), oid: GUID, tid: GUID, sub: GUID, roles: ['orders:read'], ver: '2.0' },
    },
    expected: { subject: GUID, appOnly: true, scopes: ['orders:read'] },
  },
  'Okta: cid, and scp as a list': {
    issuer: providers.okta({ domain: 'acme.okta.com', authorizationServer: 'aus1' }),
    source: 'https://developer.okta.com/docs/api/openapi/okta-oauth/guides/overview/',
    header: UNTYPED,
    claims: {
      iss: 'https://acme.okta.com/oauth2/aus1',
      aud: RESOURCE,
      ...{ ver: 1, jti: 'AT.1', cid: '0oa1', uid: '00u1', scp: ['orders:read', 'openid'], sub: 'alice@acme.example' },
    },
    expected: { subject: 'alice@acme.example', clientId: '0oa1', appOnly: false, scopes: ['orders:read', 'openid'] },
  },
  'Auth0: azp, and aud as a list': {
    issuer: providers.auth0({ domain: 'acme.eu.auth0.com' }),
    source: 'https://auth0.com/docs/secure/tokens/access-tokens/access-token-profiles',
    claims: {
      iss: 'https://acme.eu.auth0.com/',
      aud: [RESOURCE, 'https://acme.eu.auth0.com/userinfo'],
      ...{ sub: 'auth0|1', azp: 'my_client', scope: 'openid orders:read' },
    },
    expected: { subject: 'auth0|1', clientId: 'my_client', appOnly: false, scopes: ['openid', 'orders:read'] },
  },
  'Cognito, an application: no aud, and its client as sub': {
    issuer: cognito,
    source:
      'https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html',
    header: UNTYPED,
    claims: {
      iss: cognito.issuer,
      ...{ sub: '1example23456789', token_use: 'access', scope: 'orders-mcp/read', auth_time: 1, version: 2 },
      ...{ jti: GUID, client_id: '1example23456789' },
    },
    expected: { subject: '1example23456789', appOnly: true, scopes: ['orders-mcp/read'] },
  },
  'UAA, a client: aud as a list, scope as a list, authorities': {
    issuer: uaa,
    source: 'https://docs.cloudfoundry.org/api/uaa/version/79.5.0/index.html',
    header: { typ: 'JWT', jku: `${uaa.advertisedIssuer}/token_keys` },
    claims: {
      iss: uaa.issuer,
      aud: ['portal', 'clients', 'orders!t1'],
      ...{ jti: 'x', sub: 'portal', authorities: ['orders!t1.read'], scope: ['orders!t1.read'], client_id: 'portal' },
      ...{ cid: 'portal', azp: 'portal', grant_type: 'client_credentials', rev_sig: '416147db', zid: 'uaa' },
    },
    expected: { subject: 'portal', clientId: 'portal', appOnly: true, scopes: ['read'] },
  },
  'Duende IdentityServer, a client: no sub, and scope as a list': {
    issuer: duende,
    source: 'https://docs.duendesoftware.com/identityserver/tokens/',
    header: TYPED,
    claims: { iss: duende.issuer, aud: RESOURCE, client_id: 'worker', scope: ['orders:read'], jti: 'x' },
    expected: { subject: 'worker', clientId: 'worker', appOnly: true, scopes: ['orders:read'] },
  },
  'Duende IdentityServer, a user: aud as a list': {
    issuer: duende,
    source: 'https://docs.duendesoftware.com/identityserver/tokens/',
    header: TYPED,
    claims: {
      iss: duende.issuer,
      aud: ['x', RESOURCE],
      ...{ client_id: 'web', sub: '1', auth_time: 1, idp: 'local', amr: ['pwd'], scope: ['openid', 'orders:read'] },
    },
    expected: { subject: '1', clientId: 'web', appOnly: false, scopes: ['openid', 'orders:read'] },
  },
  'Spring Authorization Server, a user: no typ, no client, scope as a list': {
    issuer: spring,
    source:
      'https://docs.spring.io/spring-authorization-server/reference/core-model-components.html#oauth2-token-customizer',
    header: UNTYPED,
    claims: { iss: spring.issuer, aud: ['app', RESOURCE], sub: 'alice', scope: ['orders:read'], jti: 'x', nbf: 1 },
    expected: { subject: 'alice', clientId: 'app', appOnly: false, scopes: ['orders:read'] },
  },
  'Spring Authorization Server, a client': {
    issuer: spring,
    source:
      'https://docs.spring.io/spring-authorization-server/reference/core-model-components.html#oauth2-token-customizer',
    header: UNTYPED,
    claims: { iss: spring.issuer, aud: ['app', RESOURCE], sub: 'app', scope: ['orders:read'], jti: 'x', nbf: 1 },
    expected: { subject: 'app', clientId: 'app', appOnly: true },
  },
  'Ory Hydra: scp as a list, an issuer with a slash': {
    issuer: hydra,
    source: 'https://www.ory.sh/docs/oauth2-oidc/jwt-access-token',
    claims: {
      iss: hydra.issuer,
      aud: [RESOURCE],
      ...{ client_id: 'app', ext: {}, jti: 'x', nbf: 1, scp: ['orders:read', 'offline'], sub: 'alice' },
    },
    expected: { subject: 'alice', clientId: 'app', appOnly: false, scopes: ['orders:read', 'offline'] },
  },
  'Ory Hydra, of an issuer without the slash': {
    issuer: hydra,
    source: 'https://www.ory.sh/docs/oauth2-oidc/jwt-access-token',
    claims: { iss: 'https://hydra.acme.example', aud: [RESOURCE], client_id: 'app', sub: 'alice' },
    expected: 401,
  },
  'Clerk: no aud, an address as azp': {
    issuer: clerk,
    source: 'https://clerk.com/docs/guides/sessions/session-tokens',
    claims: { iss: clerk.issuer, azp: 'https://app.acme.example', sub: 'user_1', sid: 'sess_1', nbf: 1 },
    expected: { subject: 'user_1', clientId: 'https://app.acme.example', appOnly: false, scopes: [] },
  },
  'Casdoor: tokenType, a nonce, and the client as aud': {
    issuer: casdoor,
    source: 'https://casdoor.org/docs/token/overview',
    claims: {
      iss: casdoor.issuer,
      aud: ['b1c2d3'],
      ...{ azp: 'b1c2d3', owner: 'acme', tokenType: 'access-token', nonce: 'n', scope: 'read', sub: GUID, jti: 'x' },
    },
    expected: { subject: GUID, clientId: 'b1c2d3', appOnly: false, scopes: ['read'] },
  },
};

const ISSUERS = [...new Set(Object.values(SHAPES).map(({ issuer }) => issuer))];

let provider: ProviderTokens;
beforeAll(async () => {
  provider = await ProviderTokens.start(...ISSUERS);
});
afterAll(() => provider.close());

test.each(Object.entries(SHAPES))('%s', async (_name, { header = { typ: 'JWT' }, claims, expected }) => {
  const caller = await provider.callerOf(claims, header);
  if (typeof expected === 'number') expect(caller).toBe(expected);
  else expect(caller).toMatchObject(expected);
});

describe('a token without a subject', () => {
  const CLAIMS = { aud: RESOURCE, client_id: 'worker', scope: 'orders:read' };

  test.each<[string, IssuerOptions, Record<string, unknown>]>([
    ['of an issuer that has to name it', hydra, {}],
    ['and without a client', duende, { client_id: undefined }],
    ['with an empty subject', duende, { sub: '' }],
    ['with a subject that is no text', duende, { sub: 7 }],
    ['with `null` for it, and without a client', duende, { sub: null, client_id: undefined }],
  ])('%s is refused', async (_name, { issuer }, claims) => {
    expect(await provider.callerOf({ iss: issuer, ...CLAIMS, ...claims }, TYPED)).toBe(401);
  });

  test('is never taken for a user, whatever else it has', async () => {
    const signIn = { auth_time: 1, sid: 'x', amr: ['pwd'], username: 'alice', email: 'alice@acme.example' };
    const caller = await provider.callerOf({ iss: duende.issuer, ...CLAIMS, ...signIn }, TYPED);
    expect(caller).toMatchObject({ subject: 'worker', appOnly: true });
  });
});

test('the claim that names users is the only one that does', async () => {
  const caller = await provider.callerOf({ ...AD_FS, sub: 'S-1-5-21', upn: 'alice@acme.example' });
  expect(caller).toMatchObject({ subject: 'alice@acme.example' });
  expect(await provider.callerOf({ ...AD_FS, upn: ['alice', 'bob'] })).toBe(401);
});
