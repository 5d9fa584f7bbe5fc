import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import * as oauth from 'openid-client';
import { nightlyReportClient } from '../../sample/quickstart/authorization-server/authorization-server.js';
import { generateSigningKey } from '../../sample/quickstart/authorization-server/signing-key.js';
import { mcpServerClient, ordersAudience, RunningAuthorizationServer } from './running-authorization-server.js';

const grantType = 'urn:ietf:params:oauth:grant-type:token-exchange';
const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';

let server: RunningAuthorizationServer;
let mcpServer: oauth.Configuration;
beforeAll(async () => {
  server = await RunningAuthorizationServer.start();
  mcpServer = await server.clientOf(mcpServerClient);
});
afterAll(() => server.close());

async function exchange(subjectToken: string, parameters: Record<string, string> | [string, string][] = {}) {
  const given = new URLSearchParams(parameters);
  const form = new URLSearchParams([
    ['subject_token', subjectToken],
    ['subject_token_type', accessTokenType],
    ...(given.has('audience') || given.has('resource') ? [] : [['audience', ordersAudience]]),
    ...given,
  ] as [string, string][]);
  return oauth.genericGrantRequest(mcpServer, grantType, form);
}

describe('an exchange', () => {
  test('turns a token for the MCP server into one for the orders API', async () => {
    const client = await server.register();
    const { access_token: subjectToken } = await server.obtainToken(client, { username: 'bob', scope: 'orders:read' });

    const response = await exchange(subjectToken);

    expect(response).toMatchObject({
      issued_token_type: accessTokenType,
      token_type: 'bearer',
      scope: 'orders:read',
      expires_in: 300,
    });
    expect(decodeProtectedHeader(response.access_token).typ).toBe('at+jwt');
    expect(decodeJwt(response.access_token)).toMatchObject({
      iss: server.issuer,
      aud: ordersAudience,
      sub: 'bob',
      scope: 'orders:read',
      client_id: mcpServerClient.id,
      act: { sub: mcpServerClient.id },
    });
    expect(server.events.at(-1)).toEqual({
      grantType,
      clientId: mcpServerClient.id,
      status: 200,
      claims: { aud: ordersAudience, sub: 'bob', scope: 'orders:read', act: { sub: mcpServerClient.id } },
    });
  });

  test.each(['audience', 'resource'])('names its target by %s', async (parameter) => {
    const { access_token } = await exchange(await server.accessTokenWith({}), { [parameter]: ordersAudience });

    expect(decodeJwt(access_token).aud).toBe(ordersAudience);
  });

  test('narrows the scope', async () => {
    const { access_token, scope } = await exchange(await server.accessTokenWith({}), { scope: 'orders:write' });

    expect(scope).toBe('orders:write');
    expect(decodeJwt(access_token).scope).toBe('orders:write');
  });

  test('without a scope, grants what the subject token and the target have in common', async () => {
    const { scope } = await exchange(await server.accessTokenWith({ scope: 'orders:write profile' }));

    expect(scope).toBe('orders:write');
  });

  test('lives no longer than the subject token', async () => {
    const subjectToken = await server.accessTokenWith({ exp: Math.floor(Date.now() / 1000) + 60 });

    const { access_token, expires_in } = await exchange(subjectToken);

    expect(expires_in).toBeLessThanOrEqual(60);
    expect(decodeJwt(access_token).exp).toBe(decodeJwt(subjectToken).exp);
  });

  test('nests an earlier actor', async () => {
    const { access_token } = await exchange(await server.accessTokenWith({ act: { sub: 'gateway' } }));

    expect(decodeJwt(access_token).act).toEqual({ sub: mcpServerClient.id, act: { sub: 'gateway' } });
  });

  test('is allowed by may_act', async () => {
    const { access_token } = await exchange(await server.accessTokenWith({ may_act: { sub: mcpServerClient.id } }));

    expect(decodeJwt(access_token).act).toEqual({ sub: mcpServerClient.id });
  });
});

describe('an exchange is refused', () => {
  const past = Math.floor(Date.now() / 1000) - 60;
  test.each<[string, Record<string, unknown>]>([
    ['a subject token for another resource', { aud: 'https://other.example' }],
    ['a subject token of another issuer', { iss: 'https://other.example' }],
    ['an expired subject token', { exp: past }],
    ['a subject token without an expiry', { exp: undefined }],
    ['a subject token without a subject', { sub: undefined }],
    ['a subject token that another party may act for', { may_act: { sub: 'another-server' } }],
  ])('with invalid_request for %s', async (_description, claims) => {
    await expect(exchange(await server.accessTokenWith(claims))).rejects.toMatchObject({
      error: 'invalid_request',
      status: 400,
    });
  });

  test('with invalid_request for a subject token that was tampered with', async () => {
    const [header = '', , signature = ''] = (await server.accessTokenWith({})).split('.');
    const [, otherPayload = ''] = (await server.accessTokenWith({ sub: 'bob' })).split('.');

    const tampered = exchange([header, otherPayload, signature].join('.'));

    await expect(tampered).rejects.toMatchObject({ error: 'invalid_request', status: 400 });
  });

  test('with invalid_request for a subject token signed by another key', async () => {
    const forged = await server.accessTokenWith({}, { key: await generateSigningKey() });

    await expect(exchange(forged)).rejects.toMatchObject({ error: 'invalid_request' });
  });

  test.each(['JWT', 'logout+jwt'])('with invalid_request for a token of the type %s', async (typ) => {
    await expect(exchange(await server.accessTokenWith({}, { typ }))).rejects.toMatchObject({
      error: 'invalid_request',
    });
  });

  test.each([
    ['invalid_target', 'an unknown audience', [['audience', 'https://other.example']]],
    ['invalid_target', 'an unknown resource', [['resource', 'https://other.example']]],
    ['invalid_target', 'the MCP server itself', [['audience', 'http://127.0.0.1:3000/mcp']]],
    ['invalid_target', 'no target', [['audience', '']]],
    [
      'invalid_target',
      'two targets',
      [
        ['audience', ordersAudience],
        ['audience', 'https://other.example'],
      ],
    ],
    [
      'invalid_target',
      'an audience and another resource',
      [
        ['audience', ordersAudience],
        ['resource', 'https://other.example'],
      ],
    ],
    ['invalid_scope', 'a scope that the target does not know', [['scope', 'profile']]],
    ['invalid_request', 'a requested token type of another kind', [['requested_token_type', 'urn:example:other']]],
    ['invalid_request', 'an actor token', [['actor_token', 'token']]],
    ['invalid_request', 'two scopes parameters', ['orders:read', 'orders:write'].map((scope) => ['scope', scope])],
  ] as [string, string, [string, string][]][])('with %s for %s', async (error, _description, parameters) => {
    await expect(exchange(await server.accessTokenWith({}), parameters)).rejects.toMatchObject({ error, status: 400 });
  });

  test('with invalid_scope for a scope that the subject token lacks', async () => {
    const subjectToken = await server.accessTokenWith({ scope: 'orders:read' });

    const widened = exchange(subjectToken, { scope: 'orders:read orders:write' });

    await expect(widened).rejects.toMatchObject({ error: 'invalid_scope', status: 400 });
    expect(server.events.at(-1)).toMatchObject({
      grantType,
      status: 400,
      error: expect.stringContaining('invalid_scope'),
    });
  });

  test('with invalid_request without a subject token or its type', async () => {
    for (const form of [{ subject_token_type: accessTokenType }, { subject_token: await server.accessTokenWith({}) }]) {
      const request = oauth.genericGrantRequest(mcpServer, grantType, { ...form, audience: ordersAudience });
      await expect(request).rejects.toMatchObject({ error: 'invalid_request', status: 400 });
    }
  });

  test('with 401 for a wrong secret', async () => {
    const impostor = await server.clientOf({ id: mcpServerClient.id, secret: 'wrong' });
    const form = { subject_token: await server.accessTokenWith({}), subject_token_type: accessTokenType };

    const request = oauth.genericGrantRequest(impostor, grantType, { ...form, audience: ordersAudience });

    await expect(request).rejects.toMatchObject({ status: 401 });
  });

  test('for a client without that grant', async () => {
    const publicClient = await server.register();
    const form = { subject_token: await server.accessTokenWith({}), subject_token_type: accessTokenType };

    for (const client of [publicClient, await server.clientOf(nightlyReportClient)]) {
      const request = oauth.genericGrantRequest(client, grantType, { ...form, audience: ordersAudience });
      await expect(request).rejects.toMatchObject({ status: 400 });
    }
  });
});
