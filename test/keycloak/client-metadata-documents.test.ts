import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import { listen, type Listener } from '../support/listen.js';
import { sendJson } from '../support/test-issuer.js';
import { readCommands, runCommands, SIGN_IN } from './documented-commands.js';
import { describeWithKeycloak, Keycloak } from './keycloak.js';
import { startOrdersServer, type OrdersServer } from './orders-server.js';
import { planRealm } from './realm.js';
import { REDIRECT_URI } from './user.js';

describeWithKeycloak('client ID metadata documents (experimental)', () => {
  const plan = planRealm(Keycloak.experimental);
  let server: OrdersServer;
  let documents: Listener;
  let metadata: object;
  let clientId: string;

  beforeAll(async () => {
    documents = await listen();
    documents.server.on('request', (_request, response) => {
      sendJson(response, 200, metadata);
    });
    server = await startOrdersServer({ plan });
    await allow();
  });
  afterEach(() => {
    metadata = {};
  });
  afterAll(async () => {
    await server.close();
    await documents.close();
  });

  /** The client policy of the page, for documents on plain http. */
  async function allow(): Promise<void> {
    const { keycloak, name } = plan;
    const { blocks } = await readCommands('providers/keycloak.md', ['In the realm', 'Experimental features']);
    const script = (blocks.at(-1) ?? '')
      .replace(/^DOCUMENTS=\S+/m, 'DOCUMENTS=127.0.0.1')
      .replace('"cimd-allow-http-scheme": false', '"cimd-allow-http-scheme": true')
      .replace('["https"]', '["http", "https"]');
    await runCommands(SIGN_IN + script, { KEYCLOAK: keycloak.origin, REALM: name, RESOURCE: server.resource });
  }

  function publish(path: string, members: object = {}): void {
    clientId = `${documents.origin}/${path}`;
    metadata = {
      client_id: clientId,
      client_name: 'Assistant',
      redirect_uris: [REDIRECT_URI],
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      ...members,
    };
  }

  test('a client that is known by its document alone calls the API for its user', async () => {
    publish('client.json');
    const token = await server.alice.token({ clientId, scope: 'orders:read' });
    expect(decodeJwt(token)).toMatchObject({ azp: clientId, sub: await server.alice.id() });
    const { structuredContent } = await server.succeed(token, 'find_order');
    expect(structuredContent).toMatchObject({ audience: 'orders-api' });
  });

  test('the metadata of the realm says that there are such clients', async () => {
    const response = await fetch(`${server.realm.issuer}/.well-known/openid-configuration`);
    expect(await response.json()).toMatchObject({ client_id_metadata_document_supported: true });
  });

  test('a document that names scopes: the client keeps the default scopes of the realm, and so `sub`', async () => {
    publish('scoped.json', { scope: 'orders:read orders:write' });
    const token = await server.alice.token({ clientId, scope: 'orders:read' });
    const sub = await server.alice.id();
    expect(decodeJwt(token)).toMatchObject({ azp: clientId, scope: 'orders:read', sub });
  });
});
