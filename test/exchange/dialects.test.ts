import { afterEach, describe, expect, test } from '@jest/globals';
import { decodeJwt, SignJWT } from 'jose';
import { dialects } from 'nestjs-mcp-auth';
import type { DownstreamChanges } from '../downstream/downstream-server.js';
import { callTool } from '../support/mcp-request.js';
import { ACCESS_TOKEN, answering, DialectServers, EXCHANGE, JWT_BEARER } from './dialect-server.js';

const servers = new DialectServers();
const audience = 'orders-api';

afterEach(() => servers.close());

describe('the form that each sends, all of it', () => {
  const own: [string, DownstreamChanges, (token: string) => [string, string][]][] = [
    [
      'rfc8693',
      { audience, resource: 'https://orders.example', scopes: ['read', 'write'], parameters: { tenant: ['a', 'b'] } },
      (token) => [
        ['tenant', 'a'],
        ['tenant', 'b'],
        ['subject_token', token],
        ['subject_token_type', ACCESS_TOKEN],
        ['requested_token_type', ACCESS_TOKEN],
        ['audience', audience],
        ['resource', 'https://orders.example'],
        ['scope', 'read write'],
      ],
    ],
    [
      'rfc8693 with an actor, and without requested_token_type',
      {
        audience,
        dialect: dialects.rfc8693({ requestedTokenType: false, actor: { token: () => 'the-actor', type: 'urn:x' } }),
      },
      (token) => [
        ['subject_token', token],
        ['subject_token_type', ACCESS_TOKEN],
        ['audience', audience],
        ['actor_token', 'the-actor'],
        ['actor_token_type', 'urn:x'],
      ],
    ],
    [
      'keycloak',
      { audience, scopes: ['orders'], dialect: dialects.keycloak() },
      (token) => [
        ['subject_token', token],
        ['subject_token_type', ACCESS_TOKEN],
        ['requested_token_type', ACCESS_TOKEN],
        ['audience', audience],
        ['scope', 'orders'],
      ],
    ],
    [
      'okta',
      { audience, scopes: ['orders'], dialect: dialects.okta() },
      (token) => [
        ['subject_token', token],
        ['subject_token_type', ACCESS_TOKEN],
        ['audience', audience],
        ['scope', 'orders'],
      ],
    ],
    [
      'auth0',
      { audience, scopes: ['orders'], dialect: dialects.auth0() },
      (token) => [
        ['subject_token', token],
        ['subject_token_type', ACCESS_TOKEN],
        ['requested_token_type', ACCESS_TOKEN],
        ['audience', audience],
        ['scope', 'orders'],
      ],
    ],
  ];

  test.each(own)('%s', async (_name, orders, form) => {
    const server = await servers.start(orders);
    const forms = answering(server.issuer);
    const token = await server.token();
    const result = await callTool(server.resource, token, 'order');
    expect(result.structuredContent).toMatchObject({ subject: 'alice' });
    expect(forms).toEqual([expect.arrayContaining([['grant_type', EXCHANGE], ...form(token)])]);
    expect(forms[0]).toHaveLength(form(token).length + 1);
  });

  test('entraOnBehalfOf', async () => {
    const scopes = ['api://orders/.default'];
    const server = await servers.start({
      audience: undefined,
      scopes,
      dialect: dialects.entraOnBehalfOf({ capabilities: ['cp1'] }),
    });
    const forms = answering(server.issuer, () => ({ issued_token_type: undefined, ext_expires_in: 600 }));
    const token = await server.token();
    expect((await callTool(server.resource, token, 'order')).isError).toBeUndefined();
    const form = Object.fromEntries(forms[0] ?? []);
    expect(form).toEqual({
      grant_type: JWT_BEARER,
      assertion: token,
      requested_token_use: 'on_behalf_of',
      scope: 'api://orders/.default',
      claims: '{"access_token":{"xms_cc":{"values":["cp1"]}}}',
    });
  });

  test('auth0TokenVault', async () => {
    const type = 'http://auth0.com/oauth/token-type/federated-connection-access-token';
    const dialect = dialects.auth0TokenVault({ connection: 'google-oauth2' });
    const server = await servers.start({ audience: undefined, dialect });
    const forms = answering(server.issuer, () => ({ issued_token_type: type }));
    const token = await server.token();
    expect((await callTool(server.resource, token, 'order')).isError).toBeUndefined();
    expect(Object.fromEntries(forms[0] ?? [])).toEqual({
      grant_type: 'urn:auth0:params:oauth:grant-type:token-exchange:federated-connection-access-token',
      subject_token: token,
      subject_token_type: ACCESS_TOKEN,
      requested_token_type: type,
      connection: 'google-oauth2',
    });
  });

  test('clientCredentials sends nothing of the caller, and one token serves all callers', async () => {
    const server = await servers.start({ audience, scopes: ['read'], dialect: dialects.clientCredentials() });
    const forms = answering(server.issuer, () => ({ issued_token_type: undefined }));
    await callTool(server.resource, await server.token(), 'order');
    await callTool(server.resource, await server.token({ sub: 'bob' }), 'order');
    expect(forms).toEqual([expect.arrayContaining([['grant_type', 'client_credentials']])]);
    expect(Object.fromEntries(forms[0] ?? [])).toEqual({ grant_type: 'client_credentials', audience, scope: 'read' });
  });

  test('none sends nothing at all, not even the token that came in', async () => {
    const server = await servers.start({ audience: undefined, dialect: dialects.none() });
    const forms = answering(server.issuer);
    await callTool(server.resource, await server.token(), 'order');
    expect(forms).toEqual([]);
    expect(server.orders.last.headers).not.toHaveProperty('authorization');
  });
});

describe('callers without a user', () => {
  test('get the own authority of the server where the downstream says so, and no caller with a user does', async () => {
    const server = await servers.start({ audience, scopes: ['read'], onAppOnly: 'clientCredentials' });
    const forms = answering(server.issuer, (form) =>
      form.get('grant_type') === 'client_credentials' ? { issued_token_type: undefined } : {},
    );
    await callTool(server.resource, await server.token({ sub: 'test-client' }), 'order');
    await callTool(server.resource, await server.token(), 'order');
    expect(forms.map((form) => Object.fromEntries(form).grant_type)).toEqual(['client_credentials', EXCHANGE]);
  });
});

describe('who acts', () => {
  test.each<[string, (token: string) => string | Promise<string>]>([
    ['the very token', (token) => token],
    [
      'another token of the same user',
      async (token) =>
        await new SignJWT({ ...decodeJwt(token), jti: 'another' })
          .setProtectedHeader({ alg: 'HS256' })
          .sign(new TextEncoder().encode('x'.repeat(32))),
    ],
    ['nothing', () => ''],
  ])('is never the subject: %s', async (_name, actorOf) => {
    let actor: string | Promise<string> = 'none';
    const server = await servers.start({ audience, dialect: dialects.rfc8693({ actor: { token: () => actor } }) });
    const forms = answering(server.issuer);
    const token = await server.token();
    actor = actorOf(token);
    expect((await callTool(server.resource, token, 'order')).isError).toBe(true);
    expect(forms).toEqual([]);
  });

  test.each([
    ['act', { act: { sub: 'agent' } }],
    ['may_act', { may_act: { client_id: 'mcp' } }],
  ])('keycloak would lose %s without an actor, so it is not asked', async (_name, claims) => {
    const server = await servers.start({ audience, dialect: dialects.keycloak() });
    const forms = answering(server.issuer);
    expect((await callTool(server.resource, await server.token(claims), 'order')).isError).toBe(true);
    expect(forms).toEqual([]);
  });
});
