import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { dialects } from 'nestjs-mcp-auth';
import { callTool } from '../support/mcp-request.js';
import type { DownstreamChanges, DownstreamServer } from '../downstream/downstream-server.js';
import {
  ACCESS_TOKEN,
  answering,
  bootProblems,
  DialectServers,
  form,
  order,
  testRefusals,
  Watched,
} from './dialect-server.js';

const FEDERATED = 'http://auth0.com/oauth/token-type/federated-connection-access-token';
const GRANT = 'urn:auth0:params:oauth:grant-type:token-exchange:federated-connection-access-token';

const servers = new DialectServers();
const watched = new Watched(
  dialects.auth0TokenVault({
    connection: 'google-oauth2',
    loginHint: ({ claims: { google_id } }) => (typeof google_id === 'string' ? google_id : undefined),
  }),
);
let server: DownstreamServer;

beforeAll(async () => {
  server = await servers.start({ audience: undefined, dialect: watched.dialect });
});
afterAll(() => servers.close());

const usual = {
  grant_type: GRANT,
  subject_token_type: ACCESS_TOKEN,
  requested_token_type: FEDERATED,
  connection: 'google-oauth2',
};

test.each<[string, Record<string, unknown>, Record<string, string>]>([
  ['of users with one account', {}, {}],
  ['of users with several', { google_id: '1234' }, { login_hint: '1234' }],
])('the form, all of it, %s', async (_name, claims, more) => {
  const forms = answering(server.issuer, () => ({ issued_token_type: FEDERATED, scope: 'calendar.readonly' }));
  const token = await server.token(claims);
  expect((await callTool(server.resource, token, 'order')).isError).toBeUndefined();
  expect(forms).toEqual([form({ ...usual, ...more, subject_token: token })]);
});

test.each([
  ['an access token of Auth0 itself', ACCESS_TOKEN],
  ['no issued_token_type', undefined],
])('%s is not sent to the third party', async (_name, issued_token_type) => {
  answering(server.issuer, () => ({ issued_token_type }));
  const before = server.orders.requests.length;
  expect((await order(server)).isError).toBe(true);
  expect(watched.failure).toMatchObject({ unusable: true });
  expect(server.orders.requests).toHaveLength(before);
});

test('there is no token of its own for a third party', () => {
  expect(dialects.auth0TokenVault({ connection: 'x' }).ownAuthority).toBe(false);
});

testRefusals(() => server, watched, [
  [
    'the user has connected no account',
    401,
    { error: 'federated_connection_refresh_token_not_found', error_description: 'No refresh token found' },
    { status: 401, error: 'federated_connection_refresh_token_not_found' },
  ],
  [
    'the token expired',
    401,
    { error: 'invalid_grant', error_description: 'Invalid subject token' },
    { status: 401, error: 'invalid_grant' },
  ],
  [
    'the grant is not allowed to this client',
    403,
    { error: 'unauthorized_client', error_description: "Grant type not allowed for the client.'" },
    { status: 403, error: 'unauthorized_client' },
  ],
]);

test.each<[string, string, DownstreamChanges, RegExp]>([
  ['an audience', 'x', { audience: 'https://google.example' }, /has `audience`, `resource` or `scopes`/],
  ['a resource', 'x', { resource: 'https://google.example' }, /has `audience`, `resource` or `scopes`/],
  ['scopes', 'x', { scopes: ['calendar'] }, /has `audience`, `resource` or `scopes`/],
  ['no connection', '', {}, /has a dialect without `connection`/],
])('stops the boot: %s', async (_name, connection, changes, problem) => {
  const dialect = dialects.auth0TokenVault({ connection });
  expect(await bootProblems({ ...changes, dialect })).toEqual([expect.stringMatching(problem)]);
});
