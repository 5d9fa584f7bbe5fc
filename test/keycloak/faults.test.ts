import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { clientSecretBasic, McpTool, providers, type McpAuthModuleOptions } from 'nestjs-mcp-auth';
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
  /** What is written in another way in the options. */
  readonly write?: (options: McpAuthModuleOptions, server: OrdersServer) => Partial<McpAuthModuleOptions>;
  readonly code: Finding['code'];
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

const configured = (changes: object, right: object) => async (server: OrdersServer) => {
  await server.realm.configureClient('mcp-orders', changes);
  return async () => {
    await server.realm.configureClient('mcp-orders', right);
  };
};

async function withoutScope(server: OrdersServer): Promise<() => Promise<unknown>> {
  const [client] = await server.realm.admin<{ id: string }[]>('GET', '/clients?clientId=mcp-orders');
  const scopes = await server.realm.admin<Mapper[]>('GET', '/client-scopes');
  const scope = scopes.find(({ name }) => name === 'orders.view');
  const path = `/clients/${client?.id ?? ''}/optional-client-scopes/${scope?.id ?? ''}`;
  await server.realm.admin('DELETE', path);
  return async () => await server.realm.admin('PUT', path);
}

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
    set: configured({ attributes: { [STANDARD_EXCHANGE]: 'false' } }, { attributes: { [STANDARD_EXCHANGE]: 'true' } }),
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
    set: configured({ enabled: false }, { enabled: true }),
    code: 'client_rejected',
    message: /401/,
    fix: /Enabled is on/,
  },
  {
    of: 'the scope is not assigned to the client of this server',
    set: withoutScope,
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
];

describeWithKeycloak('the doctor, of faults that were made on purpose', () => {
  let server: OrdersServer;

  beforeAll(async () => {
    server = await startOrdersServer();
  });
  afterAll(() => server.close());

  async function examine(changes: Partial<McpAuthModuleOptions> = {}): Promise<readonly Finding[]> {
    const { orders } = server.options.downstreams ?? {};
    if (!orders) throw new Error('The server has other downstreams');
    const token = await server.alice.token({ scope: 'orders:read' });
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
    async (_name, { set, write, code, message, fix }) => {
      const restore = await set?.(server);
      try {
        const errors = errorsOf(await examine(write?.(server.options, server)));
        expect(errors).toContainEqual(
          expect.objectContaining({
            code,
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
