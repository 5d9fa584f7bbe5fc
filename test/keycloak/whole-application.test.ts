import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { decodeJwt } from 'jose';
import { OAuthClient } from '../../sample/quickstart/walkthrough/oauth-client.js';
import { RESOURCE, WholeApplication, type RunningApplication } from '../package/whole-application.js';
import { areExpected } from '../support/proxy-process.js';
import type { ToolResult } from '../support/mcp-request.js';
import { keepSecret } from '../support/secret-watch.js';
import { TestApi } from '../support/test-api.js';
import { sendJson } from '../support/test-issuer.js';
import { readCommands, runCommands } from './documented-commands.js';
import { Keycloak } from './keycloak.js';
import { McpClient } from './mcp-client.js';
import { planRealm, Realm } from './realm.js';
import { User } from './user.js';

const isExpected = Keycloak.usual.isRunning && areExpected('nginx');

(isExpected ? describe : describe.skip)('the application of the documents, with the realm of the documents', () => {
  let application: WholeApplication;
  let running: RunningApplication;
  let api: TestApi;
  let realm: Realm;
  let alice: User;

  beforeAll(async () => {
    const plan = planRealm();
    const { keycloak, name } = plan;
    api = await TestApi.start();
    api.answers.set('/orders/7', (_request, response) => {
      sendJson(response, 200, { owner: api.last.claims?.sub });
    });
    realm = await Realm.createEmpty(plan);
    alice = new User(realm, 'alice');
    const { blocks } = await readCommands('providers/keycloak.md', ['In the realm', 'Clients']);
    // The last one lets anyone register.
    const printed = await runCommands(blocks.slice(0, -1).join('\n'), {
      KEYCLOAK: keycloak.origin,
      REALM: name,
      RESOURCE,
    });
    const secret = /^\S+$/m.exec(printed.trim())?.[0] ?? '';
    keepSecret(secret);
    application = await WholeApplication.create();
    running = await application.start({
      KEYCLOAK: keycloak.origin,
      REALM: name,
      CLIENT_SECRET: secret,
      ORDERS_URL: api.origin,
    });
  });
  afterAll(async () => {
    await running.close();
    await Promise.all([application.remove(), api.close(), realm.close()]);
  });

  async function expectOrder(found: ToolResult, bearer: string): Promise<void> {
    const subject = await alice.id();
    expect(found.structuredContent).toMatchObject({ id: '7', owner: subject });
    const presented = String(api.last.headers.authorization).replace(/^Bearer /, '');
    expect(presented).not.toBe(bearer);
    expect(decodeJwt(presented)).toMatchObject({
      ...{ aud: 'orders-api', azp: 'mcp-orders', sub: subject, scope: 'orders.view' },
    });
    expect(running.log).not.toContain(bearer);
    expect(running.log).not.toContain(presented);
    expect(running.log).not.toContain('"level":50');
  }

  test.each<[string, 'auto' | 'legacy', string]>([
    ['the commands have registered', 'auto', '2026-07-28'],
    ['the commands have registered', 'legacy', '2025-11-25'],
  ])('a client of SDK 2.x that %s walks the ten steps (%s)', async (_what, mode, revision) => {
    const client = new McpClient(new URL(RESOURCE), alice, { clientId: 'assistant', realm }, mode, running.fetch);
    await client.connect();
    expect(client.revision).toBe(revision);
    expect(client.requests[0]).toMatchObject({ status: 401, withToken: false });
    await expectOrder(await client.call('find_order', { id: '7' }), client.accessToken);
    await client.close();
  });

  test('a client of SDK 1.x walks the ten steps', async () => {
    const oauth = new OAuthClient();
    oauth.saveClientInformation({ client_id: 'assistant', issuer: realm.issuer });
    const options = { authProvider: oauth, fetch: running.fetch };
    const first = new TransportV1(new URL(RESOURCE), options);
    await expect(new ClientV1({ name: 'v1', version: '1.0.0' }).connect(first)).rejects.toThrow();
    const response = await alice.signIn(oauth.authorizationUrl ?? new URL(RESOURCE));
    await first.finishAuth(response.searchParams.get('code') ?? '');
    const bearer = oauth.tokens()?.access_token ?? '';
    keepSecret(bearer);
    const client = new ClientV1({ name: 'v1', version: '1.0.0' });
    await client.connect(new TransportV1(new URL(RESOURCE), options));
    const found = await client.callTool({ name: 'find_order', arguments: { id: '7' } });
    await expectOrder(found as ToolResult, bearer);
    await client.close();
  });
});
