import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { exportJWK, generateKeyPair } from 'jose';
import { McpTool } from 'nestjs-mcp-auth';
import { startDownstreamServer } from '../downstream/downstream-server.js';
import { callEither, EagerAndLazy, refuseAtProvider } from '../exchange/eager-and-lazy.js';
import { callTool, post, textOf, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import { TestIssuer } from '../support/test-issuer.js';
import { json, listWarnings, MARK, MAX_LINE, OTHERS, UNREAD, type Answer } from './documents.js';

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  hello(): string {
    return 'hello';
  }
}

const METADATA = '/.well-known/oauth-authorization-server';
const KEYS = '/jwks';

let elsewhere: TestIssuer;

beforeAll(async () => {
  elsewhere = await TestIssuer.start();
});
afterAll(async () => {
  await elsewhere.close();
});

/** What an issuer publishes: the path, and what is sent there. */
type Publication = readonly [name: string, path: string, send: (issuer: TestIssuer) => Answer | Promise<Answer>];

const keySet = ({ keys }: TestIssuer) => ({ keys: keys.map(({ publicJwk }) => publicJwk), mark: MARK });
const metadata = (issuer: TestIssuer, changes: object = {}) => ({ ...issuer.metadata(), mark: MARK, ...changes });
const redirect: Answer = (request, response) =>
  response.writeHead(302, { location: `${elsewhere.origin}${request.url ?? ''}` }).end(MARK);

const PUBLICATIONS: readonly Publication[] = [
  ...[...UNREAD, ...OTHERS].flatMap(([name, send]): Publication[] => [
    [`metadata ${name}`, METADATA, (issuer) => send(metadata(issuer))],
    [`keys ${name}`, KEYS, (issuer) => send(keySet(issuer))],
  ]),
  ['metadata that is elsewhere', METADATA, () => redirect],
  ['keys that are elsewhere', KEYS, () => redirect],
  ...(
    [
      ['of another issuer', { issuer: `https://${MARK}.example` }],
      ['of an issuer with a name of 500 kB', { issuer: MARK.repeat(25_000) }],
      ['whose issuer is a list', { issuer: [MARK] }],
      ['whose token endpoint is no text', { token_endpoint: [MARK] }],
      ['whose token endpoint runs a script', { token_endpoint: `javascript:${MARK}` }],
      ['with keys on plain http', { jwks_uri: `http://${MARK}.example/jwks` }],
      ['with keys in a file', { jwks_uri: `file:///${MARK}` }],
      ['with keys at no address', { jwks_uri: { [MARK]: 1 } }],
    ] as const
  ).map(([name, changes]): Publication => [`metadata ${name}`, METADATA, (issuer) => json(metadata(issuer, changes))]),
  [
    'metadata with keys in the address',
    METADATA,
    (issuer) => {
      const address = `data:application/json,${encodeURIComponent(JSON.stringify(keySet(issuer)))}`;
      return json(metadata(issuer, { jwks_uri: address }));
    },
  ],
  [
    'more keys than anyone has',
    KEYS,
    (issuer) => {
      const { keys } = keySet(issuer);
      return json({ keys: Array.from({ length: 201 }, () => keys).flat() });
    },
  ],
  [
    'keys with their private parts',
    KEYS,
    async (issuer) => {
      const [key] = issuer.keys;
      const pair = await generateKeyPair('ES256', { extractable: true });
      if (key)
        issuer.keys = [{ ...key, ...pair, publicJwk: { ...key.publicJwk, ...(await exportJWK(pair.privateKey)) } }];
      return json(keySet(issuer));
    },
  ],
  ['keys that are not objects', KEYS, () => json({ keys: [null, MARK, 5, [MARK]] })],
];

describe('what an issuer publishes', () => {
  const issuers = new Map<string, TestIssuer>();
  let server: ProtectedServer;

  beforeAll(async () => {
    for (const [name] of PUBLICATIONS) issuers.set(name, await TestIssuer.start());
    const trusted = [...issuers.values()].map(({ issuer }) => ({ issuer }));
    server = await startProtectedServer({
      providers: [Tools],
      options: { issuers: trusted },
      beforeStart: ({ issuer }) => trusted.push({ issuer }),
    });
  });
  afterAll(async () => {
    await server.close();
    await Promise.all([...issuers.values()].map((issuer) => issuer.close()));
  });

  test.each(PUBLICATIONS)('%s: 503, one line for the operator, and others are served', async (name, path, send) => {
    const issuer = issuers.get(name) ?? elsewhere;
    issuer.answers.set(path, await send(issuer));
    const token = await issuer.token({ aud: server.resource });
    server.log.lines.length = 0;
    const response = await post(server.resource, toolCall('hello'), { token });
    expect([response.status, response.headers.has('retry-after')]).toEqual([503, true]);
    expect(JSON.stringify([...response.headers]) + (await response.text())).not.toContain(MARK);
    const lines = listWarnings(server.log.lines);
    expect(lines).toEqual([
      expect.stringMatching(/^error The issuer \S+ is unavailable: no usable (metadata|keys)\. /),
    ]);
    expect(lines.join('').length).toBeLessThan(MAX_LINE);
    expect(elsewhere.requests).toEqual([]);
    expect(textOf(await callTool(server.resource, await server.token(), 'hello'))).toBe('hello');
  });
});

test('an issuer on https cannot lead to plain http on this machine', async () => {
  const inside = await TestIssuer.start();
  const remote = 'https://id.example';
  const server = await startProtectedServer({ providers: [Tools], options: { issuers: [{ issuer: remote }] } });
  const original = globalThis.fetch;
  jest
    .spyOn(globalThis, 'fetch')
    .mockImplementation(async (url, init) =>
      String(url).startsWith(remote)
        ? Response.json({ ...inside.metadata(), issuer: remote, token_endpoint: `${remote}/token` })
        : await original(url, init),
    );
  const token = await inside.token({ iss: remote, aud: server.resource });
  const response = await post(server.resource, toolCall('hello'), { token });
  await response.body?.cancel();
  expect([response.status, inside.requests]).toEqual([503, []]);
  expect(server.log.text).toContain(`its jwks_uri is ${inside.origin}/jwks, but the metadata is on https`);
  jest.restoreAllMocks();
  await server.close();
  await inside.close();
});

test.each<[unknown]>([[[MARK]], [`javascript:${MARK}`], [`http://${MARK}.example/authorize`], [5], [null]])(
  'a challenge sends nobody to %j',
  async (authorization_endpoint) => {
    const server = await startDownstreamServer({ providers: [EagerAndLazy] });
    server.issuer.answers.set(METADATA, json(metadata(server.issuer, { authorization_endpoint })));
    refuseAtProvider(server, 400, { error: 'interaction_required', claims: '{"access_token":{}}' });
    const { status, challenge } = await callEither(server, 'eager', { scope: 'tool' });
    expect([status, challenge]).toEqual([401, expect.stringContaining('error="insufficient_claims"')]);
    expect(challenge).not.toMatch(/authorization_uri|inside-of-the-document/);
    await server.close();
  },
);
