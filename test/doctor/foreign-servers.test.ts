import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { clientSecretPost, dialects, type DownstreamOptions } from 'nestjs-mcp-auth';
import { sendJson, TestIssuer } from '../support/test-issuer.js';
import { keepSecret } from '../support/secret-watch.js';
import { CLIENT, Clinic, HEALTHY, METADATA } from './examined.js';

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const SECRET = 'the-secret-at-the-partner';
keepSecret(SECRET);

const clinic = new Clinic();
let partner: TestIssuer;

beforeEach(async () => {
  partner = await TestIssuer.start();
  publish({});
});
afterEach(async () => {
  await Promise.all([partner.close(), clinic.close()]);
});

/** Has the partner publish what is healthy, and what is different. */
function publish(members: object, headers: Record<string, string> = {}): void {
  partner.answers.set(METADATA, (_request, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    sendJson(response, 200, {
      ...partner.metadata(),
      grant_types_supported: [JWT_BEARER, 'client_credentials', 'authorization_code'],
      token_endpoint_auth_methods_supported: ['client_secret_post'],
      ...members,
    });
  });
}

const there = () => ({ issuer: partner.issuer, client: { id: 'mcp-there', authentication: clientSecretPost(SECRET) } });

const DOWNSTREAMS: Record<string, () => DownstreamOptions> = {
  identityAssertion: () => ({
    baseUrl: 'https://orders.example',
    dialect: dialects.identityAssertion({ authorizationServer: there() }),
  }),
  jwtBearer: () => ({
    baseUrl: 'https://orders.example',
    dialect: dialects.jwtBearer({ authorizationServer: there() }),
  }),
  clientCredentials: () => ({
    baseUrl: 'https://orders.example',
    audience: 'x',
    dialect: dialects.clientCredentials({ authorizationServer: there() }),
  }),
  linked: () => ({ baseUrl: 'https://orders.example', linked: there() }),
};

async function found(kind: string, changes: Partial<DownstreamOptions> = {}): Promise<string[]> {
  const orders = { ...DOWNSTREAMS[kind]?.(), ...changes } as DownstreamOptions;
  const findings = await clinic.examine({ metadata: HEALTHY, options: { client: CLIENT, downstreams: { orders } } });
  expect(JSON.stringify(findings)).not.toContain(SECRET);
  for (const { message, fix } of findings)
    expect([message, fix]).toEqual([expect.stringMatching(/\S/), expect.stringMatching(/\S/)]);
  return findings.map(({ severity, code, subject }) => `${severity} ${code} ${subject}`);
}

describe.each(Object.keys(DOWNSTREAMS))('the authorization server of an API: %s', (kind) => {
  test('is healthy', async () => {
    expect(await found(kind)).toEqual([]);
    expect(partner.requests).toEqual([METADATA]);
  });

  test('that says little is not accused of it', async () => {
    publish({ grant_types_supported: undefined, token_endpoint_auth_methods_supported: undefined });
    expect(await found(kind)).toEqual([]);
  });

  test('cannot be reached', async () => {
    partner.answers.set(METADATA, (_request, response) => {
      sendJson(response, 503, {});
    });
    expect(await found(kind)).toEqual([`error issuer_metadata_unusable ${partner.issuer}`]);
  });

  test('is somebody else', async () => {
    publish({ issuer: 'https://other.example' });
    expect(await found(kind)).toEqual([`error issuer_metadata_unusable ${partner.issuer}`]);
  });

  test('has no token endpoint', async () => {
    publish({ token_endpoint: undefined });
    expect(await found(kind)).toEqual([`error endpoint_missing ${partner.issuer}`]);
  });

  test('does not have the grant', async () => {
    publish({ grant_types_supported: ['password'] });
    expect(await found(kind)).toEqual(['warning grant_type_not_advertised downstreams.orders']);
  });

  test('does not have the authentication of the client', async () => {
    publish({ token_endpoint_auth_methods_supported: ['private_key_jwt'] });
    expect(await found(kind)).toEqual(['warning client_authentication_not_advertised downstreams.orders']);
  });

  test('has a clock that is off', async () => {
    publish({}, { date: new Date(Date.now() - 3_600_000).toUTCString() });
    expect(await found(kind)).toEqual([`error clock_skewed ${partner.issuer}`]);
  });
});

test('callers without a user need a grant there, too', async () => {
  publish({ grant_types_supported: [JWT_BEARER] });
  expect(await found('jwtBearer', { audience: 'x', onAppOnly: 'clientCredentials' })).toEqual([
    'warning grant_type_not_advertised downstreams.orders',
  ]);
});

test('one that several downstreams use is asked once, and accused once', async () => {
  partner.answers.set(METADATA, (_request, response) => {
    sendJson(response, 200, { issuer: 'https://other.example' });
  });
  const downstreams = { orders: DOWNSTREAMS.jwtBearer?.(), stock: DOWNSTREAMS.jwtBearer?.() } as Record<
    string,
    DownstreamOptions
  >;
  const findings = await clinic.examine({ metadata: HEALTHY, options: { client: CLIENT, downstreams } });
  expect(findings).toMatchObject([{ code: 'issuer_metadata_unusable' }]);
  expect(partner.requests.filter((path) => path === METADATA)).toHaveLength(1);
});

test('linked accounts whose endpoints are given have nobody to be asked', async () => {
  const { client } = there();
  const linked = {
    client,
    authorizationEndpoint: `${partner.origin}/authorize`,
    tokenEndpoint: `${partner.origin}/token`,
  };
  expect(await found('linked', { linked })).toEqual([]);
  expect(partner.requests).toEqual([]);
});

test('linked accounts need an authorization endpoint', async () => {
  publish({ authorization_endpoint: undefined });
  expect(await found('linked')).toEqual([`error endpoint_missing ${partner.issuer}`]);
});

describe('tokens that are bound to a key of the server', () => {
  test('are asked for where nobody says that they are to be had', async () => {
    expect(await found('jwtBearer', { dpop: true })).toEqual(['warning proof_not_advertised downstreams.orders.dpop']);
    const orders = { baseUrl: 'https://orders.example', audience: 'x', dpop: true as const };
    const findings = await clinic.examine({ metadata: HEALTHY, options: { client: CLIENT, downstreams: { orders } } });
    expect(findings).toMatchObject([
      { code: 'proof_not_advertised', subject: 'downstreams.orders.dpop', severity: 'warning' },
    ]);
  });

  test('are asked for where they are', async () => {
    publish({ dpop_signing_alg_values_supported: ['ES256'] });
    expect(await found('jwtBearer', { dpop: true })).toEqual([]);
    const orders = { baseUrl: 'https://orders.example', audience: 'x', dpop: true as const };
    const metadata = { ...HEALTHY, dpop_signing_alg_values_supported: ['ES256'] };
    expect(await clinic.examine({ metadata, options: { client: CLIENT, downstreams: { orders } } })).toEqual([]);
  });
});
