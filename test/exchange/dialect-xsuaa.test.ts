import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { dialects } from 'nestjs-mcp-auth';
import { callTool } from '../support/mcp-request.js';
import type { DownstreamChanges, DownstreamServer } from '../downstream/downstream-server.js';
import { answering, bootProblems, DialectServers, form, JWT_BEARER, testRefusals, Watched } from './dialect-server.js';

const servers = new DialectServers();
const watched = new Watched(dialects.xsuaa());
const SCOPE = 'orders-api!t1234.view';
let server: DownstreamServer;

beforeAll(async () => {
  server = await servers.start({ audience: undefined, scopes: [SCOPE], dialect: watched.dialect });
});
afterAll(() => servers.close());

test('the form, all of it', async () => {
  const forms = answering(server.issuer, () => ({
    issued_token_type: undefined,
    token_type: 'bearer',
    scope: SCOPE,
    jti: 'x',
    refresh_token: 'never used',
  }));
  const token = await server.token();
  expect((await callTool(server.resource, token, 'order')).isError).toBeUndefined();
  const usual = { grant_type: JWT_BEARER, assertion: token, response_type: 'token', token_format: 'jwt', scope: SCOPE };
  expect(forms).toEqual([form(usual)]);
});

// As the UAA of Cloud Foundry writes them.
testRefusals(() => server, watched, [
  [
    'the token expired',
    401,
    { error: 'invalid_token', error_description: 'Invalid access token: expired at Sat Nov 28 22:00:00 UTC 2026' },
    { status: 401, error: 'invalid_token' },
  ],
  [
    'the user, or the client, has none of the scopes',
    400,
    {
      error: 'invalid_scope',
      error_description: '[x] is invalid. This user is not allowed any of the requested scopes',
    },
    { status: 400, error: 'invalid_scope' },
  ],
  [
    'a grant that the client does not have',
    401,
    { error: 'invalid_client', error_description: 'Unauthorized grant type: jwt-bearer' },
    { status: 401, error: 'invalid_client' },
  ],
]);

test.each<[string, DownstreamChanges, RegExp]>([
  ['no scopes', {}, /^`downstreams.orders` has no `scopes`/],
  ['an audience', { audience: 'x', scopes: [SCOPE] }, /^`downstreams.orders` has `audience` or `resource`/],
  ['a resource', { resource: 'https://x.example', scopes: [SCOPE] }, /^`downstreams.orders` has `audience` or `res/],
])('stops the boot: %s', async (_name, changes, problem) => {
  const options = { audience: undefined, ...changes, dialect: dialects.xsuaa() };
  expect(await bootProblems(options)).toEqual([expect.stringMatching(problem)]);
});
