import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { dialects } from 'nestjs-mcp-auth';
import { callTool } from '../support/mcp-request.js';
import type { DownstreamServer } from '../downstream/downstream-server.js';
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
const watched = new Watched(dialects.auth0());
const audience = 'https://orders.example';
let server: DownstreamServer;

beforeAll(async () => {
  server = await servers.start({
    audience,
    scopes: ['read:orders'],
    parameters: { organization: 'org_1' },
    dialect: watched.dialect,
  });
});
afterAll(() => servers.close());

const usual = { grant_type: EXCHANGE, subject_token_type: ACCESS_TOKEN, requested_token_type: ACCESS_TOKEN };

test('the form, all of it', async () => {
  const forms = answering(server.issuer, () => ({ scope: 'read:orders', expires_in: 86_400 }));
  const token = await server.token();
  expect((await callTool(server.resource, token, 'order')).isError).toBeUndefined();
  expect(forms).toEqual([
    form({ ...usual, subject_token: token, audience, scope: 'read:orders', organization: 'org_1' }),
  ]);
});

test('the form by resource, for tenants with the compatibility profile', async () => {
  const own = await servers.start({ audience: undefined, resource: audience, dialect: dialects.auth0() });
  const forms = answering(own.issuer);
  const token = await own.token();
  await callTool(own.resource, token, 'order');
  expect(forms).toEqual([form({ ...usual, subject_token: token, resource: audience })]);
});

test('another issued_token_type is refused', async () => {
  answering(server.issuer, () => ({ issued_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' }));
  expect((await order(server)).isError).toBe(true);
  expect(watched.failure).toMatchObject({ unusable: true });
});

testRefusals(() => server, watched, [
  [
    'wrong credentials',
    401,
    { error: 'access_denied', error_description: 'Unauthorized' },
    { status: 401, error: 'access_denied' },
  ],
  [
    'an application that is no Custom API client',
    403,
    { error: 'unauthorized_client', error_description: 'Client is not authorized to perform this token exchange' },
    { status: 403, error: 'unauthorized_client' },
  ],
  [
    'an API that it does not know',
    403,
    { error: 'access_denied', error_description: 'Service not found: https://orders.example' },
    { status: 403, error: 'access_denied' },
  ],
  [
    'a second factor',
    403,
    { error: 'mfa_required', error_description: 'Multifactor authentication required', mfa_token: 'Fe26.2*x' },
    { status: 403, error: 'mfa_required' },
  ],
  [
    'a token that expired',
    400,
    { error: 'invalid_request', error_description: 'Invalid subject token' },
    { status: 400, error: 'invalid_request' },
  ],
  [
    'too many requests',
    429,
    { error: 'too_many_requests', error_description: 'Global limit has been reached' },
    { status: 429, error: 'too_many_requests', retryAfterMs: 30_000 },
    { 'retry-after': '30', 'x-ratelimit-remaining': '0' },
  ],
]);

test('stops the boot: several audiences', async () => {
  expect(await bootProblems({ audience: ['a', 'b'], dialect: dialects.auth0() })).toEqual([
    expect.stringMatching(/^`downstreams.orders` has a list as `audience`/),
  ]);
});

test('stops the boot: no target', async () => {
  expect(await bootProblems({ scopes: ['read:orders'], dialect: dialects.auth0() })).toEqual([
    expect.stringMatching(/^`downstreams.orders` names no target/),
  ]);
});
