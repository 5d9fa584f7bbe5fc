import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { clientSecretBasic, dialects, McpAuthModule, providers } from 'nestjs-mcp-auth';
import { optionsFor } from '../support/module-options.js';
import { keepSecret } from '../support/secret-watch.js';
import { startApplication, type TestApplication } from '../support/test-application.js';
import { TestApi } from '../support/test-api.js';
import { readCommands, runCommands, SIGN_IN, type DocumentedValues } from './documented-commands.js';
import { DocumentedTools } from './documented-tools.js';
import { describeWithKeycloak } from './keycloak.js';
import { McpClient } from './mcp-client.js';
import { planRealm, Realm } from './realm.js';
import { expectTenSteps } from './ten-steps.js';
import { User } from './user.js';

describeWithKeycloak('a realm that was set up by the commands of the documentation', () => {
  const clients: McpClient[] = [];
  let application: TestApplication;
  let api: TestApi;
  let realm: Realm;
  let alice: User;
  let resource: string;
  let values: DocumentedValues;
  let forAnyone: string;

  beforeAll(async () => {
    const plan = planRealm();
    const { keycloak, name, issuer } = plan;
    api = await TestApi.start();
    let secret = '';
    realm = await Realm.createEmpty(plan);
    application = await startApplication({
      imports: (origin) => [
        McpAuthModule.forRoot(
          optionsFor(origin, issuer, {
            issuers: [providers.keycloak({ url: keycloak.origin, realm: name })],
            client: { id: 'mcp-orders', authentication: clientSecretBasic(() => secret) },
            downstreams: {
              orders: {
                baseUrl: api.origin,
                audience: 'orders-api',
                scopes: ['orders.view'],
                dialect: dialects.keycloak(),
              },
            },
          }),
        ),
      ],
      providers: [DocumentedTools],
    });
    resource = `${application.origin}/mcp`;
    alice = new User(realm, 'alice');
    const { names, blocks } = await readCommands('providers/keycloak.md', ['In the realm', 'Clients']);
    expect(names).toEqual(['KEYCLOAK', 'REALM', 'RESOURCE']);
    values = { KEYCLOAK: keycloak.origin, REALM: name, RESOURCE: resource };
    // The last one is for those who let anyone register.
    forAnyone = blocks.slice(-2).join('\n');
    const printed = await runCommands(blocks.slice(0, -1).join('\n'), values);
    secret = /^\S+$/m.exec(printed.trim())?.[0] ?? '';
    keepSecret(secret);
  });
  afterAll(async () => {
    await Promise.all(clients.map((client) => client.close()));
    await application.close();
    await Promise.all([api.close(), realm.close()]);
  });

  test.each<[string, boolean, () => ConstructorParameters<typeof McpClient>[2]]>([
    ['the commands have registered', true, () => ({ clientId: 'assistant', realm })],
    ['registers itself', false, () => undefined],
    ['registers itself, and names the scopes', false, () => ({ scope: 'orders:read orders:write' })],
    ['registers itself, and names more', false, () => ({ scope: 'orders:read orders:write offline_access profile' })],
    ['registers itself, and names openid', false, () => ({ scope: 'openid orders:read orders:write' })],
  ])('serves a client that %s', async (_what, hasDefaults, registration) => {
    const client = new McpClient(new URL(resource), alice, registration());
    clients.push(client);
    await client.connect();
    // keycloak#50807: the SDK names scopes when it registers itself.
    const query = new URLSearchParams({ clientId: client.clientId });
    const [known] = await realm.admin<{ defaultClientScopes: string[] }[]>('GET', `/clients?${query}`);
    expect(known?.defaultClientScopes).toEqual(hasDefaults ? expect.arrayContaining(['basic', 'profile']) : ['basic']);
    const subject = await alice.id();
    const order = await client.call('find_order');
    expect(application.log.lines.filter((line) => /^(error|warn)/.test(line))).toEqual([]);
    await expectTenSteps({
      ...{ client, order, subject, realm, api, resource },
      origin: application.origin,
      clientId: 'mcp-orders',
      scopes: ['orders:read', 'orders:write'],
      isRegisteredByItself: !hasDefaults || client.clientId !== 'assistant',
    });
  });

  test('lets clients on loopback register, and others once the policy is deleted', async () => {
    const register = async (redirectUri: string) => {
      const response = await fetch(`${realm.issuer}/clients-registrations/openid-connect`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ client_name: 'x', redirect_uris: [redirectUri], token_endpoint_auth_method: 'none' }),
      });
      return response.status;
    };
    const others = ['cursor://anysphere.cursor-retrieval/oauth/callback', 'https://client.example.com/callback'];
    expect(await register('http://localhost:3334/callback')).toBe(201);
    for (const redirectUri of others) expect(await register(redirectUri)).toBe(403);
    await runCommands(SIGN_IN + forAnyone, values);
    for (const redirectUri of others) expect(await register(redirectUri)).toBe(201);
  });
});
