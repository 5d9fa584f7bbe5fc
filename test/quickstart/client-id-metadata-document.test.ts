import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import { mcpResource, redirectUri, RunningAuthorizationServer } from './running-authorization-server.js';
import { selfSignedCertificate } from './self-signed-certificate.js';

let server: RunningAuthorizationServer;
let documents: Server;
let origin: string;

beforeAll(async () => {
  // oidc-provider does not find its dispatcher in the globals of a Jest environment, and says so.
  jest.spyOn(console, 'warn').mockReturnValue();
  server = await RunningAuthorizationServer.start();
  documents = createServer(selfSignedCertificate(), (request, response) => {
    const client_id = request.url === '/other' ? 'https://client.example/' : `${origin}${request.url ?? ''}`;
    const metadata = { client_id, client_name: 'Document client', redirect_uris: [redirectUri] };
    response.setHeader('content-type', 'application/json');
    const more = { token_endpoint_auth_method: 'none', scope: 'openid orders:read' };
    response.end(JSON.stringify({ ...metadata, ...(request.url !== '/minimal.json' && more) }));
  });
  documents.listen(0, '127.0.0.1');
  await once(documents, 'listening');
  origin = `https://127.0.0.1:${(documents.address() as AddressInfo).port}`;
});
afterAll(async () => {
  documents.close();
  documents.closeAllConnections();
  await server.close();
});

test.each(['client.json', 'minimal.json'])(
  'a client whose id is the URL of its metadata gets a token without registration: %s',
  async (file) => {
    const client = await server.clientOf({ id: `${origin}/${file}` });

    const { access_token } = await server.obtainToken(client, {
      username: 'alice',
      scope: 'orders:read',
      redirectUri: 'http://127.0.0.1:5678/callback',
    });

    expect(decodeJwt(access_token)).toMatchObject({
      aud: mcpResource,
      sub: 'alice',
      scope: 'orders:read',
      client_id: `${origin}/${file}`,
    });
  },
);

test('a document that names another client is refused', async () => {
  const client = await server.clientOf({ id: `${origin}/other` });

  await expect(server.authorize(client, { username: 'alice' })).rejects.toThrow('client_id does not match');
});
