import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { clientSecretBasic, dialects } from 'nestjs-mcp-auth';
import { describeWithKeycloak } from './keycloak.js';
import { startOrdersServer, type OrdersServer } from './orders-server.js';
import { planRealm, Realm } from './realm.js';
import { expectAsRecorded } from './recorded-answers.js';
import { User } from './user.js';

const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';

describeWithKeycloak('two realms, of which the second trusts the first', () => {
  let server: OrdersServer;
  let partner: Realm;

  beforeAll(async () => {
    const plan = planRealm();
    const authorizationServer = {
      issuer: plan.issuer,
      client: { id: 'mcp-at-partner', authentication: clientSecretBasic(plan.secret) },
    };
    server = await startOrdersServer({
      values: { partner: plan.issuer },
      orders: {
        // The name of the partner in the first realm: a client whose id is its issuer.
        audience: plan.issuer,
        // Keycloak gives access tokens alone, and takes them for assertions.
        dialect: dialects.jwtBearer({ authorizationServer, requestedTokenType: ACCESS_TOKEN }),
      },
    });
    const { issuer } = server.realm;
    partner = await Realm.create(plan, 'partner', {
      issuer,
      jwks: `${issuer}/protocol/openid-connect/certs`,
      subject: await server.alice.id(),
    });
  });
  afterAll(async () => {
    await partner.close();
    await server.close();
  });

  test("the API gets a token of its own realm, for the user's account there", async () => {
    const token = await server.alice.token({ scope: 'orders:read' });
    await server.succeed(token, 'find_order');
    expect(server.api.last.claims).toMatchObject({
      iss: partner.issuer,
      sub: await partner.userId('alice-at-acme'),
      aud: 'orders-api',
      azp: 'mcp-at-partner',
      scope: 'orders.view',
    });
  });

  test('a user without an account there is refused, and asked for nothing', async () => {
    server.api.requests.length = 0;
    const token = await new User(server.realm, 'bob').token({ scope: 'orders:read' });
    expect(await server.fail(token, 'find_order')).toContain('orders API');
    expect(server.api.requests).toEqual([]);
    const { body } = await server.realm.exchange('mcp-orders', token, { audience: partner.issuer });
    await expectAsRecorded('an assertion of a user without an account', await grant(String(body.access_token)));
  });

  test('an assertion is taken once, and only where it was meant to go', async () => {
    const token = await server.alice.token({ scope: 'orders:read' });
    const { body } = await server.realm.exchange('mcp-orders', token, { audience: partner.issuer });
    expect((await grant(String(body.access_token))).status).toBe(200);
    await expectAsRecorded('an assertion for the second time', await grant(String(body.access_token)));
    await expectAsRecorded('an assertion for somebody else', await grant(token));
  });

  async function grant(assertion: string) {
    const grant_type = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
    return await partner.asClient('mcp-at-partner', 'token', { grant_type, assertion, scope: 'orders.view' });
  }
});
