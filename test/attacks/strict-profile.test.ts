import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  clientAssertion,
  clientSecretBasic,
  errors,
  privateKeyJwt,
  type McpAuthModuleOptions,
  type ReplayStore,
} from 'nestjs-mcp-auth';
import { resolveOptions } from '../../lib/configuration/resolve-options.js';
import { diagnose } from '../../lib/doctor/diagnosis.js';
import { proofOf } from '../proof/bound-client.js';
import { CertificateClient } from '../proof/certificate-client.js';
import { CountedTool } from '../proof/counted-tool.js';
import { ProofClient } from '../proof/proof-client.js';
import { send } from '../proof/send.js';
import { optionsFor } from '../support/module-options.js';
import { toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import type { TestKey } from '../../lib/testing/test-key.js';
import { ecKey } from './forge.js';

type Members = Record<string, unknown>;

/** Algorithms that the issuer signs with, and the profile refuses or accepts. */
const WEAK = ['RS256', 'RS512', 'PS512', 'ES384'];
const STRONG = ['PS256', 'ES256', 'EdDSA'];

const NOW = Math.floor(Date.now() / 1000);

/** What replicas would share. */
function replayStore(): ReplayStore {
  const used = new Set<string>();
  return { claim: (key) => used.size < used.add(key).size };
}

/** Nothing but one member is wrong with each. */
const TOKENS: readonly (readonly [name: string, claims: Members, header?: Members])[] = [
  ['of the type JWT', {}, { typ: 'JWT' }],
  ['without a type', {}, { typ: undefined }],
  ['of the type of another token', {}, { typ: 'it+jwt' }],
  ['without client_id', { client_id: undefined, azp: 'test-client' }],
  ['with client_id null', { client_id: null }],
  ['with an empty client_id', { client_id: '' }],
  ['with client_id a number', { client_id: 7 }],
  ['without iat', { iat: undefined }],
  ['with iat null', { iat: null }],
  ['with iat in text', { iat: String(NOW) }],
  ['of ten minutes from now', { iat: NOW + 600 }],
  ['without jti', { jti: undefined }],
  ['with jti null', { jti: null }],
  ['with an empty jti', { jti: '' }],
  ['with jti a number', { jti: 7 }],
  ['with jti a list', { jti: ['x'] }],
  ['without a binding', { cnf: undefined }],
  ['with an empty binding', { cnf: {} }],
];

describe.each(['express', 'fastify'] as const)('the strict profile, on %s,', (platform) => {
  let server: ProtectedServer;
  let client: ProofClient;
  const keys = new Map<string, TestKey>();
  const certificate = new CertificateClient();

  beforeAll(async () => {
    client = await ProofClient.start();
    server = await startProtectedServer({
      platform,
      providers: [CountedTool],
      options: {
        profile: 'strict',
        proof: {
          dpop: { replayStore: replayStore() },
          mutualTls: { certificate: { header: 'client-cert', proxies: ['127.0.0.1', '::1', '::ffff:127.0.0.1'] } },
        },
      },
    });
  });
  beforeAll(async () => {
    for (const alg of [...WEAK, ...STRONG]) keys.set(alg, await server.issuer.addKey(alg));
  });
  afterAll(() => server.close());
  beforeEach(() => {
    CountedTool.ran = 0;
  });

  const issue = async (claims: Members = {}, header: Members = {}, key = server.issuer.keys[0]) =>
    await server.issuer.token(
      { aud: server.resource, scope: 'orders:read', cnf: client.confirmation, ...claims },
      header,
      key,
    );

  async function call(headers: Record<string, string>): Promise<number> {
    return (await send(server.resource, { body: toolCall('find'), headers })).status;
  }

  async function callWithProof(token: string, proof?: string): Promise<number> {
    const made = proof ?? (await proofOf({ client, token, resource: server.resource }));
    return await call({ authorization: `DPoP ${token}`, dpop: made });
  }

  const withCertificate = { 'client-cert': `:${certificate.base64}:` };

  test('a token by RFC 9068 that is bound to a key, or to a certificate, is accepted', async () => {
    expect(await callWithProof(await issue())).toBe(200);
    expect(await callWithProof(await issue({}, { typ: 'application/AT+JWT' }))).toBe(200);
    const bound = await issue({ cnf: certificate.confirmation });
    expect(await call({ authorization: `Bearer ${bound}`, ...withCertificate })).toBe(200);
    expect(CountedTool.ran).toBe(3);
  });

  describe('a token is refused', () => {
    test.each(TOKENS)('%s', async (_name, claims, header = {}) => {
      const token = await issue(claims, header);
      expect(await callWithProof(token)).toBe(401);
      const bound = await issue({ ...('cnf' in claims ? {} : { cnf: certificate.confirmation }), ...claims }, header);
      expect(await call({ authorization: `Bearer ${bound}`, ...withCertificate })).toBe(401);
      expect(CountedTool.ran).toBe(0);
    });

    test.each(WEAK)('signed with %s', async (alg) => {
      expect(await callWithProof(await issue({}, {}, keys.get(alg)))).toBe(401);
    });

    test('signed by nobody', async () => {
      const { privateKey, kid } = ecKey();
      const key = { alg: 'ES256', kid, privateKey, publicJwk: {} };
      expect(await callWithProof(await issue({}, {}, key as never))).toBe(401);
    });
  });

  test.each(STRONG)('a token signed with %s is accepted', async (alg) => {
    expect(await callWithProof(await issue({}, {}, keys.get(alg)))).toBe(200);
  });

  describe('a proof is refused', () => {
    test.each<[string, Members]>([
      ['of two minutes ago', { iat: NOW - 120 }],
      ['of two minutes from now', { iat: NOW + 120 }],
    ])('%s', async (_name, claims) => {
      const token = await issue();
      const proof = await proofOf({ client, token, resource: server.resource }, claims);
      expect([await callWithProof(token, proof), CountedTool.ran]).toEqual([401, 0]);
    });

    test('that was used before', async () => {
      const token = await issue();
      const proof = await proofOf({ client, token, resource: server.resource });
      expect([await callWithProof(token, proof), await callWithProof(token, proof)]).toEqual([200, 401]);
    });

    test.each(['RS256', 'ES384', 'PS512'])('signed with %s', async (alg) => {
      const other = await ProofClient.start(alg);
      const token = await issue({ cnf: other.confirmation });
      const proof = await proofOf({ client: other, token, resource: server.resource });
      expect([await callWithProof(token, proof), CountedTool.ran]).toEqual([401, 0]);
    });
  });

  test('its metadata asks for bound tokens where DPoP is the only way', async () => {
    const only = await startProtectedServer({
      platform,
      providers: [CountedTool],
      options: { profile: 'strict', proof: { dpop: { replayStore: replayStore() } } },
    });
    const document = await (await fetch(`${only.origin}/.well-known/oauth-protected-resource/mcp`)).json();
    await only.close();
    expect(document).toMatchObject({
      dpop_bound_access_tokens_required: true,
      dpop_signing_alg_values_supported: ['PS256', 'ES256', 'EdDSA', 'Ed25519'],
    });
  });
});

const ISSUER = 'https://id.example';
const SECRET = { id: 'mcp', authentication: clientSecretBasic('secret') };
const unnamed = { id: 'mcp', authentication: () => undefined };

function strict(options: Partial<McpAuthModuleOptions> = {}): McpAuthModuleOptions {
  const proof = { dpop: { replayStore: replayStore() } };
  return optionsFor('https://mcp.example', ISSUER, { profile: 'strict', proof, ...options });
}

describe('what contradicts the strict profile stops the boot, and says what to do', () => {
  const ofIssuer = (issuer: object) => ({ issuers: [{ issuer: ISSUER, ...issuer }] });
  const ofDpop = (dpop: object) => ({ proof: { dpop: { replayStore: replayStore(), ...dpop } } });
  const introspection = { client: { id: 'mcp', authentication: privateKeyJwt({ key: key() }) } };

  test.each<[option: string, options: object]>([
    ['proof', { proof: undefined }],
    ['proof', { proof: {} }],
    ['proof.required', { proof: { ...ofDpop({}).proof, required: false } }],
    ['proof.dpop.required', ofDpop({ required: false })],
    ['proof.mutualTls.required', { proof: { mutualTls: { certificate: 'socket', required: false } } }],
    ['proof.dpop.replayStore', { proof: { dpop: {} } }],
    ['proof.dpop.algorithms', ofDpop({ algorithms: ['ES256', 'RS256'] })],
    ['proof.dpop.proofLifetimeMs', ofDpop({ proofLifetimeMs: 61_000 })],
    ['issuers[0].types', ofIssuer({ types: ['at+jwt', 'JWT'] })],
    ['issuers[0].acceptMissingType', ofIssuer({ acceptMissingType: true })],
    ['issuers[0].acceptMissingAudience', ofIssuer({ acceptMissingAudience: true, clients: ['app'] })],
    ['issuers[0].acceptMissingSubject', ofIssuer({ acceptMissingSubject: true })],
    ['issuers[0].claims.subject', ofIssuer({ claims: { subject: 'upn' } })],
    ['issuers[0].acceptNonce', ofIssuer({ acceptNonce: true })],
    ['issuers[0].acceptOwnTokens', ofIssuer({ acceptOwnTokens: true })],
    [
      'issuers[0].acceptAnyTenant',
      ofIssuer({ issuer: `${ISSUER}/{tenantid}`, acceptAnyTenant: true, metadataUrl: ISSUER }),
    ],
    ['issuers[0].algorithms', ofIssuer({ algorithms: ['RS256'] })],
    ['issuers[0].clockToleranceMs', ofIssuer({ clockToleranceMs: 60_001 })],
    [
      'issuers[0].introspection.acceptMissingAudience',
      ofIssuer({ introspection: { ...introspection, acceptMissingAudience: true } }),
    ],
    [
      'issuers[0].introspection.acceptStaleAnswersMs',
      ofIssuer({ introspection: { ...introspection, acceptStaleAnswersMs: 1 } }),
    ],
    [
      'issuers[0].introspection.subjectClaim',
      ofIssuer({ introspection: { ...introspection, subjectClaim: 'username' } }),
    ],
    [
      'issuers[0].introspection.signedResponse',
      ofIssuer({ introspection: { ...introspection, signedResponse: 'RS256' } }),
    ],
    ['issuers[0].introspection.client.authentication', ofIssuer({ introspection: { client: SECRET } })],
    ['client.authentication', { client: SECRET }],
    ['client.authentication', { client: unnamed }],
    ['client.authentication', { client: { id: 'mcp', authentication: privateKeyJwt({ key: rsaKey() }) } }],
    ['client.authentication', { client: { id: 'mcp', authentication: privateKeyJwt({ key: () => key() }) } }],
    ['client[0].authentication', { client: [{ ...SECRET, issuer: ISSUER }] }],
    ['linking.client.authentication', { linking: { client: SECRET } }],
    ['calls.allowRequestStateReplay', { calls: { allowRequestStateReplay: true } }],
    ['access.anonymous', { access: { anonymous: true }, issuers: undefined }],
  ])('%s', (option, options) => {
    const boot = () => resolveOptions(strict(options));
    expect(boot).toThrow(errors.McpAuthConfigurationError);
    expect(boot).toThrow(new RegExp(`\`${option.replace(/[.[\]]/g, '\\$&')}\` .*(?:Remove|Add|Give|Choose|Use) `));
    if (option !== 'access.anonymous') {
      const { profile: _profile, ...lax } = strict(options);
      expect(() => resolveOptions(lax)).not.toThrow(new RegExp(`\`${option.replace(/[.[\]]/g, '\\$&')}\` `));
    }
  });

  test('another profile is none', () => {
    expect(() => resolveOptions(strict({ profile: 'lax' as never }))).toThrow('`profile` has to be "strict"');
  });

  test('what is not said is as the profile has it', () => {
    const { issuers, dpop, mutualTls } = resolveOptions(strict());
    const algorithms = ['PS256', 'ES256', 'EdDSA', 'Ed25519'];
    expect(issuers[0]).toMatchObject({ algorithms, types: new Set(['at+jwt']), clockToleranceSeconds: 10 });
    expect(dpop).toMatchObject({ algorithms, required: true });
    expect(mutualTls).toBeUndefined();
  });

  test('what is stricter is kept', () => {
    const [issuer] = resolveOptions(
      strict(ofIssuer({ algorithms: ['ES256'], clockToleranceMs: 0, requiredClaims: ['auth_time'] })),
    ).issuers;
    expect(issuer).toMatchObject({ algorithms: ['ES256'], clockToleranceSeconds: 0 });
    expect(issuer?.requiredClaims).toEqual(['client_id', 'iat', 'jti', 'auth_time']);
  });

  test('a server that authenticates with its key, and one with certificates alone, boot', () => {
    const client = { id: 'mcp', authentication: privateKeyJwt({ key: key() }) };
    expect(resolveOptions(strict({ client })).profile).toBe('strict');
    for (const signed of [
      privateKeyJwt({ key: rsaKey(), algorithm: 'PS256' }),
      privateKeyJwt({ key: () => key(), algorithm: 'ES256' }),
      clientAssertion(() => 'of the platform'),
    ])
      expect(resolveOptions(strict({ client: { id: 'mcp', authentication: signed } })).profile).toBe('strict');
    const { mutualTls } = resolveOptions(strict({ proof: { mutualTls: { certificate: 'socket' } } }));
    expect(mutualTls?.required).toBe(true);
  });
});

test('the doctor says what the profile demands', async () => {
  const findings = await diagnose({ options: resolveOptions(strict()), issuers: [], tools: [] });
  expect(findings).toContainEqual(
    expect.objectContaining({
      code: 'strict_profile',
      severity: 'info',
      message: expect.stringMatching(/at\+jwt.*PS256, ES256, EdDSA, Ed25519.*client_id, iat, jti.*DPoP/),
    }),
  );
});

function rsaKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
}

function key(): string {
  return ecKey().privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
}
