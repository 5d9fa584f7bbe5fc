import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { clientSecretBasic, DownstreamClient, McpAuthModule, McpTool, providers } from 'nestjs-mcp-auth';
import { optionsFor } from '../support/module-options.js';
import { areExpected, ProxyProcess } from '../support/proxy-process.js';
import { post, toolCall } from '../support/mcp-request.js';
import { startApplication, type TestApplication } from '../support/test-application.js';
import { TestApi } from '../support/test-api.js';
import { describeWithKeycloak } from './keycloak.js';
import { McpClient } from './mcp-client.js';
import { downstreamsAt } from './order-tools.js';
import { planRealm, Realm } from './realm.js';
import { expectTenSteps } from './ten-steps.js';
import { User } from './user.js';

@Injectable()
class Tools {
  constructor(private readonly downstream: DownstreamClient) {}

  @McpTool({ description: 'Finds an order.', scopes: ['orders:read'], downstream: 'orders' })
  findOrder() {
    return this.downstream.json('/orders/1');
  }
}

/** The gateway of docs/guides/issuers.md, in front of these. */
async function readGateway(origins: Readonly<Record<string, string>>): Promise<{ map: string; locations: string }> {
  const text = await readFile(new URL('../../docs/guides/issuers.md', import.meta.url), 'utf8');
  const [, block = ''] = /^```nginx\n(.*?)^```$/ms.exec(text) ?? [];
  const [, map = '', locations = ''] = /^(map .*?^\}\n)server \{\n(.*)^\}\n$/ms.exec(block) ?? [];
  const replace = (part: string) =>
    Object.entries(origins).reduce((changed, [from, to]) => changed.replaceAll(from, to), part);
  return { map: replace(map), locations: replace(locations) };
}

const describeWithGateway = areExpected('nginx') ? describeWithKeycloak : describe.skip;

describeWithGateway('a realm for each tenant', () => {
  const acme = planRealm();
  // One registration of the server for all realms, and so one secret.
  const globex = { ...planRealm(), secret: acme.secret };
  const realms: Realm[] = [];
  const clients: McpClient[] = [];
  let entrance: Server;
  let origin: string;
  let nginx: ProxyProcess;
  let api: TestApi;
  let application: TestApplication;

  const addressOf = (name: string) => `${origin}/t/${name}/mcp`;

  beforeAll(async () => {
    // Nginx listens on a socket, and clients know addresses only.
    entrance = createServer((incoming) => {
      const through = connect(nginx.socket);
      for (const end of [incoming, through]) end.on('error', () => incoming.destroy());
      incoming.pipe(through).pipe(incoming);
    }).listen(0, '127.0.0.1');
    await once(entrance, 'listening');
    origin = `http://127.0.0.1:${(entrance.address() as AddressInfo).port}`;
    api = await TestApi.start();
    const { orders } = downstreamsAt(api.origin);
    const known = new Set([acme.name, globex.name]);
    application = await startApplication({
      imports: () => [
        McpAuthModule.forRoot(
          optionsFor(origin, '', {
            issuers: [],
            issuerResolver: {
              pattern: `${acme.keycloak.origin}/realms/*`,
              resolve: (iss) => {
                const realm = iss.slice(iss.lastIndexOf('/') + 1);
                if (!known.has(realm)) return undefined;
                return providers.keycloak({ url: acme.keycloak.origin, realm, audiences: [addressOf(realm)] });
              },
              advertised: [acme.issuer],
            },
            client: {
              id: 'mcp-orders',
              issuer: `${acme.keycloak.origin}/realms/*`,
              authentication: clientSecretBasic(acme.secret),
            },
            downstreams: { orders: orders as never },
          }),
        ),
      ],
      providers: [Tools],
    });
    const { map, locations } = await readGateway({
      'https://mcp.acme.example': origin,
      'https://id.acme.example': acme.keycloak.origin,
      'http://127.0.0.1:3000': application.origin,
    });
    nginx = await ProxyProcess.startNginx(locations, map);
    for (const plan of [acme, globex])
      realms.push(
        await Realm.create(plan, 'acme', {
          ...{ resource: addressOf(plan.name), client: 'mcp-orders', partner: 'https://id.partner.example' },
        }),
      );
  });
  afterAll(async () => {
    await Promise.all(clients.map((client) => client.close()));
    entrance.close();
    await application.close();
    await Promise.all([nginx.close(), api.close(), ...realms.map((realm) => realm.close())]);
  });

  test.each([
    ['the first', 0],
    ['the second', 1],
  ])('%s: a client that knows the address of its tenant alone walks the ten steps', async (_which, index) => {
    const realm = realms[index] as Realm;
    const name = realm.issuer.slice(realm.issuer.lastIndexOf('/') + 1);
    const alice = new User(realm, 'alice');
    const client = new McpClient(new URL(addressOf(name)), alice);
    clients.push(client);
    await client.connect();
    const order = await client.call('find_order');
    await expectTenSteps({
      ...{ client, order, realm, api, origin },
      subject: await alice.id(),
      resource: addressOf(name),
      metadata: `${origin}/.well-known/oauth-protected-resource/t/${name}/mcp`,
      clientId: 'mcp-orders',
      scopes: ['orders:read'],
      isRegisteredByItself: true,
    });
  });

  test('a token of one tenant is for its own address, and says at every other whose it is', async () => {
    const [first, second] = clients as [McpClient, McpClient];
    for (const [token, issuer] of [
      [first.accessToken, acme.issuer],
      [second.accessToken, globex.issuer],
    ] as const) {
      const response = await post(addressOf(globex.name), toolCall('find_order'), { token });
      expect(response.status).toBe(200);
      await response.text();
      expect(api.last.claims).toMatchObject({ iss: issuer });
    }
  });

  test('a realm that is no tenant is let in nowhere, and its document tells no stranger which there are', async () => {
    const plan = planRealm();
    const realm = await Realm.create({ ...plan, secret: acme.secret }, 'acme', {
      ...{ resource: addressOf(acme.name), client: 'mcp-orders', partner: 'https://id.partner.example' },
    });
    realms.push(realm);
    const token = await new User(realm, 'alice').token({ scope: 'orders:read' });
    expect((await post(addressOf(acme.name), toolCall('find_order'), { token })).status).toBe(401);
    const document = await fetch(`${origin}/.well-known/oauth-protected-resource/t/${plan.name}/mcp`);
    expect(document.status).toBe(200);
  });
});
