import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { clientSecretBasic, type IssuerOptions, type McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { bootErrorOf, bootModule } from '../support/module-boot.js';

const ISSUER = 'https://id.example.com/realms/acme';
const MANY = 'https://login.example.com/{tenantid}/v2.0';
const METADATA = 'https://login.example.com/common/v2.0/.well-known/openid-configuration';
const client = { id: 'mcp', authentication: clientSecretBasic('hunter2') };
const publicKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
const weakKey = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' });

const base = { server: { name: 'orders', version: '1.0.0' }, resource: 'https://mcp.example.com/mcp' };

const boot = (options: object) => bootModule({ ...base, ...options } as McpAuthModuleOptions);
const bootError = (options: object) => bootErrorOf({ ...base, ...options } as McpAuthModuleOptions);

describe('a good issuer boots', () => {
  test.each<[string, Partial<IssuerOptions>]>([
    ['on plain http on loopback', { issuer: 'http://127.0.0.1:8080/realms/acme' }],
    ['with tenants', { issuer: MANY, tenants: ['contoso', '72f988bf-86f1-41af-91ab-2d7cd011db47'] }],
    ['with any tenant', { issuer: MANY, acceptAnyTenant: true, metadataUrl: METADATA }],
    ['with public keys', { jwks: { keys: [publicKey] } }],
    ['with introspection and a client of its own', { introspection: { client } }],
    ['with the longest times', { clockToleranceMs: 300_000, introspection: { client, cacheMs: 300_000 } }],
    ['with the shortest times', { clockToleranceMs: 0, introspection: { client, cacheMs: 0 } }],
  ])('%s', async (_name, issuer) => {
    await expect(boot({ issuers: [{ issuer: ISSUER, ...issuer }] })).resolves.toBeUndefined();
  });

  test('with introspection and the client of the module', async () => {
    await expect(boot({ issuers: [{ issuer: ISSUER, introspection: {} }], client })).resolves.toBeUndefined();
  });
});

describe('a bad issuer option stops the boot with its name, the fault and the fix', () => {
  test.each<[string, object, string, RegExp]>([
    ['issuer missing', { issuer: undefined }, 'issuer` is missing', /string/],
    ['issuer empty', { issuer: '' }, 'issuer` is empty', /Give it a value/],
    ['issuer with a query', { issuer: `${ISSUER}?x` }, 'issuer` has a query', /Remove "\?"/],
    ['issuer with a fragment', { issuer: `${ISSUER}#x` }, 'issuer` has a fragment', /Remove "#"/],
    ['issuer with credentials', { issuer: 'https://u:p@id.example' }, 'issuer` contains credentials', /Remove/],
    [
      'issuer of another scheme',
      { issuer: 'ftp://id.example' },
      'issuer` is not an absolute URL',
      /Write the whole URL/,
    ],
    ['issuer like loopback', { issuer: 'http://127.0.0.1.id.example' }, 'issuer` is plain http', /https/],
    ['metadataUrl on plain http', { metadataUrl: 'http://id.example/m' }, 'metadataUrl` is plain http', /https/],
    ['metadataUrl relative', { metadataUrl: '/m' }, 'metadataUrl` is not an absolute URL', /Write the whole URL/],
    ['metadataUrl empty', { metadataUrl: '' }, 'metadataUrl` is empty', /Give it a value/],
    ['tenants empty', { issuer: MANY, tenants: [] }, 'tenants` is empty', /Name the tenants/],
    ['tenants missing', { issuer: MANY }, 'tenants` is missing', /Name the tenants/],
    ['tenants without a place', { tenants: ['a'] }, 'tenants` is set, but `issuer` has no "{tenantid}"', /Put it/],
    ['tenant that is a domain', { issuer: MANY, tenants: ['a.example'] }, 'tenants[0]` is not a tenant id', /Write/],
    ['tenant with a slash', { issuer: MANY, tenants: ['../a'] }, 'tenants[0]` is not a tenant id', /Write/],
    ...['common', 'organizations', 'consumers'].map((tenant): [string, object, string, RegExp] => [
      `tenant "${tenant}"`,
      { issuer: MANY, tenants: [tenant] },
      'tenants[0]` stands for many tenants',
      /acceptAnyTenant/,
    ]),
    [
      'acceptAnyTenant without a place',
      { acceptAnyTenant: true, metadataUrl: METADATA },
      'acceptAnyTenant` is set, but `issuer` has no "{tenantid}"',
      /Put it/,
    ],
    [
      'acceptAnyTenant without metadataUrl',
      { issuer: MANY, acceptAnyTenant: true },
      'metadataUrl` is missing',
      /address/,
    ],
    [
      'acceptAnyTenant beside tenants',
      { issuer: MANY, acceptAnyTenant: true, tenants: ['a'], metadataUrl: METADATA },
      'acceptAnyTenant` is set, but so is `tenants`',
      /Remove one/,
    ],
    ['audiences empty', { audiences: [] }, 'audiences` is empty', /remove it/],
    ['an audience that is empty', { audiences: [''] }, 'audiences[0]` is empty', /Give it a value/],
    ['algorithms empty', { algorithms: [] }, 'algorithms` is empty', /remove it/],
    ...['HS256', 'none', 'RS1', 'es256'].map((algorithm): [string, object, string, RegExp] => [
      `algorithm ${algorithm}`,
      { algorithms: ['ES256', algorithm] },
      'algorithms[1]` has to be "RS256"',
      /Change or remove/,
    ]),
    ['types empty', { types: [] }, 'types` is empty', /remove it/],
    ['acceptMissingType as text', { acceptMissingType: 'yes' }, 'acceptMissingType` is of the wrong type', /boolean/],
    ['acceptNonce as text', { acceptNonce: 'yes' }, 'acceptNonce` is of the wrong type', /boolean/],
    [
      'tokenIssuer without the tenant',
      { issuer: 'https://id.example/{tenantid}', tenants: ['a'], tokenIssuer: 'urn:acme' },
      'tokenIssuer` and `issuer` have to have "{tenantid}" in them',
      /tenant/,
    ],
    ['metadataIssuer as a word', { metadataIssuer: 'acme' }, 'metadataIssuer` is not a URL', /./],
    ['advertisedIssuer on plain http', { advertisedIssuer: 'http://id.example' }, 'advertisedIssuer`', /https/],
    ['requiredValues empty', { requiredValues: {} }, 'requiredValues` names no claim', /remove it/],
    [
      'requiredValues without a value',
      { requiredValues: { org: [] } },
      'requiredValues.org` is empty',
      /accepted values/,
    ],
    ...[
      {},
      { requiredValues: { token_use: 'access' } },
      { requiredValues: { typ: 'Bearer', token_type: 'Bearer' } },
    ].map((rest, index): [string, object, string, RegExp] => [
      `acceptMissingAudience where nothing says for whom a token is, ${index}`,
      { acceptMissingAudience: true, ...rest },
      'acceptMissingAudience` is set, so tokens that the issuer means for others would be accepted',
      /`clients`/,
    ]),
    [
      'acceptNonce where nothing is left to tell ID tokens by',
      { acceptNonce: true, acceptMissingType: true },
      'acceptNonce` is set, and so is `acceptMissingType`',
      /requiredClaims/,
    ],
    [
      'clockToleranceMs below',
      { clockToleranceMs: -1 },
      'clockToleranceMs` is not between 0 and 300000 milliseconds',
      /Choose/,
    ],
    [
      'clockToleranceMs above',
      { clockToleranceMs: 300_001 },
      'clockToleranceMs` is not between 0 and 300000 milliseconds',
      /Choose/,
    ],
    ['clockToleranceMs no number', { clockToleranceMs: NaN }, 'clockToleranceMs` is not between', /Choose/],
    ['a scope source that is empty', { claims: { scopes: [''] } }, 'claims.scopes[0]` is neither', /Write the claim/],
    ['a client source of a number', { claims: { clientId: [7] } }, 'claims.clientId[0]` is neither', /Write/],
    ['appOnly as a value', { claims: { appOnly: true } }, 'claims.appOnly` is not a function', /Give one/],
    ['claims of another name', { claims: { scope: ['scp'] } }, 'claims.scope` is not an option', /spelling/],
    ['clients empty', { clients: [] }, 'clients` is empty', /Name the clients/],
    ['jwks without keys', { jwks: { keys: [] } }, 'jwks` has no keys', /Give a JWK set/],
    ['jwks of another shape', { jwks: [publicKey] }, 'jwks` has no keys', /Give a JWK set/],
    ['a private key', { jwks: { keys: [{ ...publicKey, d: 'hunter2' }] } }, 'jwks` holds private', /public keys only/],
    ['a symmetric key', { jwks: { keys: [{ kty: 'oct', k: 'hunter2' }] } }, 'jwks` holds private', /public keys only/],
    ['introspection without a client', { introspection: {} }, 'introspection.client` is missing', /Add `\{ id/],
    [
      'introspection with many tenants',
      { issuer: MANY, tenants: ['a'], introspection: { client } },
      'introspection` cannot be used with many tenants',
      /Remove/,
    ],
    [
      'introspection with a secret for a client',
      { introspection: { client: { id: 'mcp', authentication: 'hunter2' } } },
      'introspection.client.authentication` is not a client authentication',
      /clientSecretBasic/,
    ],
    [
      'introspection on plain http',
      { introspection: { client, endpoint: 'http://id.example/introspect' } },
      'introspection.endpoint` is plain http',
      /https/,
    ],
    [
      'old introspection answers believed for too long',
      { introspection: { client, acceptStaleAnswersMs: 600_001 } },
      'introspection.acceptStaleAnswersMs` is not between 0 and 600000',
      /Choose/,
    ],
    [
      'introspection cached for too long',
      { introspection: { client, cacheMs: 300_001 } },
      'introspection.cacheMs` is not between 0 and 300000',
      /Choose/,
    ],
    [
      'tokens that remember',
      { introspection: { client, tokens: /^a/g } },
      'introspection.tokens` is not a RegExp',
      /g and y/,
    ],
    ['tokens as text', { introspection: { client, tokens: '^a' } }, 'introspection.tokens` is not a RegExp', /g and y/],
    [
      'answers signed with an HMAC',
      { introspection: { client, signedResponse: 'HS256' } },
      'introspection.signedResponse` has to be "RS256"',
      /Change or remove/,
    ],
  ])('%s', async (_name, change, fault, fix) => {
    const { message, problems } = await bootError({ issuers: [{ issuer: ISSUER, ...change }] });
    expect(problems.find((problem) => problem.startsWith(`\`issuers[0].${fault}`))).toMatch(fix);
    expect(message).not.toContain('hunter2');
  });

  test.each<[string, object]>([
    ['that are none', { keys: [{ ...publicKey, x: 'x' }] }],
    ['that are for encryption', { keys: [{ ...publicKey, use: 'enc' }] }],
    ['that are for another algorithm', { keys: [{ ...publicKey, alg: 'ECDH-ES' }] }],
    ['that are weak', { keys: [weakKey] }],
    ['of a type that is not accepted', { algorithms: ['RS256'], keys: [publicKey] }],
    ['of another tenant', { tenants: true, keys: [{ ...publicKey, issuer: 'https://login.example.com/b/v2.0' }] }],
  ])(
    'keys %s',
    async (_name, { keys, tenants, algorithms }: { keys?: unknown; tenants?: true; algorithms?: string[] }) => {
      const issuer = { jwks: { keys }, ...(algorithms && { algorithms }) };
      const { problems } = await bootError({
        issuers: [tenants ? { ...issuer, issuer: MANY, tenants: ['a'] } : { ...issuer, issuer: ISSUER }],
      });
      expect(problems).toEqual([
        expect.stringMatching(/^`jwks` of the issuer https:\S+ has no key .*Give public keys/),
      ]);
    },
  );

  test('a tenant twice', async () => {
    const { message } = await bootError({ issuers: [{ issuer: MANY, tenants: ['a', 'a'] }] });
    expect(message).toContain('`issuers` names an issuer twice. Remove one');
  });

  test('an issuer that is also the tenant of another', async () => {
    const issuers = [{ issuer: MANY, tenants: ['a'] }, { issuer: MANY.replace('{tenantid}', 'a') }];
    expect((await bootError({ issuers })).message).toContain('`issuers` names an issuer twice');
  });

  test('introspection with the client of the module, which another issuer knows', async () => {
    const issuers = [{ issuer: ISSUER, introspection: {} }, { issuer: 'https://other.example' }];
    const { message } = await bootError({ issuers, client: { ...client, issuer: 'https://other.example' } });
    expect(message).toContain('`issuers[0].introspection.client` is missing');
  });

  test('introspection at several issuers without saying whose each token is', async () => {
    const issuers = [
      { issuer: ISSUER, introspection: { client, tokens: /^a/ } },
      { issuer: 'https://other.example', introspection: { client } },
    ];
    const { problems } = await bootError({ issuers });
    expect(problems).toEqual([
      expect.stringMatching(/^`issuers\[1\]\.introspection\.tokens` is missing.*Give a RegExp/),
    ]);
  });
});
