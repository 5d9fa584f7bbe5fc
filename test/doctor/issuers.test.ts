import { afterEach, describe, expect, test } from '@jest/globals';
import { clientSecretPost, dialects, type ClientAuthentication } from 'nestjs-mcp-auth';
import type { ExchangeDialect } from 'nestjs-mcp-auth/dialects';
import type { Finding } from '../../lib/doctor/finding.js';
import { sendJson } from '../support/test-issuer.js';
import { CLIENT, Clinic, EXCHANGE, HEALTHY, METADATA, ORDERS, type PatientParts } from './examined.js';

const clinic = new Clinic();
afterEach(() => clinic.close());

const TOOLS = [{ name: 'find_order', scopes: ['orders:read'], downstreams: ['orders'] }];

const exchanging = { client: CLIENT, downstreams: { orders: ORDERS } };

test('nothing is wrong with a healthy issuer', async () => {
  expect(await clinic.examine({ metadata: HEALTHY, options: exchanging, tools: TOOLS })).toEqual([]);
});

test('an issuer that says little is not accused of it', async () => {
  const findings = await clinic.examine({ options: exchanging, tools: TOOLS });
  expect(findings.map(({ severity, code }) => `${severity} ${code}`)).toEqual([
    'info client_registration_not_advertised',
    'info scopes_not_advertised',
  ]);
});

test('an issuer is asked once for what the first token needs, too', async () => {
  await clinic.examine({ metadata: HEALTHY });
  expect(clinic.issuers[0]?.requests).toEqual([METADATA, '/jwks']);
});

test('an issuer whose keys are given is not asked', async () => {
  const jwks = { keys: [{ kty: 'RSA', n: 'x', e: 'AQAB' }] };
  expect(await clinic.examine({ metadata: { code_challenge_methods_supported: [] }, trust: { jwks } })).toEqual([]);
  expect(clinic.issuers[0]?.requests).toEqual([]);
});

interface Case {
  readonly parts: PatientParts;
  /** Its subject is the issuer, if nothing else is said. */
  readonly finding: Pick<Finding, 'code' | 'severity'> & { subject?: string; message?: RegExp; fix?: RegExp };
}

const answering = (path: string, status: number, body: unknown): PatientParts => ({
  issuer: (issuer) =>
    issuer.answers.set(path, (_request, response) => {
      sendJson(response, status, body);
    }),
});

const by = (authentication: ClientAuthentication): PatientParts => ({
  metadata: HEALTHY,
  options: { ...exchanging, client: { id: 'mcp', authentication } },
});

const named = (method: string) => Object.assign((() => undefined) as ClientAuthentication, { method });

const dialect = (one: ExchangeDialect, rest: object = {}): PatientParts => ({
  metadata: HEALTHY,
  options: { client: CLIENT, downstreams: { orders: { ...ORDERS, ...rest, dialect: one } } },
});

describe('what is wrong with an issuer is found', () => {
  test.each<[string, Case]>([
    [
      'no metadata',
      {
        parts: answering(METADATA, 404, {}),
        finding: { code: 'issuer_metadata_unusable', severity: 'error', message: /no usable metadata.*status 404/ },
      },
    ],
    [
      'metadata of another issuer',
      {
        parts: { metadata: { issuer: 'https://other.example' } },
        finding: { code: 'issuer_metadata_unusable', severity: 'error', fix: /`issuer` is spelled as/ },
      },
    ],
    [
      'no keys to be had',
      {
        parts: answering('/jwks', 500, {}),
        finding: { code: 'keys_unusable', severity: 'error', message: /\/jwks: status 500/ },
      },
    ],
    [
      'no key for its algorithms',
      {
        parts: { trust: { algorithms: ['RS256'] } },
        finding: { code: 'keys_unfit', severity: 'error', message: /RS256/ },
      },
    ],
    [
      'another issuer of access tokens, as AD FS has it',
      {
        parts: { metadata: { ...HEALTHY, access_token_issuer: 'http://adfs.example/adfs/services/trust' } },
        finding: { code: 'token_issuer_mismatch', severity: 'error', fix: /`tokenIssuer` .*adfs\/services\/trust"/ },
      },
    ],
    [
      'another name for clients than in its metadata',
      {
        parts: { metadata: HEALTHY, trust: { advertisedIssuer: 'https://login.example' } },
        finding: { code: 'advertised_issuer_differs', severity: 'warning', fix: /advertisedIssuer/ },
      },
    ],
    [
      'no authorization endpoint',
      {
        parts: { metadata: { authorization_endpoint: undefined } },
        finding: { code: 'endpoint_missing', severity: 'error', message: /authorization_endpoint/ },
      },
    ],
    [
      'plain http',
      {
        parts: { metadata: { authorization_endpoint: 'http://id.example/authorize' } },
        finding: { code: 'endpoint_insecure', severity: 'error', message: /"http:\/\/id\.example\/authorize"/ },
      },
    ],
    [
      'plain http that an option accepts, where browsers see it',
      {
        parts: {
          metadata: { ...HEALTHY, authorization_endpoint: 'http://id.example/authorize' },
          trust: { acceptClearText: true },
        },
        finding: { code: 'clear_text', severity: 'warning', message: /"http:\/\/id\.example\/authorize"/ },
      },
    ],
    [
      'an endpoint that is no URL',
      {
        parts: { metadata: { authorization_endpoint: 'authorize' } },
        finding: { code: 'endpoint_insecure', severity: 'error' },
      },
    ],
    [
      'no PKCE',
      {
        parts: { metadata: { code_challenge_methods_supported: undefined } },
        finding: { code: 'pkce_not_advertised', severity: 'warning' },
      },
    ],
    [
      'plain PKCE',
      {
        parts: { metadata: { code_challenge_methods_supported: ['plain'] } },
        finding: { code: 'pkce_not_advertised', severity: 'error', message: /does not list S256 \(plain\)/ },
      },
    ],
    [
      'no authorization code',
      {
        parts: { metadata: { grant_types_supported: [EXCHANGE] } },
        finding: { code: 'grant_type_not_advertised', severity: 'warning', message: /authorization_code/ },
      },
    ],
    [
      'scopes that it does not name',
      {
        parts: { metadata: HEALTHY, options: { scopes: { initial: ['billing:read'] } } },
        finding: { code: 'scopes_not_advertised', severity: 'info', message: /does not list billing:read\.$/ },
      },
    ],
    [
      'no exchange',
      {
        parts: { metadata: { ...HEALTHY, grant_types_supported: ['authorization_code'] }, options: exchanging },
        finding: {
          code: 'grant_type_not_advertised',
          severity: 'warning',
          subject: 'downstreams.orders',
          message: /token-exchange/,
        },
      },
    ],
    [
      'no client credentials for callers without a user',
      {
        parts: dialect(dialects.rfc8693(), { onAppOnly: 'clientCredentials' }),
        finding: {
          code: 'grant_type_not_advertised',
          severity: 'warning',
          subject: 'downstreams.orders',
          message: /client_credentials/,
        },
      },
    ],
    [
      "no grant of the downstream's dialect",
      {
        parts: dialect(dialects.clientCredentials()),
        finding: {
          code: 'grant_type_not_advertised',
          severity: 'warning',
          subject: 'downstreams.orders',
          fix: /now: clientCredentials/,
        },
      },
    ],
    [
      'another client authentication',
      {
        parts: by(clientSecretPost('another-secret-of-the-patient')),
        finding: {
          code: 'client_authentication_not_advertised',
          severity: 'warning',
          subject: 'client.authentication',
          message: /by client_secret_post.*client_secret_basic/,
        },
      },
    ],
    [
      'no certificates',
      {
        parts: by(named('tls_client_auth')),
        finding: {
          code: 'client_authentication_not_advertised',
          severity: 'warning',
          subject: 'client.authentication',
        },
      },
    ],
    [
      'no DPoP, where it is required',
      {
        parts: { options: { proof: { dpop: { required: true } } } },
        finding: { code: 'proof_not_advertised', severity: 'warning', message: /dpop_signing_alg_values_supported/ },
      },
    ],
    [
      'no certificate-bound tokens, where they are required',
      {
        parts: { options: { proof: { mutualTls: { required: true, certificate: 'socket' } } } },
        finding: { code: 'proof_not_advertised', severity: 'warning', message: /RFC 8705|certificate_bound/ },
      },
    ],
  ])('%s', async (_name, { parts, finding }) => {
    const findings = await clinic.examine(parts);
    const { code, severity, subject = clinic.issuers[0]?.issuer, message = /\S/, fix = /\S/ } = finding;
    expect(findings).toContainEqual({
      code,
      severity,
      subject,
      message: expect.stringMatching(message),
      fix: expect.stringMatching(fix),
    });
  });
});

test('lists that are none are taken for what is not said', async () => {
  const garbage = [5, 'S256', {}, [7], null];
  for (const value of garbage) {
    const findings = await clinic.examine({
      metadata: {
        code_challenge_methods_supported: value,
        grant_types_supported: value,
        token_endpoint_auth_methods_supported: value,
        scopes_supported: value,
        dpop_signing_alg_values_supported: value,
      },
      options: { ...exchanging, proof: { dpop: { required: true } } },
      tools: TOOLS,
    });
    expect(findings.map(({ severity, code }) => `${severity} ${code}`)).toEqual([
      'warning pkce_not_advertised',
      'info client_registration_not_advertised',
      'info scopes_not_advertised',
      'warning proof_not_advertised',
    ]);
  }
});

describe('nothing is found where nothing is wrong', () => {
  test.each<[string, PatientParts]>([
    [
      'certificates, as either method',
      {
        ...by(named('tls_client_auth')),
        metadata: { ...HEALTHY, token_endpoint_auth_methods_supported: ['self_signed_tls_client_auth'] },
      },
    ],
    ['an authentication of somebody else', by(() => undefined)],
    [
      'opaque tokens, and no keys',
      { metadata: { ...HEALTHY, jwks_uri: undefined }, trust: { introspection: { client: CLIENT } } },
    ],
    [
      'scopes with their prefix',
      {
        metadata: { ...HEALTHY, scopes_supported: ['app/orders:read'] },
        trust: { scopePrefix: 'app/' },
        tools: [{ name: 'x', scopes: ['orders:read'], downstreams: [] }],
      },
    ],
    [
      'a public API',
      {
        metadata: { ...HEALTHY, grant_types_supported: ['authorization_code'] },
        options: { downstreams: { open: { baseUrl: 'https://open.example', dialect: dialects.none() } } },
      },
    ],
    [
      'DPoP that is advertised',
      {
        metadata: { ...HEALTHY, dpop_signing_alg_values_supported: ['ES256'] },
        options: { proof: { dpop: { required: true } } },
      },
    ],
    [
      'a registration endpoint',
      {
        metadata: {
          ...HEALTHY,
          client_id_metadata_document_supported: undefined,
          registration_endpoint: 'https://id.example/register',
        },
      },
    ],
  ])('%s', async (_name, parts) => {
    expect(await clinic.examine(parts)).toEqual([]);
  });
});
