import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { dialects } from 'nestjs-mcp-auth';
import { callTool } from '../support/mcp-request.js';
import type { DownstreamChanges, DownstreamServer } from '../downstream/downstream-server.js';
import { answering, bootProblems, DialectServers, form, JWT_BEARER, testRefusals, Watched } from './dialect-server.js';

const servers = new DialectServers();
const watched = new Watched(dialects.adfsOnBehalfOf());
const API = 'https://orders.acme.example';
let server: DownstreamServer;

beforeAll(async () => {
  server = await servers.start({ audience: undefined, resource: API, dialect: watched.dialect });
});
afterAll(() => servers.close());

test('the form, all of it', async () => {
  const forms = answering(server.issuer, () => ({ issued_token_type: undefined, token_type: 'bearer' }));
  const token = await server.token();
  expect((await callTool(server.resource, token, 'order')).isError).toBeUndefined();
  const usual = { grant_type: JWT_BEARER, assertion: token, requested_token_use: 'on_behalf_of', resource: API };
  expect(forms).toEqual([form(usual)]);
});

// As AD FS writes them (MSIS codes).
testRefusals(() => server, watched, [
  [
    'the token lacks user_impersonation, or is for another Web API than the client',
    400,
    { error: 'invalid_grant', error_description: 'MSIS9620: Received invalid OAuth JWT Bearer request.' },
    { status: 400, error: 'invalid_grant' },
  ],
  [
    'the API is not known, or not permitted to the client',
    400,
    { error: 'invalid_resource', error_description: "MSIS9602: The received 'resource' parameter is invalid." },
    { status: 400, error: 'invalid_resource' },
  ],
  [
    'wrong credentials',
    401,
    { error: 'invalid_client', error_description: 'MSIS9622: Client authentication failed.' },
    { status: 401, error: 'invalid_client' },
  ],
]);

test.each<[string, DownstreamChanges, RegExp]>([
  ['no resource', {}, /^`downstreams.orders` has no single `resource`/],
  ['several resources', { resource: [API, `${API}/v2`] }, /^`downstreams.orders` has no single `resource`/],
  ['an audience', { audience: 'orders', resource: API }, /^`downstreams.orders` has `audience`/],
])('stops the boot: %s', async (_name, changes, problem) => {
  const options = { audience: undefined, ...changes, dialect: dialects.adfsOnBehalfOf() };
  expect(await bootProblems(options)).toEqual([expect.stringMatching(problem)]);
});
