import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { clientSecretPost, dialects } from 'nestjs-mcp-auth';
import type { ExchangeDialect } from 'nestjs-mcp-auth/dialects';
import { callTool } from '../support/mcp-request.js';
import { TestIssuer } from '../support/test-issuer.js';
import type { DownstreamServer } from '../downstream/downstream-server.js';
import {
  ACCESS_TOKEN,
  answering,
  attempt,
  bootProblems,
  DialectServers,
  EXCHANGE,
  form,
  JWT_BEARER,
  order,
  refusing,
  Watched,
  type Refusal,
} from './dialect-server.js';

const ID_JAG = 'urn:ietf:params:oauth:token-type:id-jag';
const JAG_HEADER = { typ: 'oauth-id-jag+jwt' };

const servers = new DialectServers();
let foreign: TestIssuer;

beforeEach(async () => {
  foreign = await TestIssuer.start();
});
afterEach(async () => {
  await Promise.all([foreign.close(), servers.close()]);
});

const authorizationServer = () => ({
  issuer: foreign.issuer,
  client: { id: 'mcp-there', authentication: clientSecretPost('other') },
});

async function start(dialect: ExchangeDialect): Promise<DownstreamServer> {
  return await servers.start({
    audience: undefined,
    resource: 'https://orders.example',
    scopes: ['read'],
    parameters: { tenant: 'acme' },
    dialect,
  });
}

/** An ID-JAG as the draft has it, and what is different about it. */
async function jagOf({ issuer }: DownstreamServer, claims: object = {}, header: object = JAG_HEADER): Promise<string> {
  const usual = { aud: foreign.issuer, client_id: 'mcp-there', resource: 'https://orders.example', scope: 'read' };
  return await issuer.token({ ...usual, ...claims }, { ...header });
}

describe('two requests', () => {
  test('the forms, all of them: an ID-JAG of the first is the grant at the second', async () => {
    const server = await start(dialects.identityAssertion({ authorizationServer: authorizationServer() }));
    const jag = await jagOf(server);
    const first = answering(server.issuer, () => ({ access_token: jag, token_type: 'N_A', issued_token_type: ID_JAG }));
    const second = answering(foreign, () => ({ issued_token_type: undefined }));
    const token = await server.token();
    expect((await callTool(server.resource, token, 'order')).isError).toBeUndefined();
    expect(first).toEqual([
      form({
        grant_type: EXCHANGE,
        subject_token: token,
        subject_token_type: ACCESS_TOKEN,
        requested_token_type: ID_JAG,
        audience: foreign.issuer,
        resource: 'https://orders.example',
        scope: 'read',
        tenant: 'acme',
      }),
    ]);
    expect(second).toEqual([
      form({
        grant_type: JWT_BEARER,
        assertion: jag,
        scope: 'read',
        client_id: 'mcp-there',
        client_secret: 'other',
      }),
    ]);
    expect(server.orders.last.claims).toMatchObject({ iss: foreign.issuer });
  });

  test('only the access token is kept: the next call asks neither', async () => {
    const server = await start(
      dialects.identityAssertion({ authorizationServer: authorizationServer(), subjectTokenType: 'urn:x' }),
    );
    const jag = await jagOf(server);
    const first = answering(server.issuer, () => ({ access_token: jag, token_type: 'N_A', issued_token_type: ID_JAG }));
    const second = answering(foreign, () => ({ issued_token_type: undefined }));
    const token = await server.token();
    await callTool(server.resource, token, 'order');
    await callTool(server.resource, token, 'order');
    expect([first.length, second.length]).toEqual([1, 1]);
    expect(first[0]).toContainEqual(['subject_token_type', 'urn:x']);
    expect(server.log.text).not.toContain(jag);
  });
});

describe('what is no ID-JAG for this client is not passed on', () => {
  test.each<[string, object, object, object]>([
    ['a Bearer token', { token_type: 'Bearer' }, {}, JAG_HEADER],
    ['another issued_token_type', { issued_token_type: ACCESS_TOKEN }, {}, JAG_HEADER],
    ['no issued_token_type', { issued_token_type: undefined }, {}, JAG_HEADER],
    ['a JWT of another type', {}, {}, { typ: 'at+jwt' }],
    ['a JWT without a type', {}, {}, { typ: undefined }],
    ['one for another authorization server', {}, { aud: 'https://other.example' }, JAG_HEADER],
    ['one for nobody', {}, { aud: undefined }, JAG_HEADER],
    ['one for another client', {}, { client_id: 'other' }, JAG_HEADER],
    ['one for no client', {}, { client_id: undefined }, JAG_HEADER],
  ])('%s', async (_name, change, claims, header) => {
    const watched = new Watched(dialects.identityAssertion({ authorizationServer: authorizationServer() }));
    const server = await start(watched.dialect);
    const access_token = await jagOf(server, claims, header);
    answering(server.issuer, () => ({ access_token, token_type: 'N_A', issued_token_type: ID_JAG, ...change }));
    expect((await order(server)).isError).toBe(true);
    expect(watched.failure).toMatchObject({ status: 200, unusable: true });
    expect(foreign.requests).not.toContain('/token');
  });

  test('what is not a JWT', async () => {
    const server = await start(dialects.identityAssertion({ authorizationServer: authorizationServer() }));
    answering(server.issuer, () => ({ access_token: 'opaque', token_type: 'N_A', issued_token_type: ID_JAG }));
    expect((await order(server)).isError).toBe(true);
    expect(foreign.requests).not.toContain('/token');
  });
});

describe('the answers of the first', () => {
  test.each<Refusal>([
    [
      'it issues none for this application',
      400,
      { error: 'unauthorized_client', error_description: 'No managed connection' },
      { status: 400, error: 'unauthorized_client' },
    ],
    ['a server that it does not know', 400, { error: 'invalid_target' }, { status: 400, error: 'invalid_target' }],
    [
      'an access token is not what it takes',
      400,
      { error: 'invalid_request', error_description: "'subject_token_type' is invalid" },
      { status: 400, error: 'invalid_request' },
    ],
  ])('%s', async (_name, status, body, failure, headers = {}) => {
    const watched = new Watched(dialects.identityAssertion({ authorizationServer: authorizationServer() }));
    const server = await start(watched.dialect);
    refusing(server.issuer, status, body, headers);
    await attempt(server);
    expect(watched.failure).toEqual(failure);
    expect(foreign.requests).not.toContain('/token');
  });
});

describe('the answers of the second say nothing of the token that came in', () => {
  test.each<Refusal>([
    ['the client', 401, { error: 'invalid_client' }, { status: 401, error: 'invalid_client', foreign: true }],
    ['the assertion', 400, { error: 'invalid_grant' }, { status: 400, error: 'invalid_grant', foreign: true }],
    ['a scope', 400, { error: 'invalid_scope' }, { status: 400, error: 'invalid_scope', foreign: true }],
  ])('%s', async (_name, status, body, failure, headers = {}) => {
    const watched = new Watched(dialects.identityAssertion({ authorizationServer: authorizationServer() }));
    const server = await start(watched.dialect);
    const access_token = await jagOf(server);
    answering(server.issuer, () => ({ access_token, token_type: 'N_A', issued_token_type: ID_JAG }));
    refusing(foreign, status, { ...body, error_description: `refused ${access_token}` }, headers);
    expect((await order(server)).isError).toBe(true);
    expect(watched.failure).toEqual(failure);
    expect(server.log.text).not.toContain(access_token);
  });
});

describe('at boot', () => {
  const there = { id: 'mcp-there', authentication: clientSecretPost('other') };

  test.each<[string, object, object, RegExp]>([
    [
      'an audience',
      { issuer: 'https://a.example', client: there },
      { audience: 'orders' },
      /has an `audience`. It is always/,
    ],
    ['plain http', { issuer: 'http://a.example', client: there }, {}, /`authorizationServer.issuer` is plain http/],
    ['no URL', { issuer: 'a', client: there }, {}, /`authorizationServer.issuer` is not an absolute URL/],
    [
      'metadata on plain http',
      { issuer: 'https://a.example', metadataUrl: 'http://a.example/x', client: there },
      {},
      /`authorizationServer.metadataUrl` is plain http/,
    ],
    [
      'no client id',
      { issuer: 'https://a.example', client: { ...there, id: '' } },
      {},
      /`authorizationServer.client.id`/,
    ],
    [
      'no client authentication',
      { issuer: 'https://a.example', client: { id: 'x' } },
      {},
      /`authorizationServer.client.authentication` is missing/,
    ],
  ])('is refused: %s', async (_name, server, changes, problem) => {
    const dialect = dialects.identityAssertion({ authorizationServer: server as never });
    expect(await bootProblems({ ...changes, dialect })).toEqual([expect.stringMatching(problem)]);
  });

  test('is taken: the audience that it always is', async () => {
    const dialect = dialects.identityAssertion({ authorizationServer: { issuer: 'https://a.example', client: there } });
    expect(await bootProblems({ audience: 'https://a.example', dialect })).toEqual([]);
  });
});
