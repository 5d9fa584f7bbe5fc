import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  clientSecretBasic,
  McpTool,
  providers,
  type DownstreamOptions,
  type McpAuthModuleOptions,
} from 'nestjs-mcp-auth';
import { examineExports } from '../../lib/doctor/configuration-file.js';
import type { Finding } from '../../lib/doctor/finding.js';
import { describeWithKeycloak } from './keycloak.js';
import { startOrdersServer, type OrdersServer } from './orders-server.js';

@Injectable()
class Tools {
  @McpTool({ description: 'x', scopes: ['orders:read'], downstream: 'orders' })
  findOrder(): string {
    return 'found';
  }
}

interface Mapper {
  readonly id: string;
  readonly name: string;
}

interface Fault {
  readonly of: string;
  /** What is set in another way at Keycloak. Gives what sets it right again. */
  readonly set?: (server: OrdersServer) => Promise<() => Promise<unknown>>;
  /** How the token is got, where it is not as usual: a clock that is off, a client that may not ask for the scope. */
  readonly token?: (server: OrdersServer) => Promise<string>;
  /** What is written in another way in the options. */
  readonly write?: (options: McpAuthModuleOptions, server: OrdersServer) => Partial<McpAuthModuleOptions>;
  readonly code: Finding['code'];
  /** Defaults to an error. */
  readonly severity?: Finding['severity'];
  readonly message: RegExp;
  readonly fix: RegExp;
}

const STANDARD_EXCHANGE = 'standard.token.exchange.enabled';

/** Without a mapper of a client scope. */
const withoutMapper = (scope: string, mapper: string) => async (server: OrdersServer) => {
  const scopes = await server.realm.admin<{ id: string; name: string; protocolMappers: Mapper[] }[]>(
    'GET',
    '/client-scopes',
  );
  const { id = '', protocolMappers = [] } = scopes.find(({ name }) => name === scope) ?? {};
  const { id: mapperId, ...rest } = protocolMappers.find(({ name }) => name === mapper) as Mapper;
  const path = `/client-scopes/${id}/protocol-mappers/models`;
  await server.realm.admin('DELETE', `${path}/${mapperId}`);
  return async () => await server.realm.admin('POST', path, rest);
};

/** With another configuration of a mapper of a client scope. */
const withMapper = (scope: string, mapper: string, changes: object) => async (server: OrdersServer) => {
  const scopes = await server.realm.admin<
    { id: string; name: string; protocolMappers: (Mapper & { config: object })[] }[]
  >('GET', '/client-scopes');
  const { id = '', protocolMappers = [] } = scopes.find(({ name }) => name === scope) ?? {};
  const right = protocolMappers.find(({ name }) => name === mapper) as Mapper & { config: object };
  const path = `/client-scopes/${id}/protocol-mappers/models/${right.id}`;
  await server.realm.admin('PUT', path, { ...right, config: { ...right.config, ...changes } });
  return async () => await server.realm.admin('PUT', path, right);
};

/** With a client that is set up in another way. */
const withClient = (clientId: string, changes: object, right: object) => async (server: OrdersServer) => {
  await server.realm.configureClient(clientId, changes);
  return async () => {
    await server.realm.configureClient(clientId, right);
  };
};

/** Without a client scope of a client. */
const withoutScopeOf =
  (clientId: string, scope: string, kind: 'default' | 'optional') => async (server: OrdersServer) => {
    const [client] = await server.realm.admin<{ id: string }[]>('GET', `/clients?clientId=${clientId}`);
    const scopes = await server.realm.admin<Mapper[]>('GET', '/client-scopes');
    const path = `/clients/${client?.id ?? ''}/${kind}-client-scopes/${scopes.find(({ name }) => name === scope)?.id ?? ''}`;
    await server.realm.admin('DELETE', path);
    return async () => await server.realm.admin('PUT', path);
  };

/** A role of the realm, which nobody has, is needed for a client scope. */
async function withRoleFor(server: OrdersServer): Promise<() => Promise<unknown>> {
  await server.realm.admin('POST', '/roles', { name: 'viewer' });
  const role = await server.realm.admin<object>('GET', '/roles/viewer');
  const scopes = await server.realm.admin<Mapper[]>('GET', '/client-scopes');
  const path = `/client-scopes/${scopes.find(({ name }) => name === 'orders.view')?.id ?? ''}/scope-mappings/realm`;
  await server.realm.admin('POST', path, [role]);
  return async () => await server.realm.admin('DELETE', '/roles/viewer');
}

/** The audience of the API comes from a role of its client, as Keycloak resolves it, and full scope is off. */
async function withAudienceOfRoles(server: OrdersServer): Promise<() => Promise<unknown>> {
  const restore = await withoutMapper('orders-api', 'the orders API')(server);
  const [api] = await server.realm.admin<{ id: string }[]>('GET', '/clients?clientId=orders-api');
  const [own] = await server.realm.admin<{ id: string }[]>('GET', '/clients?clientId=mcp-orders');
  const roles = `/clients/${api?.id ?? ''}/roles`;
  await server.realm.admin('POST', roles, { name: 'reader' });
  const role = await server.realm.admin<object>('GET', `${roles}/reader`);
  await server.realm.admin('POST', `/users/${await server.alice.id()}/role-mappings/clients/${api?.id ?? ''}`, [role]);
  const mapper = { name: 'roles', protocol: 'openid-connect', protocolMapper: 'oidc-audience-resolve-mapper' };
  await server.realm.admin('POST', `/clients/${own?.id ?? ''}/protocol-mappers/models`, mapper);
  const set = withClient('mcp-orders', { fullScopeAllowed: false }, { fullScopeAllowed: true });
  const restoreScope = await set(server);
  return async () => {
    await restoreScope();
    await server.realm.admin('DELETE', `${roles}/reader`);
    const mappers = await server.realm.admin<Mapper[]>('GET', `/clients/${own?.id ?? ''}/protocol-mappers/models`);
    for (const { id, name } of mappers)
      if (name === 'roles')
        await server.realm.admin('DELETE', `/clients/${own?.id ?? ''}/protocol-mappers/models/${id}`);
    await restore();
  };
}

/** The realm says that it is somewhere else. */
async function withFrontendUrl(server: OrdersServer): Promise<() => Promise<unknown>> {
  await server.realm.admin('PUT', '', { attributes: { frontendUrl: 'https://id.acme.example' } });
  return async () => await server.realm.admin('PUT', '', { attributes: { frontendUrl: '' } });
}

/** The clock of this machine is off, once the token is there. */
const withClock = (minutes: number) => () => {
  jest.useFakeTimers({ now: Date.now() + minutes * 60_000, doNotFake: [...EVERYTHING_BUT_THE_DATE] });
  return Promise.resolve(() => {
    jest.useRealTimers();
    return Promise.resolve();
  });
};

const EVERYTHING_BUT_THE_DATE = [
  'hrtime',
  'nextTick',
  'performance',
  'queueMicrotask',
  'setImmediate',
  'clearImmediate',
  'setInterval',
  'clearInterval',
  'setTimeout',
  'clearTimeout',
] as const;

const FAULTS: readonly Fault[] = [
  {
    of: 'the audience mapper of this server is missing',
    set: withoutMapper('orders:read', 'the MCP server'),
    code: 'token_refused',
    message: /Step 7: .*its aud is .*, and wanted is "http/,
    fix: /Client scopes > .* > Mappers/,
  },
  {
    of: 'the client of this server is not in the audience',
    set: withoutMapper('orders:read', 'its client'),
    code: 'target_refused',
    message: /Step 9: .*audience=orders-api.*Client is not within the token audience/,
    fix: /needs the client of this server in `aud`/,
  },
  {
    of: 'the audience of the API is not available',
    set: withoutMapper('orders-api', 'the orders API'),
    code: 'target_refused',
    message: /Requested audience not available: orders-api/,
    fix: /audience mapper for the client of the API/,
  },
  {
    of: 'the exchange is not enabled',
    set: withClient(
      'mcp-orders',
      { attributes: { [STANDARD_EXCHANGE]: 'false' } },
      { attributes: { [STANDARD_EXCHANGE]: 'true' } },
    ),
    code: 'exchange_not_allowed',
    message: /Standard token exchange is not enabled/,
    fix: /Capability config > Standard Token Exchange/,
  },
  {
    of: 'the secret is wrong',
    write: () => ({ client: { id: 'mcp-orders', authentication: clientSecretBasic('not-the-secret-of-the-client') } }),
    code: 'client_rejected',
    message: /401/,
    fix: /Credentials/,
  },
  {
    of: 'the client is disabled',
    set: withClient('mcp-orders', { enabled: false }, { enabled: true }),
    code: 'client_rejected',
    message: /401/,
    fix: /Enabled is on/,
  },
  {
    of: 'the scope is not assigned to the client of this server',
    set: withoutScopeOf('mcp-orders', 'orders.view', 'optional'),
    code: 'scope_not_allowed',
    message: /Invalid scopes: orders\.view/,
    fix: /Add client scope/,
  },
  {
    of: 'the resource has a slash at its end',
    write: (_options, { resource }) => ({ resource: `${resource}/` }),
    code: 'invalid_configuration',
    message: /ends with a slash/,
    fix: /\/mcp"/,
  },
  {
    of: 'the realm is another',
    write: (_options, { realm }) => ({
      issuers: [providers.keycloak({ url: new URL(realm.issuer).origin, realm: 'another' })],
    }),
    code: 'issuer_metadata_unusable',
    message: /404/,
    fix: /`issuer` is spelled/,
  },
  {
    of: 'the algorithm is another',
    write: ({ issuers = [] }) => ({
      issuers: issuers.map((issuer) => ({ ...issuer, algorithms: ['ES256'] as const })),
    }),
    code: 'token_refused',
    message: /its alg is "RS256", and wanted is "ES256"/,
    fix: /`algorithms` of the issuer/,
  },
  {
    of: 'the audience mapper writes into ID tokens alone',
    set: withMapper('orders:read', 'the MCP server', { 'access.token.claim': 'false', 'id.token.claim': 'true' }),
    code: 'token_refused',
    message: /its aud is .*, and wanted is "http/,
    fix: /Add to access token on/,
  },
  {
    of: 'the client scope with the mapper is not assigned to the client of the user',
    set: withoutScopeOf('assistant', 'orders:read', 'optional'),
    token: ({ alice }) => alice.token({ scope: 'openid' }),
    code: 'token_refused',
    message: /its aud is .*, and wanted is "http/,
    fix: /The client of the user needs that scope: Clients > that client > Client scopes/,
  },
  {
    of: 'the client scope with the mapper is an optional one, and nobody asks for it',
    token: ({ alice }) => alice.token({ scope: 'openid' }),
    code: 'token_refused',
    message: /its aud is .*, and wanted is "http/,
    fix: /The client of the user needs that scope/,
  },
  {
    of: 'the client of the user has no scope "basic"',
    set: withoutScopeOf('assistant', 'basic', 'default'),
    code: 'token_refused',
    message: /The token has no subject: its sub is missing/,
    fix: /Keycloak: the client scope "basic"/,
  },
  {
    of: 'access tokens of the client of the user are lightweight',
    set: withClient(
      'assistant',
      { attributes: { 'client.use.lightweight.access.token.enabled': 'true' } },
      { attributes: { 'client.use.lightweight.access.token.enabled': 'false' } },
    ),
    code: 'token_refused',
    message: /Step 7/,
    fix: /Keycloak/,
  },
  {
    of: 'the client of this server is a public one',
    set: async (server) => {
      const restore = await withClient('mcp-orders', { publicClient: true }, { publicClient: false })(server);
      return async () => {
        await restore();
        // A public client has no secret, and gets a new one.
        await server.realm.restoreSecret('mcp-orders');
      };
    },
    code: 'exchange_not_allowed',
    message: /Public client is not allowed to exchange token/,
    fix: /Client authentication has to be on/,
  },
  {
    of: 'the id of the client of this server is misspelt',
    write: () => ({ client: { id: 'mcp-order', authentication: clientSecretBasic('whatever-it-may-be') } }),
    code: 'client_rejected',
    message: /401/,
    fix: /Clients > the client of this server/,
  },
  {
    of: 'the audience is no client of the realm',
    write: ({ downstreams }) => ({
      downstreams: { orders: { ...downstreams?.orders, audience: 'order-api' } as DownstreamOptions },
    }),
    code: 'target_refused',
    message: /Audience not found/,
    fix: /The API has to be an enabled client/,
  },
  {
    of: 'the client of the API is disabled',
    set: withClient('orders-api', { enabled: false }, { enabled: true }),
    code: 'target_refused',
    message: /Client disabled/,
    fix: /The API has to be an enabled client/,
  },
  {
    of: 'a scope of the downstream is misspelt',
    write: ({ downstreams }) => ({
      downstreams: { orders: { ...downstreams?.orders, scopes: ['orders.veiw'] } as DownstreamOptions },
    }),
    code: 'scope_not_allowed',
    message: /Invalid scopes: orders\.veiw/,
    fix: /Client scopes > Add client scope/,
  },
  {
    of: 'the user lacks the role that a scope of the API is for',
    set: withRoleFor,
    code: 'exchange_incomplete',
    severity: 'warning',
    message: /the scopes orders\.view were asked for, and are not granted/,
    fix: /Role mapping/,
  },
  {
    of: 'full scope is off, and the role that the audience comes from is not mapped',
    set: withAudienceOfRoles,
    code: 'target_refused',
    message: /Requested audience not available: orders-api/,
    fix: /With Full scope allowed off/,
  },
  {
    of: 'the client of this server needs consent, and nobody can give it',
    set: withClient('mcp-orders', { consentRequired: true }, { consentRequired: false }),
    code: 'consent_missing',
    message: /Missing consents for Token Exchange in client mcp-orders/,
    fix: /Consent required.*`consentUrl`/,
  },
  {
    of: 'the user was disabled meanwhile',
    set: async (server) => {
      const path = `/users/${await server.alice.id()}`;
      await server.realm.admin('PUT', path, { enabled: false });
      return async () => await server.realm.admin('PUT', path, { enabled: true });
    },
    token: ({ alice }) => alice.token({ scope: 'orders:read' }),
    code: 'exchange_refused',
    message: /Invalid token/,
    fix: /its session may be over/,
  },
  {
    of: 'the realm has another frontend URL',
    set: withFrontendUrl,
    token: ({ alice }) => alice.token({ scope: 'orders:read' }),
    code: 'issuer_metadata_unusable',
    message: /https:\/\/id\.acme\.example/,
    fix: /`issuer` is spelled/,
  },
  {
    of: 'the realm lets tokens last as long as every new realm does',
    code: 'token_short_lived',
    severity: 'warning',
    message: /^Step 7: the token lasts 300 seconds\. VS Code/,
    fix: /Access Token Lifespan/,
  },
  // Keycloak sends no Date. Its tokens tell the time.
  {
    of: 'the clock of this machine is ten minutes ahead',
    set: withClock(10),
    token: ({ alice }) => alice.token({ scope: 'orders:read' }),
    code: 'token_refused',
    message: /its exp is .*\b60\d seconds ago: if it was issued just now, the clock of this machine is ahead by that/,
    fix: /NTP/,
  },
  {
    of: 'the clock of this machine is three minutes ahead',
    set: withClock(3),
    token: ({ alice }) => alice.token({ scope: 'orders:read' }),
    code: 'clock_skewed',
    severity: 'warning',
    message: /^Its clock is 1[78]\d seconds behind .* expire 1[78]\d seconds too early/,
    fix: /NTP.*`clockToleranceMs: 2\d\d000`/,
  },
  {
    of: 'the clock of this machine is ten minutes behind',
    set: withClock(-10),
    token: ({ alice }) => alice.token({ scope: 'orders:read' }),
    code: 'clock_skewed',
    message: /^Its clock is (?:59\d|600) seconds ahead of .*its new tokens look not valid yet/,
    fix: /NTP/,
  },
];

describeWithKeycloak('the doctor, of faults that were made on purpose', () => {
  let server: OrdersServer;

  beforeAll(async () => {
    server = await startOrdersServer();
  });
  afterAll(() => server.close());

  async function examine(changes: Partial<McpAuthModuleOptions> = {}, given?: string): Promise<readonly Finding[]> {
    const { orders } = server.options.downstreams ?? {};
    if (!orders) throw new Error('The server has other downstreams');
    const token = given ?? (await server.alice.token({ scope: 'orders:read' }));
    const options = { ...server.options, downstreams: { orders }, ...changes };
    const findings = await examineExports({ options, tools: [Tools] }, { probe: true, token });
    expect(JSON.stringify(findings)).not.toContain(token.split('.')[1]);
    return findings;
  }

  const errorsOf = (findings: readonly Finding[]) => findings.filter(({ severity }) => severity === 'error');

  test('where there is none, each step is told, and nothing is wrong', async () => {
    const findings = await examine();
    expect(errorsOf(findings)).toEqual([]);
    expect(findings.map(({ code }) => code)).toEqual(expect.arrayContaining(['token_accepted', 'exchange_works']));
  });

  test.each(FAULTS.map((fault) => [fault.of, fault] as const))(
    '%s',
    async (_name, { set, write, token, code, severity = 'error', message, fix }) => {
      // A fault after the sign-in is there when the token is used.
      const given = await token?.(server);
      const restore = await set?.(server);
      try {
        expect(await examine(write?.(server.options, server), given)).toContainEqual(
          expect.objectContaining({
            ...{ code, severity },
            message: expect.stringMatching(message),
            fix: expect.stringMatching(fix),
          }),
        );
      } finally {
        await restore?.();
      }
    },
  );
});
