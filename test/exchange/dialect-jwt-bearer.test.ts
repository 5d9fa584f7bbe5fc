import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { clientSecretPost, dialects } from 'nestjs-mcp-auth';
import { callTool, post, toolCall } from '../support/mcp-request.js';
import { TestIssuer } from '../support/test-issuer.js';
import type { DownstreamChanges, DownstreamServer } from '../downstream/downstream-server.js';
import {
  ACCESS_TOKEN,
  answering,
  bootProblems,
  DialectServers,
  EXCHANGE,
  form,
  JWT,
  JWT_BEARER,
  order,
  refusing,
  Watched,
} from './dialect-server.js';

const servers = new DialectServers();
let foreign: TestIssuer;
let secretVersion = '1';

beforeEach(async () => {
  foreign = await TestIssuer.start();
});
afterEach(async () => {
  await Promise.all([foreign.close(), servers.close()]);
});

const authorizationServer = () => ({
  issuer: foreign.issuer,
  client: {
    id: 'mcp-there',
    authentication: Object.assign(clientSecretPost('other'), { version: () => secretVersion }),
  },
});

async function start(changes: DownstreamChanges = {}, requestedTokenType?: string) {
  const watched = new Watched(
    dialects.jwtBearer({
      authorizationServer: authorizationServer(),
      ...(requestedTokenType !== undefined && { requestedTokenType }),
    }),
  );
  const server = await servers.start({ audience: undefined, scopes: ['read'], dialect: watched.dialect, ...changes });
  return { watched, server };
}

/** The first server issues a JWT for the second. */
async function issuing({ issuer }: DownstreamServer, change: object = {}, claims: object = {}) {
  const access_token = await issuer.token({ aud: foreign.issuer, ...claims }, { typ: 'JWT' });
  const forms = answering(issuer, () => ({ access_token, token_type: 'N_A', issued_token_type: JWT, ...change }));
  return { jwt: access_token, forms };
}

describe('two requests', () => {
  test('the forms, all of them: an exchange for a JWT, and the JWT as the grant', async () => {
    const { server } = await start();
    const { jwt, forms } = await issuing(server);
    const second = answering(foreign, () => ({ issued_token_type: undefined }));
    const token = await server.token();
    expect((await callTool(server.resource, token, 'order')).isError).toBeUndefined();
    expect(forms).toEqual([
      form({
        grant_type: EXCHANGE,
        subject_token: token,
        subject_token_type: ACCESS_TOKEN,
        requested_token_type: JWT,
        audience: foreign.issuer,
        scope: 'read',
      }),
    ]);
    expect(second).toEqual([
      form({ grant_type: JWT_BEARER, assertion: jwt, scope: 'read', client_id: 'mcp-there', client_secret: 'other' }),
    ]);
  });

  test('where the first has a name of its own for the second, and calls its JWTs access tokens', async () => {
    const { server } = await start({ audience: 'partner', resource: 'urn:orders', scopes: [] }, ACCESS_TOKEN);
    const change = { token_type: 'Bearer', issued_token_type: ACCESS_TOKEN };
    const { forms } = await issuing(server, change, { aud: ['partner', 'x'] });
    const second = answering(foreign, () => ({ issued_token_type: undefined }));
    expect((await order(server)).isError).toBeUndefined();
    expect(Object.fromEntries(forms[0] ?? [])).toMatchObject({
      audience: 'partner',
      resource: 'urn:orders',
      requested_token_type: ACCESS_TOKEN,
    });
    expect(second.flat().map(([name]) => name)).toEqual(['assertion', 'client_id', 'client_secret', 'grant_type']);
  });

  test('a new credential at the second invalidates what the old one got', async () => {
    const { server } = await start();
    await issuing(server);
    const second = answering(foreign, () => ({ issued_token_type: undefined }));
    const token = await server.token();
    await callTool(server.resource, token, 'order');
    await callTool(server.resource, token, 'order');
    secretVersion = '2';
    await callTool(server.resource, token, 'order');
    expect(second).toHaveLength(2);
  });
});

describe('is not passed on', () => {
  test.each<[string, object, object]>([
    ['another issued_token_type', { issued_token_type: ACCESS_TOKEN }, {}],
    ['another token_type', { token_type: 'mac' }, {}],
    ['a JWT for somebody else', {}, { aud: 'https://other.example' }],
    ['a JWT for nobody', {}, { aud: undefined }],
    ['what is not a JWT', { access_token: 'opaque' }, {}],
  ])('%s', async (_name, change, claims) => {
    const { server, watched } = await start();
    await issuing(server, change, claims);
    expect((await order(server)).isError).toBe(true);
    expect(watched.failure).toMatchObject({ status: 200, unusable: true });
    expect(foreign.requests).not.toContain('/token');
  });

  test('the very token that came in', async () => {
    const { server, watched } = await start();
    answering(server.issuer, (sent) => ({
      access_token: sent.get('subject_token'),
      token_type: 'N_A',
      issued_token_type: JWT,
    }));
    expect((await order(server, { aud: [server.resource, foreign.issuer] })).isError).toBe(true);
    expect(watched.failure).toMatchObject({ unusable: true });
    expect(foreign.requests).not.toContain('/token');
  });
});

test('what the second refuses is not the token that came in: nobody is asked to sign in again', async () => {
  const { server, watched } = await start();
  const { jwt } = await issuing(server);
  refusing(foreign, 400, { error: 'invalid_grant', error_description: `no trust in ${jwt}` });
  const response = await post(server.resource, toolCall('order'), { token: await server.token() });
  expect(response.status).toBe(200);
  expect(watched.failure).toEqual({ status: 400, error: 'invalid_grant', foreign: true });
  expect(server.log.text).toContain('(exchange_misconfigured)');
  expect(server.log.text).not.toContain(jwt);
});

describe('what the other side demands of a sign-in, no client of this one could get: nobody is challenged', () => {
  const CLAIMS = '{"access_token":{"acrs":{"essential":true,"value":"urn:acrs"}}}';
  const encoded = Buffer.from(CLAIMS).toString('base64');

  async function answerOf(
    changes: DownstreamChanges = {},
    prepare: (server: DownstreamServer) => void = () => undefined,
  ) {
    const { server } = await start(changes);
    await issuing(server);
    prepare(server);
    const response = await post(server.resource, toolCall('order'), { token: await server.token() });
    const challenge = response.headers.get('www-authenticate');
    return { status: response.status, challenge, text: await response.text() };
  }

  test.each<[string, object]>([
    ['claims', { error: 'interaction_required', claims: CLAIMS }],
    ['a sign-in', { error: 'login_required' }],
    ['a stronger sign-in', { error: 'insufficient_user_authentication', acr_values: 'gold' }],
    ['a second factor', { error: 'invalid_grant', suberror: 'basic_action' }],
  ])('%s, says its authorization server', async (_name, body) => {
    refusing(foreign, 400, body);
    const { status, challenge, text } = await answerOf();
    expect([status, challenge]).toEqual([200, null]);
    expect(text).toContain('You have not been given the access to the orders API that this tool needs.');
    expect(text).not.toMatch(/gold|urn:acrs/);
  });

  test.each(['invalid_token', 'invalid_request'])('its %s is about the assertion', async (error) => {
    refusing(foreign, 400, { error });
    expect(await answerOf()).toMatchObject({
      status: 200,
      challenge: null,
      text: expect.stringContaining('not set up'),
    });
  });

  test('a consent has a page, where there is one', async () => {
    refusing(foreign, 400, { error: 'consent_required' });
    const { status, text } = await answerOf({ consentUrl: 'https://id.partner.example/consent' });
    expect(status).toBe(200);
    expect(text).toContain('Open https://id.partner.example/consent');
  });

  test('a scope is asked for by the name that it has here', async () => {
    refusing(foreign, 400, { error: 'invalid_scope' });
    const { status, challenge } = await answerOf({ scopeMap: { read: ['orders:read'] } });
    expect(status).toBe(403);
    expect(challenge).toContain('scope="orders:read"');
  });

  test.each([
    ['claims', `Bearer error="insufficient_claims", claims="${encoded}"`],
    ['a stronger sign-in', 'Bearer error="insufficient_user_authentication", acr_values="gold"'],
  ])('%s, says the API', async (_name, asked) => {
    const { status, challenge, text } = await answerOf({}, (server) => {
      answering(foreign, () => ({ issued_token_type: undefined }));
      server.orders.answers.set('/v1/orders', (_request, response) => {
        response.writeHead(401, { 'www-authenticate': asked }).end();
      });
    });
    expect([status, challenge]).toEqual([200, null]);
    expect(text).not.toMatch(/gold|urn:acrs|www_authenticate/);
  });
});

test('stops the boot: a second server on plain http', async () => {
  const { client } = authorizationServer();
  const dialect = dialects.jwtBearer({ authorizationServer: { issuer: 'http://a.example', client } });
  expect(await bootProblems({ dialect })).toEqual([
    expect.stringMatching(/`authorizationServer.issuer` is plain http/),
  ]);
});
