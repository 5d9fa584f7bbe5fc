import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { SignJWT } from 'jose';
import { clientSecretPost, dialects } from 'nestjs-mcp-auth';
import type { DownstreamServer } from '../downstream/downstream-server.js';
import { callTool, post, toolCall } from '../support/mcp-request.js';
import { json, TestIssuer } from '../support/test-issuer.js';
import { ACCESS_TOKEN, answering, DialectServers, EXCHANGE, JWT_BEARER } from './dialect-server.js';

const ID_JAG = 'urn:ietf:params:oauth:token-type:id-jag';

const servers = new DialectServers();
let foreign: TestIssuer;

beforeEach(async () => {
  foreign = await TestIssuer.start();
});
afterEach(async () => {
  await Promise.all([foreign.close(), servers.close()]);
});

describe('across two authorization servers', () => {
  const authorizationServer = () => ({
    issuer: foreign.issuer,
    client: { id: 'mcp-there', authentication: clientSecretPost('other') },
  });

  async function assertion(server: DownstreamServer, typ: string, aud: string): Promise<string> {
    const [key] = server.issuer.keys;
    if (!key) throw new Error('No key');
    return await new SignJWT({ aud, sub: 'alice' }).setProtectedHeader({ alg: key.alg, typ }).sign(key.privateKey);
  }

  test('identityAssertion: an ID-JAG of the first is the grant at the second', async () => {
    const dialect = dialects.identityAssertion({ authorizationServer: authorizationServer() });
    const server = await servers.start({
      audience: undefined,
      resource: 'https://orders.example',
      scopes: ['read'],
      dialect,
    });
    const jag = await assertion(server, 'oauth-id-jag+jwt', foreign.issuer);
    const first = answering(server.issuer, () => ({ access_token: jag, token_type: 'N_A', issued_token_type: ID_JAG }));
    const second = answering(foreign, () => ({ issued_token_type: undefined }));
    const token = await server.token();
    expect((await callTool(server.resource, token, 'order')).isError).toBeUndefined();
    expect(Object.fromEntries(first[0] ?? [])).toEqual({
      grant_type: EXCHANGE,
      subject_token: token,
      subject_token_type: ACCESS_TOKEN,
      requested_token_type: ID_JAG,
      audience: foreign.issuer,
      resource: 'https://orders.example',
      scope: 'read',
    });
    expect(Object.fromEntries(second[0] ?? [])).toEqual({
      grant_type: JWT_BEARER,
      assertion: jag,
      scope: 'read',
      client_id: 'mcp-there',
      client_secret: 'other',
    });
    expect(server.orders.last.claims).toMatchObject({ iss: foreign.issuer });
  });

  test.each<[string, string, (foreign: string) => string, object]>([
    ['a Bearer token', 'oauth-id-jag+jwt', (name) => name, { token_type: 'Bearer' }],
    ['another token type', 'oauth-id-jag+jwt', (name) => name, { issued_token_type: ACCESS_TOKEN }],
    ['a JWT of another type', 'at+jwt', (name) => name, {}],
    ['an assertion for somebody else', 'oauth-id-jag+jwt', () => 'https://other.example', {}],
  ])('identityAssertion: %s instead is not passed on', async (_name, typ, aud, change) => {
    const dialect = dialects.identityAssertion({ authorizationServer: authorizationServer() });
    const server = await servers.start({ audience: undefined, scopes: ['read'], dialect });
    const access_token = await assertion(server, typ, aud(foreign.issuer));
    answering(server.issuer, () => ({ access_token, token_type: 'N_A', issued_token_type: ID_JAG, ...change }));
    expect((await callTool(server.resource, await server.token(), 'order')).isError).toBe(true);
    expect(foreign.requests).not.toContain('/token');
  });

  test('jwtBearer: an exchange for a JWT, and the JWT as the grant', async () => {
    const dialect = dialects.jwtBearer({ authorizationServer: authorizationServer() });
    const server = await servers.start({ audience: undefined, scopes: ['read'], dialect });
    const type = 'urn:ietf:params:oauth:token-type:jwt';
    const jwt = await assertion(server, 'JWT', foreign.issuer);
    const first = answering(server.issuer, () => ({ access_token: jwt, token_type: 'N_A', issued_token_type: type }));
    const second = answering(foreign, () => ({ issued_token_type: undefined }));
    expect((await callTool(server.resource, await server.token(), 'order')).isError).toBeUndefined();
    expect(Object.fromEntries(first[0] ?? [])).toMatchObject({ requested_token_type: type, audience: foreign.issuer });
    expect(Object.fromEntries(second[0] ?? [])).toMatchObject({ grant_type: JWT_BEARER, assertion: jwt });
  });

  test('what the second refuses is not the token that came in: nobody is asked to sign in again', async () => {
    const dialect = dialects.jwtBearer({ authorizationServer: authorizationServer() });
    const server = await servers.start({ audience: undefined, scopes: ['read'], dialect });
    const jwt = await assertion(server, 'JWT', foreign.issuer);
    const issued_token_type = 'urn:ietf:params:oauth:token-type:jwt';
    answering(server.issuer, () => ({ access_token: jwt, token_type: 'N_A', issued_token_type }));
    foreign.answers.set('/token', (_request, response) => {
      json(response, 400, { error: 'invalid_grant', error_description: `no trust in ${jwt}` });
    });
    const response = await post(server.resource, toolCall('order'), { token: await server.token() });
    expect(response.status).toBe(200);
    expect(server.log.text).toContain('(exchange_misconfigured)');
    expect(server.log.text).not.toContain(jwt);
  });
});
