import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import { listen, type Listener } from '../support/listen.js';
import { sendJson } from '../support/test-issuer.js';
import { describeWithKeycloak, Keycloak } from './keycloak.js';
import { startOrdersServer, type OrdersServer } from './orders-server.js';
import { planRealm } from './realm.js';
import { REDIRECT_URI } from './user.js';

describeWithKeycloak('client ID metadata documents (experimental)', () => {
  let server: OrdersServer;
  let documents: Listener;
  let metadata: object;
  let clientId: string;

  beforeAll(async () => {
    documents = await listen();
    documents.server.on('request', (_request, response) => {
      sendJson(response, 200, metadata);
    });
    server = await startOrdersServer({ plan: planRealm(Keycloak.experimental) });
    await allow({});
  });
  afterEach(() => {
    metadata = {};
  });
  afterAll(async () => {
    await server.close();
    await documents.close();
  });

  /** The client policy that the administrator has to make: the feature alone lets nobody in. */
  async function allow(configuration: object): Promise<void> {
    const executor = {
      executor: 'client-id-metadata-document',
      configuration: {
        'cimd-allow-http-scheme': true,
        'cimd-allow-permitted-domains': ['127.0.0.1'],
        'cimd-restrict-same-domain': false,
        ...configuration,
      },
    };
    await server.realm.admin('PUT', '/client-policies/profiles', {
      profiles: [{ name: 'documents', executors: [executor] }],
    });
    const condition = {
      condition: 'client-id-uri',
      configuration: {
        'client-id-uri-scheme': ['http', 'https'],
        'client-id-uri-allow-permitted-domains': ['127.0.0.1'],
      },
    };
    await server.realm.admin('PUT', '/client-policies/policies', {
      policies: [{ name: 'documents', enabled: true, conditions: [condition], profiles: ['documents'] }],
    });
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
