import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  clientSecretBasic,
  McpTool,
  type IssuerOptions,
  type IssuerResolverOptions,
  type McpContext,
} from 'nestjs-mcp-auth';
import type { TestKey } from 'nestjs-mcp-auth/testing';
import { post, textOf, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import type { Platform } from '../support/test-application.js';
import { sendJson, TestIssuer } from '../support/test-issuer.js';

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  whoami(_input: unknown, { caller }: McpContext): string {
    return `${caller?.subject ?? ''} of ${new URL(caller?.issuer ?? '').pathname}`;
  }
}

type Resolve = IssuerResolverOptions['resolve'];

const resolve = jest.fn<Resolve>();
let provider: TestIssuer;
let server: ProtectedServer;

const realm = (name: string) => `${provider.origin}/realms/${name}`;

/** A realm of the provider with a key of its own. */
async function addRealm(name: string): Promise<TestKey> {
  const key = await provider.addKey('ES256');
  const metadata = { ...provider.metadata(), issuer: realm(name), jwks_uri: `${provider.origin}/jwks-of-${name}` };
  provider.answers.set(`/.well-known/oauth-authorization-server/realms/${name}`, (_request, response) => {
    sendJson(response, 200, metadata);
  });
  provider.answers.set(`/jwks-of-${name}`, (_request, response) => {
    sendJson(response, 200, { keys: [key.publicJwk] });
  });
  return key;
}

async function start(
  platform: Platform,
  rest: Partial<IssuerResolverOptions> = {},
  trust: Partial<IssuerOptions> = {},
) {
  const issuerResolver = { pattern: realm('*'), resolve, advertised: [realm('acme')], ...rest };
  server = await startProtectedServer({
    platform,
    providers: [Tools],
    options: { issuers: [], issuerResolver, ...(trust.issuer !== undefined && { issuers: [{ ...trust } as never] }) },
  });
}

async function call(iss: string, key?: TestKey, claims: Record<string, unknown> = {}): Promise<unknown> {
  const token = await provider.token({ aud: server.resource, iss, ...claims }, {}, key);
  const response = await post(server.resource, toolCall('whoami'), { token });
  if (response.status !== 200) return response.status;
  return textOf(((await response.json()) as { result: never }).result);
}

beforeEach(async () => {
  provider = await TestIssuer.start();
  resolve.mockReset().mockImplementation((iss) => (iss.endsWith('/unknown') ? undefined : { issuer: iss }));
});
afterEach(async () => {
  jest.restoreAllMocks();
  await server.close();
  await provider.close();
});

test('only so many are asked about at once: further ones are answered with 503, and the log has one line', async () => {
  await start('express');
  let release: (answer: undefined) => void = () => undefined;
  const answer = new Promise<undefined>((resolved) => (release = resolved));
  resolve.mockReturnValue(answer);
  let refused = 0;
  const countRefused = (status: unknown) => {
    if (status === 503 && (refused += 1) === 5) release(undefined);
    return status;
  };
  const statuses = await Promise.all(
    Array.from({ length: 125 }, async (_, index) => countRefused(await call(realm(`tenant-${index}`)))),
  );
  expect(statuses.filter((status) => status === 503)).toHaveLength(5);
  expect(statuses.filter((status) => status === 401)).toHaveLength(120);

  resolve.mockImplementation(() => {
    throw new Error('no database');
  });
  for (let index = 0; index < 3; index += 1) expect(await call(realm(`other-${index}`))).toBe(503);
  expect(server.log.lines.filter((line) => line.startsWith('error `issuerResolver.resolve`'))).toHaveLength(1);
});

describe.each(['express', 'fastify'] as const)('issuers that are not known at boot, on %s', (platform) => {
  test('are asked about once, and each has its own keys', async () => {
    const [acme, globex] = [await addRealm('acme'), await addRealm('globex')];
    await start(platform);
    for (let calls = 0; calls < 2; calls += 1) {
      expect(await call(realm('acme'), acme)).toBe('alice of /realms/acme');
      expect(await call(realm('globex'), globex)).toBe('alice of /realms/globex');
    }
    expect(await call(realm('acme'), globex)).toBe(401);
    expect(resolve.mock.calls.map(([iss]) => iss)).toEqual([realm('acme'), realm('globex')]);
    const metadata = await fetch(`${server.origin}/.well-known/oauth-protected-resource/mcp`);
    expect(await metadata.json()).toMatchObject({ authorization_servers: [realm('acme')] });
  });

  test('many at once are one question', async () => {
    const acme = await addRealm('acme');
    await start(platform);
    await Promise.all(Array.from({ length: 20 }, () => call(realm('acme'), acme)));
    expect(resolve).toHaveBeenCalledTimes(1);
  });

  test('the answer that there is none is kept, too, and nothing is fetched', async () => {
    await start(platform);
    for (let calls = 0; calls < 3; calls += 1) expect(await call(realm('unknown'))).toBe(401);
    expect(resolve).toHaveBeenCalledTimes(1);
    expect(provider.requests).toEqual([]);
  });

  test('outside the pattern nobody is asked, and nothing is fetched', async () => {
    const stranger = await TestIssuer.start();
    await start(platform);
    const outside = [
      stranger.issuer,
      provider.origin,
      `${provider.origin}/realms/`,
      `${provider.origin}/realms/../x`,
      `${provider.origin}/realms/.`,
      `${provider.origin}/realms/a/b`,
      `${provider.origin}/realms/a%2fb`,
      `${provider.origin}/realms/a?x`,
      `${provider.origin}/realms/a#x`,
      `${provider.origin}/realms/a\n`,
      `${provider.origin}@${stranger.origin.slice(7)}/realms/a`,
      `${stranger.origin}/${provider.origin}/realms/a`,
      `${provider.origin}/realms/${'a'.repeat(600)}`,
      '__proto__',
    ];
    for (const iss of outside) expect(await call(iss)).toBe(401);
    expect([resolve.mock.calls, stranger.requests, provider.requests]).toEqual([[], [], []]);
    await stranger.close();
  });

  test('both answers end: a tenant that comes is let in, one that goes is let out', async () => {
    const acme = await addRealm('acme');
    await start(platform, { cacheMs: 10_000 });
    const later = Math.floor(Date.now() / 1000) + 3_600;
    const clock = performance.now();
    const pass = (milliseconds: number) => {
      jest.spyOn(performance, 'now').mockReturnValue(clock + milliseconds);
    };
    resolve.mockReturnValue(undefined);
    expect(await call(realm('acme'), acme, { exp: later })).toBe(401);
    resolve.mockImplementation((iss) => ({ issuer: iss }));
    expect(await call(realm('acme'), acme, { exp: later })).toBe(401);
    pass(11_000);
    expect(await call(realm('acme'), acme, { exp: later })).toBe('alice of /realms/acme');
    const fetches = provider.requests.length;
    pass(22_000);
    expect(await call(realm('acme'), acme, { exp: later })).toBe('alice of /realms/acme');
    expect([resolve.mock.calls.length, provider.requests.length]).toEqual([3, fetches]);
    resolve.mockReturnValue(undefined);
    pass(33_000);
    expect(await call(realm('acme'), acme, { exp: later })).toBe(401);
  });

  test('strangers who make up issuers drive out nobody who is known', async () => {
    const acme = await addRealm('acme');
    await start(platform, { maxIssuers: 3 });
    expect(await call(realm('acme'), acme)).toBe('alice of /realms/acme');
    resolve.mockReturnValue(undefined);
    for (let index = 0; index < 10; index += 1) expect(await call(realm(`made-up-${index}`))).toBe(401);
    expect(await call(realm('acme'), acme)).toBe('alice of /realms/acme');
    expect(resolve).toHaveBeenCalledTimes(11);
  });

  test.each<[string, Resolve]>([
    ['fails', () => Promise.reject(new Error('no database'))],
    ['returns another issuer', () => ({ issuer: 'https://other.example' })],
    ['returns options that are none', () => ({ issuer: 7 }) as never],
    ['returns options without what they need', (iss) => ({ issuer: iss, acceptMissingAudience: true })],
    [
      'returns an issuer that would be asked about opaque tokens',
      (iss) => ({ issuer: iss, introspection: { client: { id: 'a', authentication: clientSecretBasic('b') } } }),
    ],
    ['returns an issuer on plain http elsewhere', (iss) => ({ issuer: 'http://id.example', tokenIssuer: iss })],
  ])('is no fault of the token where the application %s', async (_name, answer) => {
    await start(platform);
    resolve.mockImplementation(answer);
    expect(await call(realm('acme'))).toBe(503);
    expect(server.log.text).toMatch(/error `issuerResolver.resolve` failed for http/);
    expect(provider.requests).toEqual([]);
  });

  test('their own options hold: audience, clients, and a check of their own', async () => {
    const acme = await addRealm('acme');
    await start(platform);
    resolve.mockImplementation((iss) => ({
      issuer: iss,
      clients: ['app'],
      audiences: ['orders'],
      validate: ({ plan }) => plan === 'paid',
    }));
    const good = { aud: 'orders', client_id: 'app', plan: 'paid' };
    expect(await call(realm('acme'), acme, good)).toBe('alice of /realms/acme');
    expect(await call(realm('acme'), acme, { ...good, client_id: 'other' })).toBe(403);
    expect(await call(realm('acme'), acme, { ...good, plan: 'free' })).toBe(401);
    expect(await call(realm('acme'), acme, { ...good, aud: server.resource })).toBe(401);
  });

  test('an issuer that is known at boot is not asked about', async () => {
    const acme = await addRealm('acme');
    await start(platform, {}, { issuer: realm('acme') });
    expect(await call(realm('acme'), acme)).toBe('alice of /realms/acme');
    expect(resolve).not.toHaveBeenCalled();
  });
});
