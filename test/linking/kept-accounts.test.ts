import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { clientSecretBasic, type McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { MemoryAdapter } from '../token-cache/memory-adapter.js';
import { Browser } from './browser.js';
import { Parties, type LinkedServer, type LinkedServerParts } from './linked-server.js';
import { UserAuthorizationServer } from './user-authorization-server.js';

let parties: Parties;
let store: MemoryAdapter;
let server: LinkedServer;
const CLIENT = { id: 'mcp-at-partner', authentication: clientSecretBasic('mcp-at-partner-secret') };
const keys = [randomBytes(32), randomBytes(32)] as const;

const replicas = (...shared: Uint8Array[]): NonNullable<McpAuthModuleOptions['replicas']> => ({ store, keys: shared });

beforeEach(async () => {
  store = new MemoryAdapter();
  parties = await Parties.start();
  server = await parties.serve({ options: { replicas: replicas(keys[0]) } });
});
afterEach(async () => {
  jest.restoreAllMocks();
  await parties.close();
});

async function link(on = server): Promise<void> {
  expect((await new Browser('alice').visit(await on.pageFor('alice'))).status).toBe(200);
}

/** The same server after its configuration was changed. */
async function changed(parts: LinkedServerParts): Promise<LinkedServer> {
  const options = { replicas: replicas(keys[0]), ...parts.options };
  return await parties.replicaOf(server, { ...parts, options });
}

const isAsked = async (on: LinkedServer) => (await on.call('alice')).result?.inputRequests?.page !== undefined;

describe('an account outlives a new configuration', () => {
  test('that has the same server, API and scopes, or fewer', async () => {
    await link();
    for (const crm of [{}, { scopes: [] }]) expect(await isAsked(await changed({ crm }))).toBe(false);
  });

  test('but not one with more scopes: the user is asked again, for all of them', async () => {
    await link();
    const more = await changed({ crm: { scopes: ['contacts:read', 'contacts:write'] } });
    const browser = new Browser('alice');
    // What is sent to the one is opened at the other.
    const atMore = ({ href }: { href: string }) => href.replace(more.resource, `${more.origin}/mcp`);
    let url = new URL(await more.pageFor('alice'));
    for (const path of ['/link/callback?', '/link/callback/crm?']) {
      ({ url } = await browser.visit(atMore(url), ({ href }) => href.startsWith(`${more.resource}${path}`)));
    }
    expect((await browser.visit(atMore(url))).status).toBe(200);
    expect((await more.call('alice')).result?.structuredContent?.scope).toBe('contacts:read contacts:write');
  });

  test.each<[string, (other: UserAuthorizationServer) => LinkedServerParts]>([
    ['another authorization server', (other) => ({ linked: { issuer: other.issuer } })],
    [
      'the endpoints of another',
      ({ issuer }) => ({
        crm: {
          linked: { client: CLIENT, authorizationEndpoint: `${issuer}/auth`, tokenEndpoint: `${issuer}/token` },
        },
      }),
    ],
    ['another API there', () => ({ crm: { resource: 'https://another.example' } })],
    ['another client', () => ({ linked: { client: { ...CLIENT, id: 'another' } } })],
  ])('and not one that names %s, which is told nothing of the tokens of before', async (_name, parts) => {
    await link();
    expect(await isAsked(server)).toBe(false);
    const other = await UserAuthorizationServer.start('localhost');
    const seen = parties.seen.size;
    expect(await isAsked(await changed(parts(other)))).toBe(true);
    expect(parties.seen.size).toBe(seen);
    expect(other.requests.filter((path) => path.startsWith('/token'))).toEqual([]);
    await other.close();
  });
});

describe('encryption keys', () => {
  test('can be rotated', async () => {
    await link();
    expect(await isAsked(await changed({ options: { replicas: replicas(keys[1], keys[0]) } }))).toBe(false);
  });

  test('that are lost lose the accounts, of which the log tells', async () => {
    await link();
    const other = await changed({ options: { replicas: replicas(keys[1]) } });
    expect(await isAsked(other)).toBe(true);
    expect(other.log.text).toMatch(/warn .*replicas\.keys/);
  });

  test('protect each entry in its place: an account that was moved to another user is none', async () => {
    await link();
    const [of] = [...store.entries].filter(([key]) => key.includes('linking'));
    await server.call('bob');
    const before = new Set(store.entries.keys());
    await new Browser('bob').visit(await server.pageFor('bob'));
    for (const key of store.entries.keys()) if (!before.has(key)) store.entries.set(key, of?.[1]);
    const { result } = await server.call('bob');
    expect(result?.structuredContent).toBeUndefined();
  });
});

describe('a store that', () => {
  test('cannot be read is no reason to ask for an account that may be linked', async () => {
    await link();
    store.fault = () => Promise.reject(new Error('down'));
    const { result, challenge } = await server.call('alice');
    expect(result).toMatchObject({ isError: true, _meta: { 'nestjs-mcp-auth/retry': { retryable: true } } });
    expect(result?.inputRequests).toBeUndefined();
    expect(challenge).toBeNull();
    store.fault = undefined;
    expect(await isAsked(server)).toBe(false);
  });

  test('cannot be written has no page to show, and says that it passes', async () => {
    const usual = store.set.bind(store);
    const set = jest
      .spyOn(store, 'set')
      .mockRejectedValue(new Error('READONLY You can’t write against a read only replica.'));
    for (const capabilities of [{ elicitation: { url: {} } }, {}]) {
      const { result, text } = await server.call('alice', { capabilities });
      expect(result).toMatchObject({ isError: true, _meta: { 'nestjs-mcp-auth/retry': { retryable: true } } });
      expect(text).not.toContain('READONLY');
    }
    set.mockImplementation(usual);
    expect(await isAsked(server)).toBe(true);
  });

  test('does not keep the account tells the user so', async () => {
    const browser = new Browser('alice');
    const { url } = await browser.visit(await server.pageFor('alice'), ({ href }) =>
      href.includes('/link/callback/crm?'),
    );
    jest.spyOn(store, 'set').mockResolvedValue(false);
    expect((await browser.visit(url)).status).toBe(503);
    jest.restoreAllMocks();
    expect(await isAsked(server)).toBe(true);
  });

  test('is back has what was linked before', async () => {
    await link();
    store.fault = () => Promise.reject(new Error('down'));
    await expect(
      server.accounts.unlink({ issuer: parties.enterprise.issuer, subject: 'alice' }, 'crm'),
    ).rejects.toMatchObject({ code: 'issuer_unavailable' });
    store.fault = undefined;
    expect(await isAsked(server)).toBe(false);
  });
});
