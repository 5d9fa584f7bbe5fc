import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import { clientSecretBasic, dialects, McpAuthModule, providers } from 'nestjs-mcp-auth';
import { optionsFor } from '../support/module-options.js';
import { keepSecret } from '../support/secret-watch.js';
import { startApplication, type TestApplication } from '../support/test-application.js';
import { TestApi } from '../support/test-api.js';
import { readCommands, runCommands } from './documented-commands.js';
import { DocumentedTools } from './documented-tools.js';
import { describeWithKeycloak } from './keycloak.js';
import { McpClient } from './mcp-client.js';
import { planRealm, Realm } from './realm.js';
import { User } from './user.js';

describeWithKeycloak('a realm that was set up by the commands of the documentation', () => {
  const clients: McpClient[] = [];
  let application: TestApplication;
  let api: TestApi;
  let realm: Realm;
  let alice: User;
  let resource: string;

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
    const { names, script } = await readCommands('providers/keycloak.md');
    expect(names).toEqual(['KEYCLOAK', 'REALM', 'RESOURCE']);
    const printed = await runCommands(script, { KEYCLOAK: keycloak.origin, REALM: name, RESOURCE: resource });
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
    const token = decodeJwt(client.accessToken);
    expect(token).toMatchObject({ iss: realm.issuer, sub: subject, azp: client.clientId });
    expect([token.aud].flat()).toEqual(expect.arrayContaining([resource, 'mcp-orders']));
    const order = await client.call('find_order');
    expect(application.log.lines.filter((line) => /^(error|warn)/.test(line))).toEqual([]);
    expect(order.structuredContent).toEqual({
      path: '/orders/1',
      subject,
      audience: 'orders-api',
    });
    const presented = decodeJwt(String(api.last.headers.authorization).replace(/^Bearer /, ''));
    expect(presented).toMatchObject({ aud: 'orders-api', azp: 'mcp-orders', sub: subject, scope: 'orders.view' });
  });
});
