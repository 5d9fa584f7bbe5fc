import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { clientSecretBasic, dialects, DownstreamClient, McpTool } from 'nestjs-mcp-auth';
import { startDownstreamServer, type DownstreamServer } from '../downstream/downstream-server.js';
import { callTool } from '../support/mcp-request.js';
import { sendJson } from '../support/test-issuer.js';
import { describeWithKeycloak, Keycloak } from './keycloak.js';
import { planRealm, Realm } from './realm.js';
import { expectAsRecorded } from './recorded-answers.js';

const ID_JAG = 'urn:ietf:params:oauth:token-type:id-jag';

@Injectable()
class Tools {
  constructor(private readonly downstream: DownstreamClient) {}

  @McpTool({ description: 'x', downstream: 'orders' })
  findOrder() {
    return this.downstream.json('/orders/1');
  }
}

describeWithKeycloak("Keycloak as the API's authorization server, which takes an ID-JAG (experimental)", () => {
  let server: DownstreamServer;
  let partner: Realm;

  beforeAll(async () => {
    const plan = planRealm(Keycloak.experimental);
    const authorizationServer = {
      issuer: plan.issuer,
      client: { id: 'mcp-at-partner', authentication: clientSecretBasic(plan.secret) },
    };
    server = await startDownstreamServer({
      providers: [Tools],
      orders: {
        audience: undefined,
        resource: 'https://orders.partner.example',
        scopes: ['orders.view'],
        dialect: dialects.identityAssertion({ authorizationServer }),
      },
    });
    const { issuer } = server;
    partner = await Realm.create(plan, 'partner', {
      issuer: issuer.issuer,
      jwks: `${issuer.origin}/jwks`,
      subject: 'alice',
    });
    issuer.answers.set('/token', async (_request, response, form) => {
      sendJson(response, 200, {
        access_token: await assertion({ resource: form.get('resource'), scope: form.get('scope') }),
        issued_token_type: ID_JAG,
        token_type: 'N_A',
        expires_in: 60,
      });
    });
  });
  afterAll(async () => {
    await partner.close();
    await server.close();
  });

  /** What the enterprise's provider asserts of alice. */
  async function assertion(claims: Record<string, unknown> = {}): Promise<string> {
    return await server.issuer.token(
      { aud: partner.issuer, client_id: 'mcp-at-partner', ...claims },
      { typ: 'oauth-id-jag+jwt' },
    );
  }

  test("the API gets a token of its own realm, for the user's account there", async () => {
    const result = await callTool(server.resource, await server.token(), 'find_order');
    expect(result.isError).toBeUndefined();
    expect(server.orders.last.claims).toMatchObject({
      iss: partner.issuer,
      sub: await partner.userId('alice-at-acme'),
      aud: 'orders-api',
      azp: 'mcp-at-partner',
      scope: 'orders.view',
    });
  });

  test.each<[string, Record<string, unknown>]>([
    ['an ID-JAG for another client', { client_id: 'other' }],
    ['an ID-JAG of a user without an account', { sub: 'mallory' }],
    ['an ID-JAG for another server', { aud: 'https://elsewhere.example' }],
  ])('%s is refused', async (name, claims) => {
    const answer = await partner.asClient('mcp-at-partner', 'token', {
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion: await assertion(claims),
    });
    await expectAsRecorded(name, answer);
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  });
});
