import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { dialects } from 'nestjs-mcp-auth';
import { callTool } from '../support/mcp-request.js';
import type { DownstreamChanges, DownstreamServer } from '../downstream/downstream-server.js';
import {
  ACCESS_TOKEN,
  answering,
  bootProblems,
  DialectServers,
  EXCHANGE,
  form,
  order,
  testRefusals,
  Watched,
} from './dialect-server.js';

const servers = new DialectServers();
const watched = new Watched(dialects.okta());
let server: DownstreamServer;

beforeAll(async () => {
  server = await servers.start({ audience: 'api://orders', scopes: ['orders:read'], dialect: watched.dialect });
});
afterAll(() => servers.close());

test('the form, all of it', async () => {
  const forms = answering(server.issuer, () => ({ scope: 'orders:read' }));
  const token = await server.token();
  expect((await callTool(server.resource, token, 'order')).isError).toBeUndefined();
  expect(forms).toEqual([
    form({
      grant_type: EXCHANGE,
      subject_token: token,
      subject_token_type: ACCESS_TOKEN,
      audience: 'api://orders',
      scope: 'orders:read',
    }),
  ]);
});

test('another issued_token_type is refused', async () => {
  answering(server.issuer, () => ({ issued_token_type: 'urn:ietf:params:oauth:token-type:id_token' }));
  expect((await order(server)).isError).toBe(true);
  expect(watched.failure).toMatchObject({ unusable: true });
});

testRefusals(() => server, watched, [
  [
    'the token expired, or is of a server that is not trusted',
    400,
    { error: 'invalid_grant', error_description: 'subject token is invalid' },
    { status: 400, error: 'invalid_grant' },
  ],
  [
    'no policy allows it',
    400,
    {
      error: 'access_denied',
      error_description: 'Policy evaluation failed for this request, please check the policy configurations.',
    },
    { status: 400, error: 'access_denied' },
  ],
  [
    'a scope that the server does not have',
    400,
    {
      error: 'invalid_scope',
      error_description: 'One or more scopes are not configured for the authorization server.',
    },
    { status: 400, error: 'invalid_scope' },
  ],
  [
    'a grant that the application does not have',
    400,
    { error: 'unauthorized_client', error_description: 'The client is not authorized to use the provided grant type.' },
    { status: 400, error: 'unauthorized_client' },
  ],
  [
    'wrong credentials',
    401,
    { error: 'invalid_client', error_description: 'The client secret supplied for a confidential client is invalid.' },
    { status: 401, error: 'invalid_client' },
  ],
  [
    'too many requests, in the form of its management API',
    429,
    { errorCode: 'E0000047', errorSummary: 'API call exceeded rate limit due to too many requests.', errorId: 'x' },
    { status: 429, retryAfterMs: 60_000 },
    { 'retry-after': '60' },
  ],
]);

test.each<[string, DownstreamChanges, RegExp]>([
  ['no audience', { scopes: ['orders:read'] }, /^`downstreams.orders` has no `audience`/],
  [
    'several audiences',
    { audience: ['a', 'b'], scopes: ['orders:read'] },
    /^`downstreams.orders` has a list as `audience`/,
  ],
  ['no scopes', { audience: 'api://orders' }, /^`downstreams.orders` has no `scopes`/],
])('stops the boot: %s', async (_name, changes, problem) => {
  expect(await bootProblems({ ...changes, dialect: dialects.okta() })).toEqual([expect.stringMatching(problem)]);
});
