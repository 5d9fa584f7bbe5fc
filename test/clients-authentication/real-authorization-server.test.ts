import { generateKeyPairSync } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import * as oauth from 'openid-client';
import {
  clientSecretBasic,
  clientSecretPost,
  dialects,
  McpAuthModule,
  privateKeyJwt,
  type ClientAuthentication,
} from 'nestjs-mcp-auth';
import type { IssuerClientRegistration } from '../../lib/resource-server/clients/client-registration.js';
import { callTool } from '../support/mcp-request.js';
import { optionsFor } from '../support/module-options.js';
import { OidcAuthorizationServer } from '../support/oidc-authorization-server.js';
import { OrderTools } from '../support/order-tools.js';
import { startApplication } from '../support/test-application.js';
import { TestApi } from '../support/test-api.js';
import { TestIssuer } from '../support/test-issuer.js';

const SIGNING = [
  { name: 'by RSA', keys: generateKeyPairSync('rsa', { modulusLength: 2048 }), alg: 'RS256' },
  { name: 'by RSA-PSS', keys: generateKeyPairSync('rsa', { modulusLength: 2048 }), alg: 'PS256' },
  { name: 'by P-256', keys: generateKeyPairSync('ec', { namedCurve: 'P-256' }), alg: 'ES256' },
  { name: 'by Ed25519', keys: generateKeyPairSync('ed25519'), alg: 'Ed25519' },
  { name: 'by Ed25519, under its old name', keys: generateKeyPairSync('ed25519'), alg: 'EdDSA' },
];

const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

describe('a real authorization server (oidc-provider) takes the client for who it is', () => {
  test.each<[string, object, () => ClientAuthentication]>([
    ['client_secret_basic', {}, () => clientSecretBasic('mcp-server-secret')],
    [
      'client_secret_post',
      { token_endpoint_auth_method: 'client_secret_post' },
      () => clientSecretPost('mcp-server-secret'),
    ],
    ...SIGNING.map(({ name, keys, alg }): [string, object, () => ClientAuthentication] => [
      `private_key_jwt, ${name}`,
      {
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_signing_alg: alg,
        client_secret: undefined,
        jwks: { keys: [{ ...keys.publicKey.export({ format: 'jwk' }), kid: 'k1', alg, use: 'sig' }] },
      },
      () =>
        privateKeyJwt({
          key: keys.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
          keyId: 'k1',
          algorithm: alg,
        }),
    ]),
  ])('by %s', async (_name, registration, authentication) => {
    const server = await OidcAuthorizationServer.start({
      format: 'jwt',
      registration: { grant_types: ['client_credentials'], ...registration },
    });
    const api = await TestApi.start();
    const application = await startApplication({
      imports: (origin) => [
        McpAuthModule.forRoot(
          optionsFor(origin, server.issuer, {
            client: { id: 'mcp-server', authentication: authentication() },
            downstreams: {
              orders: {
                baseUrl: api.origin,
                resource: 'https://orders.example',
                scopes: ['orders:read'],
                dialect: dialects.clientCredentials(),
              },
            },
          }),
        ),
      ],
      providers: [OrderTools],
    });
    closing.push(
      () => server.close(),
      () => api.close(),
      () => application.close(),
    );
    const resource = `${application.origin}/mcp`;
    const { access_token } = await oauth.clientCredentialsGrant(await server.reportClient(), { resource });
    expect((await callTool(resource, access_token, 'order')).isError).toBeUndefined();
    expect(api.last.claims).toMatchObject({ client_id: 'mcp-server', aud: 'https://orders.example' });
  });
});

test('several clients: each issuer sees its own and no other, and gets the callers that came from it', async () => {
  const [one, two, api] = await Promise.all([TestIssuer.start(), TestIssuer.start(), TestApi.start()]);
  const clients: IssuerClientRegistration[] = [
    { id: 'at-one', issuer: one.issuer, authentication: clientSecretPost('secret-one') },
    { id: 'at-two', issuer: two.issuer, authentication: clientSecretPost('secret-two') },
  ];
  const application = await startApplication({
    imports: (origin) => [
      McpAuthModule.forRootAsync({
        useFactory: async () => {
          await Promise.resolve();
          return optionsFor(origin, one.issuer, {
            issuers: [{ issuer: one.issuer }, { issuer: two.issuer }],
            client: clients,
            downstreams: { orders: { baseUrl: api.origin, audience: 'orders-api' } },
          });
        },
      }),
    ],
    providers: [OrderTools],
  });
  closing.push(
    () => one.close(),
    () => two.close(),
    () => api.close(),
    () => application.close(),
  );
  const resource = `${application.origin}/mcp`;
  for (const issuer of [one, two]) {
    const token = await issuer.token({ aud: resource });
    expect((await callTool(resource, token, 'order')).isError).toBeUndefined();
    expect(api.last.claims).toMatchObject({ iss: issuer.issuer });
  }
  expect(one.exchanges).toMatchObject([{ client_id: 'at-one', client_secret: 'secret-one' }]);
  expect(two.exchanges).toMatchObject([{ client_id: 'at-two', client_secret: 'secret-two' }]);
});
