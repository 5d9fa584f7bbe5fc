import { afterEach, expect, test } from '@jest/globals';
import { dialects } from 'nestjs-mcp-auth';
import type { DownstreamChanges } from '../downstream/downstream-server.js';
import { answering, bootProblems, DialectServers, order } from './dialect-server.js';

const servers = new DialectServers();

afterEach(() => servers.close());

test('nothing is asked for and nothing sent, not even the token that came in', async () => {
  const server = await servers.start({ audience: undefined, dialect: dialects.none() });
  const forms = answering(server.issuer);
  expect((await order(server)).isError).toBeUndefined();
  expect(forms).toEqual([]);
  expect(server.orders.last.headers).not.toHaveProperty('authorization');
});

test.each<[string, DownstreamChanges]>([
  ['an audience', { audience: 'orders-api' }],
  ['a resource', { resource: 'urn:orders' }],
  ['scopes', { scopes: ['read'] }],
])('stops the boot: %s', async (_name, changes) => {
  expect(await bootProblems({ ...changes, dialect: dialects.none() })).toEqual([
    expect.stringMatching(/^`downstreams.orders` has `audience`, `resource` or `scopes`, but its dialect asks for no/),
  ]);
});
