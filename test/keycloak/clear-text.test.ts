import dns from 'node:dns';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import { clientSecretBasic, type McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { describeWithKeycloak, Keycloak } from './keycloak.js';
import { startOrdersServer, type OrdersServer } from './orders-server.js';
import { planRealm, type RealmPlan } from './realm.js';

/** Names of a network of containers. */
const ORDERS = 'orders.svc.cluster.local';
const INSIDE = new Set(['keycloak', ORDERS]);
const { lookup } = dns;

describeWithKeycloak('a Keycloak that is known by a name of the network, in clear text', () => {
  let server: OrdersServer;

  beforeAll(() => {
    const resolve = (name: string, ...rest: unknown[]) => {
      (lookup as (...all: unknown[]) => void)(INSIDE.has(name) ? '127.0.0.1' : name, ...rest);
    };
    dns.lookup = resolve as typeof dns.lookup;
  });
  afterAll(() => {
    dns.lookup = lookup;
  });
  afterEach(() => server.close());

  const byPreset = () => ({});
  const byResolver = ({ keycloak, issuer, secret }: RealmPlan): Partial<McpAuthModuleOptions> => {
    const pattern = `${keycloak.origin}/realms/*`;
    return {
      issuers: [],
      issuerResolver: {
        pattern,
        advertised: [issuer],
        acceptClearText: true,
        resolve: (iss: string) => (iss === issuer ? { issuer: iss } : undefined),
      },
      client: { id: 'mcp-orders', issuer: pattern, authentication: clientSecretBasic(secret) },
    };
  };

  test.each<[string, (plan: RealmPlan) => Partial<McpAuthModuleOptions>]>([
    ['as the preset has it', byPreset],
    ['found for its tokens', byResolver],
  ])('verifies, exchanges and calls, %s', async (_name, optionsOf) => {
    const plan = planRealm(Keycloak.inNetwork);
    server = await startOrdersServer({
      plan,
      apiHost: ORDERS,
      trust: { acceptClearText: true },
      orders: { acceptClearText: true },
      options: optionsOf(plan),
    });
    const token = await server.alice.token({ scope: 'orders:read' });
    expect(decodeJwt(token).iss).toBe(plan.issuer);
    expect(plan.issuer).toMatch(/^http:\/\/keycloak:/);
    await server.succeed(token, 'find_order');
    expect(server.api.last.headers.host).toContain(ORDERS);
    expect(server.api.last.claims).toMatchObject({ azp: 'mcp-orders', scope: 'orders.view' });
  });
});
