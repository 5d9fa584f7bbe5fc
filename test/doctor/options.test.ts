import { afterEach, describe, expect, test } from '@jest/globals';
import { dialects, type McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { CLIENT, Clinic, ORDERS, type PatientParts } from './examined.js';

const clinic = new Clinic();
afterEach(() => clinic.close());

const KEYCLOAK = { ...ORDERS, dialect: dialects.keycloak() };

/** What is found of the options alone, besides what is of the issuer. */
async function found(parts: PatientParts): Promise<string[]> {
  const findings = await clinic.examine(parts);
  const issuers = clinic.issuers.map(({ issuer }) => issuer);
  return findings
    .filter(({ subject }) => !issuers.includes(subject))
    .map(({ severity, code, subject }) => `${severity} ${code} ${subject}`);
}

const keycloak = (rest: Partial<McpAuthModuleOptions>): PatientParts => ({
  options: { client: CLIENT, downstreams: { orders: KEYCLOAK, billing: ORDERS }, ...rest },
});

describe('what does not go together is found', () => {
  test.each<[string, PatientParts, string]>([
    [
      'audiences without the resource',
      { trust: { audiences: ['orders-mcp'] } },
      'info audience_is_not_resource issuers.audiences',
    ],
    [
      'scopes of another application in Entra ID',
      { trust: { scopePrefix: 'api://0000/' } },
      'warning entra_resource_mismatch issuers.scopePrefix',
    ],
    ...(
      [
        ['acceptMissingType', { acceptMissingType: true }],
        ['acceptMissingAudience', { acceptMissingAudience: true, clients: ['app'] }],
        ['acceptMissingSubject', { acceptMissingSubject: true }],
        ['claims.subject', { claims: { subject: 'upn' } }],
        ['acceptNonce', { acceptNonce: true }],
        ['acceptOwnTokens', { acceptOwnTokens: true }],
        ['introspection.acceptMissingAudience', { introspection: { client: CLIENT, acceptMissingAudience: true } }],
        ['introspection.acceptStaleAnswersMs', { introspection: { client: CLIENT, acceptStaleAnswersMs: 1 } }],
      ] as const
    ).map(([option, trust]): [string, PatientParts, string] => [
      `what ${option} gives up`,
      { trust },
      `info check_relaxed issuers.${option}`,
    ]),
    [
      'issuers that are found at run time',
      { options: { issuerResolver: { pattern: 'https://id.example/*', resolve: () => undefined } } },
      'info check_relaxed issuerResolver',
    ],
    [
      'a resource at the root, whose slash Entra ID does not take',
      { options: { resource: 'https://mcp.example' }, trust: { scopePrefix: 'api://0000/' } },
      'warning entra_resource_mismatch resource',
    ],
    [
      'DPoP, and a provider that exchanges no bound tokens',
      keycloak({ proof: { dpop: { required: true } } }),
      'error bound_tokens_not_exchangeable downstreams.orders',
    ],
    [
      'certificates, and a provider that exchanges no bound tokens',
      keycloak({ proof: { mutualTls: { required: true, certificate: 'socket' } } }),
      'error bound_tokens_not_exchangeable downstreams.orders',
    ],
    [
      'DPoP for some, and a provider that exchanges no bound tokens',
      keycloak({ proof: { dpop: {} } }),
      'info bound_tokens_not_exchangeable downstreams.orders',
    ],
    ['nothing to offer', { tools: [] }, 'warning nothing_offered https://mcp.example/mcp'],
    [
      'a downstream that no tool declares',
      { ...keycloak({}), tools: [{ name: 'x', scopes: [], downstreams: ['orders'] }] },
      'warning downstream_unused downstreams.billing',
    ],
    [
      'a downstream that is not declared',
      { ...keycloak({}), tools: [{ name: 'x', scopes: [], downstreams: ['orders', 'billing', 'stock'] }] },
      'error downstream_not_declared @McpTool x',
    ],
  ])('%s', async (_name, parts, finding) => {
    expect(await found(parts)).toEqual([finding]);
  });

  test('a tool without scopes, for Entra ID alone', async () => {
    const tools = [
      { name: 'x', scopes: [], downstreams: [] },
      { name: 'y', scopes: ['orders:read'], downstreams: [] },
    ];
    const finding = 'warning entra_scopes_missing @McpTool x';
    expect(await found({ trust: { scopePrefix: 'api://0000/' }, tools })).toContain(finding);
    expect(await found({ tools })).not.toContain(finding);
  });

  test.each([
    ['is for everyone', { anonymous: true }],
    ['computes them', { computesScopes: true }],
  ])('not a tool without scopes that %s', async (_name, rest) => {
    const tools = [{ name: 'x', scopes: [], downstreams: [], ...rest }];
    const codes = await found({ trust: { scopePrefix: 'api://0000/' }, tools });
    expect(codes.join()).not.toContain('entra_scopes_missing');
  });

  test.each<[string, Partial<McpAuthModuleOptions>, string | undefined]>([
    ['those of tools that write', {}, 'Clients start with orders:read, and get orders:write by stepping up'],
    [
      'all of them, where lists hide tools',
      { lists: { show: 'permitted' } },
      'Clients start with no scopes, and get orders:read, orders:write by stepping up',
    ],
    [
      'those that `scopes.initial` leaves out',
      { scopes: { initial: ['orders:write'] } },
      'Clients start with orders:write, and get orders:read by stepping up',
    ],
    ['none, where `scopes.initial` has them all', { scopes: { initial: ['orders:write', 'orders:read'] } }, undefined],
  ])('the scopes that clients get by stepping up alone: %s', async (_what, options, message) => {
    const tools = [
      { name: 'find', scopes: ['orders:read'], readOnly: true, downstreams: [] },
      { name: 'cancel', scopes: ['orders:write'], downstreams: [] },
    ];
    const findings = (await clinic.examine({ options, tools })).filter(({ code }) => code === 'step_up_needed');
    expect(findings.map(({ severity, message: text }) => [severity, text.split(' (')[0]])).toEqual(
      message === undefined ? [] : [['info', message]],
    );
  });

  test('an issuer at which there is no client', async () => {
    const other = 'http://127.0.0.1:1';
    const downstreams = { orders: ORDERS };
    const findings = await clinic.examine({
      options: {
        issuers: [{ issuer: other }, { issuer: 'http://127.0.0.1:2' }],
        client: { ...CLIENT, issuer: other },
        downstreams,
      },
    });
    expect(findings).toContainEqual(
      expect.objectContaining({
        code: 'issuer_without_client',
        severity: 'warning',
        message: expect.stringContaining('http://127.0.0.1:2'),
        fix: expect.stringContaining('`issuer: "http://127.0.0.1:2"`'),
      }),
    );
  });
});

describe('nothing is found', () => {
  test.each<[string, PatientParts]>([
    [
      'for bound tokens where they are exchanged',
      { options: { client: CLIENT, downstreams: { orders: ORDERS }, proof: { dpop: { required: true } } } },
    ],
    ['for tools that nobody knows', keycloak({})],
    ['for the resource among other audiences', { trust: { audiences: ['orders-mcp', 'https://mcp.example/mcp'] } }],
    [
      'for a resource at the root',
      { options: { resource: 'https://mcp.example' }, trust: { audiences: ['https://mcp.example/'] } },
    ],
    [
      'for an application in Entra ID that is named after the resource',
      { trust: { scopePrefix: 'https://mcp.example/mcp/' } },
    ],
  ])('%s', async (_name, parts) => {
    expect(await found(parts)).toEqual([]);
  });
});
