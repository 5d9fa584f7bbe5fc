import { afterEach, expect, test } from '@jest/globals';
import { clientSecretPost, dialects } from 'nestjs-mcp-auth';
import { callTool } from '../support/mcp-request.js';
import { TestIssuer } from '../support/test-issuer.js';
import { answering, attempt, bootProblems, DialectServers, form, order, refusing, Watched } from './dialect-server.js';

const servers = new DialectServers();
const ownAnswer = () => ({ issued_token_type: undefined });
const grant_type = 'client_credentials';

afterEach(() => servers.close());

test('the form has nothing of the caller, and one token serves all callers', async () => {
  const server = await servers.start({
    audience: 'orders-api',
    resource: 'urn:orders',
    scopes: ['read'],
    parameters: { organization: 'acme' },
    dialect: dialects.clientCredentials(),
  });
  const forms = answering(server.issuer, ownAnswer);
  await callTool(server.resource, await server.token(), 'order');
  await callTool(server.resource, await server.token({ sub: 'bob' }), 'order');
  expect(forms).toEqual([
    form({ grant_type, audience: 'orders-api', resource: 'urn:orders', scope: 'read', organization: 'acme' }),
  ]);
});

test("at the API's own authorization server, where the issuer of the caller is not asked", async () => {
  const foreign = await TestIssuer.start();
  try {
    const server = await servers.start({
      audience: undefined,
      scopes: ['read'],
      dialect: dialects.clientCredentials({
        authorizationServer: {
          issuer: foreign.issuer,
          client: { id: 'mcp-there', authentication: clientSecretPost('other') },
        },
      }),
    });
    const here = answering(server.issuer, ownAnswer);
    const there = answering(foreign, ownAnswer);
    expect((await order(server)).isError).toBeUndefined();
    expect(there).toEqual([form({ grant_type, scope: 'read', client_id: 'mcp-there', client_secret: 'other' })]);
    expect(here).toEqual([]);
    expect(server.orders.last.claims).toMatchObject({ iss: foreign.issuer });
  } finally {
    await foreign.close();
  }
});

test.each([
  ['the client', 401, { error: 'invalid_client' }],
  ['a scope', 400, { error: 'invalid_scope' }],
  ['the grant', 400, { error: 'unauthorized_client' }],
])('what it answers: %s', async (_name, status, body) => {
  const watched = new Watched(dialects.clientCredentials());
  const server = await servers.start({ audience: 'orders-api', dialect: watched.dialect });
  refusing(server.issuer, status, body);
  await attempt(server);
  expect(watched.failure).toEqual({ status, ...body });
});

test('stops the boot: no target', async () => {
  expect(await bootProblems({ dialect: dialects.clientCredentials() })).toEqual([
    expect.stringMatching(/^`downstreams.orders` names no target\. Set `audience`, `resource` or `scopes`/),
  ]);
  expect(await bootProblems({ dialect: dialects.clientCredentials(), scopes: ['read'] })).toEqual([]);
});
