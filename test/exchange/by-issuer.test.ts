import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  clientSecretBasic,
  dialects,
  McpAuthHealthIndicator,
  McpAuthModule,
  type DownstreamOptions,
  type McpAuthModuleOptions,
} from 'nestjs-mcp-auth';
import { diagnose } from '../../lib/doctor/diagnosis.js';
import { Issuer } from '../../lib/resource-server/issuers/issuer.js';
import { resolveOptions } from '../../lib/configuration/resolve-options.js';
import { callTool, post, textOf, toolCall } from '../support/mcp-request.js';
import { optionsFor } from '../support/module-options.js';
import { OrderTools } from '../support/order-tools.js';
import { TestApi } from '../support/test-api.js';
import { startApplication, type Platform, type TestApplication } from '../support/test-application.js';
import { sendJson, TestIssuer } from '../support/test-issuer.js';

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const CREDENTIALS = 'client_credentials';

let keycloak: TestIssuer;
let entra: TestIssuer;
let api: TestApi;
let server: TestApplication | undefined;

beforeEach(async () => {
  [keycloak, entra, api] = await Promise.all([
    TestIssuer.start('/realms/acme'),
    TestIssuer.start('/tenant/v2.0'),
    TestApi.start(),
  ]);
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  await Promise.all([keycloak.close(), entra.close(), api.close()]);
});

function clientAt({ issuer }: { readonly issuer: string }, id: string) {
  return { id, issuer, authentication: clientSecretBasic(`${id}-secret`) };
}

const ofKeycloak = { audience: 'orders-api', scopes: ['orders.view'], dialect: dialects.keycloak() };
const ofEntra = { scopes: ['api://orders/.default'], dialect: dialects.entraOnBehalfOf() };

function options(origin: string, orders: Partial<DownstreamOptions>): McpAuthModuleOptions {
  return optionsFor(origin, '', {
    issuers: [{ issuer: keycloak.issuer }, { issuer: entra.issuer }],
    client: [clientAt(keycloak, 'mcp-at-keycloak'), clientAt(entra, 'mcp-at-entra')],
    downstreams: { orders: { baseUrl: api.origin, ...orders } },
  });
}

async function start(orders: Partial<DownstreamOptions>, platform: Platform = 'express') {
  server = await startApplication({
    platform,
    imports: (origin) => [McpAuthModule.forRoot(options(origin, orders))],
    providers: [OrderTools],
  });
  return server;
}

const resource = () => `${server?.origin}/mcp`;

async function order(token: string): Promise<unknown> {
  return JSON.parse(textOf(await callTool(resource(), token, 'order')));
}

describe.each<[Platform, string, () => Partial<DownstreamOptions>]>([
  ['express', 'each by issuer', () => ({ byIssuer: { [keycloak.issuer]: ofKeycloak, [entra.issuer]: ofEntra } })],
  ['fastify', 'one by issuer, the rest for others', () => ({ ...ofKeycloak, byIssuer: { [entra.issuer]: ofEntra } })],
])('on %s, %s', (platform, _name, orders) => {
  beforeEach(async () => {
    await start(orders(), platform);
  });

  test("each caller's token is exchanged in the form of its issuer, and there", async () => {
    const [alice, bob] = [
      await keycloak.token({ aud: resource(), sub: 'alice' }),
      await entra.token({ aud: resource(), sub: 'bob' }),
    ];
    expect(await order(alice)).toMatchObject({ subject: 'alice', audience: 'orders-api' });
    expect(await order(bob)).toMatchObject({ subject: 'bob' });
    expect(api.requests.map(({ claims }) => claims?.iss)).toEqual([keycloak.issuer, entra.issuer]);
    expect(keycloak.exchanges).toEqual([
      expect.objectContaining({
        grant_type: EXCHANGE,
        subject_token: alice,
        audience: 'orders-api',
        scope: 'orders.view',
      }),
    ]);
    expect(entra.exchanges).toEqual([
      {
        grant_type: JWT_BEARER,
        assertion: bob,
        requested_token_use: 'on_behalf_of',
        scope: 'api://orders/.default',
      },
    ]);
    expect([keycloak, entra].map((one) => one.exchangeRequests.map(({ client }) => client.id))).toEqual([
      ['mcp-at-keycloak'],
      ['mcp-at-entra'],
    ]);
  });

  test('users of one name at both issuers never share a token', async () => {
    const tokens = [await keycloak.token({ aud: resource() }), await entra.token({ aud: resource() })];
    for (const token of [...tokens, ...tokens]) await order(token);
    expect(api.requests.map(({ claims }) => claims?.iss)).toEqual([
      keycloak.issuer,
      entra.issuer,
      keycloak.issuer,
      entra.issuer,
    ]);
    expect([keycloak.exchanges.length, entra.exchanges.length]).toEqual([1, 1]);
  });

  test('what the operator has to mend at one issuer is told, whatever goes well at the other', async () => {
    entra.answers.set('/token', (_request, response) => {
      sendJson(response, 400, { error: 'unauthorized_client' });
    });
    await post(resource(), toolCall('order'), { token: await entra.token({ aud: resource() }) });
    await order(await keycloak.token({ aud: resource() }));
    const { 'mcp-auth': health } = await (server as TestApplication).app.get(McpAuthHealthIndicator).check();
    expect(health.downstreams?.orders).toMatchObject({ status: 'down' });
  });
});

test('what callers without a user get, and which scopes stand for those of the API, are by issuer too', async () => {
  await start({
    byIssuer: {
      [keycloak.issuer]: { ...ofKeycloak, scopeMap: { 'orders.view': ['orders:read'] } },
      [entra.issuer]: { ...ofEntra, onAppOnly: 'clientCredentials' },
    },
  });
  const agent = { aud: resource(), sub: 'agent', client_id: 'agent' };
  await order(await entra.token(agent));
  expect(entra.exchanges).toEqual([{ grant_type: CREDENTIALS, scope: 'api://orders/.default' }]);
  const refused = await post(resource(), toolCall('order'), { token: await keycloak.token(agent) });
  expect(await refused.text()).toContain('"isError":true');
  expect(keycloak.exchanges).toEqual([]);
  const challenge = async (issuer: TestIssuer) => {
    const token = await issuer.token({ aud: resource() });
    api.answers.set('/orders', (_request, response) => {
      const header = 'Bearer error="insufficient_scope", scope="orders.view"';
      sendJson(response.setHeader('www-authenticate', header), 403, {});
    });
    return (await post(resource(), toolCall('order'), { token })).headers.get('www-authenticate') ?? '';
  };
  keycloak.answers.set('/token', (_request, response) => {
    sendJson(response, 400, { error: 'invalid_scope' });
  });
  expect(await challenge(keycloak)).toContain('scope="orders:read"');
  expect(await challenge(entra)).not.toContain('orders:read');
});

test('what an entry does not say is not taken over from the downstream', async () => {
  await start({
    audience: 'orders-api',
    scopes: ['orders.view'],
    parameters: { region: 'eu' },
    byIssuer: { [entra.issuer]: { resource: 'urn:orders' } },
  });
  await order(await entra.token({ aud: resource() }));
  expect(entra.exchanges).toEqual([expect.objectContaining({ grant_type: EXCHANGE, resource: 'urn:orders' })]);
  expect(Object.keys(entra.exchanges[0] ?? {})).not.toEqual(
    expect.arrayContaining([expect.stringMatching(/^(audience|scope|region)$/)]),
  );
});

test('the doctor looks at each issuer for what its callers need, and names where that stands', async () => {
  for (const [issuer, grants] of [
    [keycloak, [EXCHANGE]],
    [entra, [EXCHANGE]],
  ] as const) {
    const suffix = issuer.issuer.slice(issuer.origin.length);
    issuer.answers.set(`/.well-known/oauth-authorization-server${suffix}`, (_request, response) => {
      sendJson(response, 200, { ...issuer.metadata(), grant_types_supported: ['authorization_code', ...grants] });
    });
  }
  const byIssuer = { [keycloak.issuer]: ofKeycloak, [entra.issuer]: ofEntra };
  const proof = { dpop: {} };
  const resolved = resolveOptions({ ...options('https://mcp.example', { byIssuer }), proof });
  const issuers = resolved.issuers.map((issuer) => new Issuer(issuer));
  const findings = await diagnose({ options: resolved, issuers, tools: undefined });
  expect(findings.filter(({ subject }) => subject.startsWith('downstreams'))).toEqual([
    expect.objectContaining({
      code: 'bound_tokens_not_exchangeable',
      subject: `downstreams.orders.byIssuer.${keycloak.issuer}`,
    }),
    expect.objectContaining({
      code: 'grant_type_not_advertised',
      subject: `downstreams.orders.byIssuer.${entra.issuer}`,
      message: expect.stringContaining(JWT_BEARER) as unknown,
    }),
  ]);
});

describe('what cannot be stops the boot', () => {
  const faultOf = (orders: object, rest: Partial<McpAuthModuleOptions> = {}) => {
    try {
      resolveOptions({ ...options('https://mcp.example', orders), ...rest });
      return 'it booted';
    } catch (error) {
      return (error as Error).message;
    }
  };

  test('an issuer that is not configured', () => {
    expect(faultOf({ ...ofKeycloak, byIssuer: { 'https://other.example': ofEntra } })).toContain(
      '`downstreams.orders.byIssuer.https://other.example` is not among `issuers`',
    );
  });

  test('an exchange at an issuer without a client', () => {
    const client = [clientAt(keycloak, 'mcp-at-keycloak')];
    const fault = faultOf({ ...ofKeycloak, byIssuer: { [entra.issuer]: ofEntra } }, { client });
    expect(fault).toContain(`\`downstreams.orders.byIssuer.${entra.issuer}\` needs a \`client\` that is registered at`);
  });

  test('a target that the dialect of the issuer cannot ask for', () => {
    const { dialect } = ofKeycloak;
    expect(faultOf({ ...ofEntra, byIssuer: { [keycloak.issuer]: { dialect } } })).toContain(
      `\`downstreams.orders.byIssuer.${keycloak.issuer}\` has no \`audience\``,
    );
  });

  test('what is for others, where there are none', () => {
    const byIssuer = { [keycloak.issuer]: ofKeycloak, [entra.issuer]: ofEntra };
    expect(faultOf({ audience: 'orders-api', byIssuer })).toContain(
      '`downstreams.orders.audience` has no effect, because `byIssuer` has each of `issuers`',
    );
    expect(faultOf({ byIssuer })).toBe('it booted');
  });

  test('nothing for others, where there are some', () => {
    expect(faultOf({ byIssuer: { [entra.issuer]: ofEntra } })).toContain('`downstreams.orders` names no target');
  });

  test.each<[string, object, RegExp]>([
    ['no issuer', { byIssuer: {} }, /`downstreams\.orders\.byIssuer` is empty/],
    ['an option of the API', { byIssuer: { x: { baseUrl: 'https://x.example' } } }, /baseUrl` is not an option/],
    [
      'a parameter that is reserved',
      { byIssuer: { x: { parameters: { assertion: 'x' } } } },
      /has one that is reserved/,
    ],
    [
      'linked accounts',
      {
        byIssuer: { x: {} },
        linked: { issuer: 'https://x.example', client: { id: 'x', authentication: clientSecretBasic('x') } },
      },
      /byIssuer` has no effect with `linked`/,
    ],
  ])('%s', (_name, orders, fault) => {
    expect(faultOf(orders)).toMatch(fault);
  });

  test('the issuer of a tenant, or of all of them, can be named', () => {
    const issuers = [{ issuer: 'https://id.example/{tenantid}/v2.0', tenants: ['a', 'b'] }];
    const client = { id: 'mcp', authentication: clientSecretBasic('secret') };
    const named = (issuer: string) => faultOf({ ...ofKeycloak, byIssuer: { [issuer]: ofEntra } }, { issuers, client });
    expect(named('https://id.example/a/v2.0')).toBe('it booted');
    expect(named('https://id.example/c/v2.0')).toContain('is not among `issuers`');
    const all = faultOf({ byIssuer: { 'https://id.example/{tenantid}/v2.0': ofEntra } }, { issuers, client });
    expect(all).toBe('it booted');
  });
});
