import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { IntrospectingServer } from '../introspection/introspecting-server.js';
import { ProofClient } from '../proof/proof-client.js';
import { post, toolCall } from '../support/mcp-request.js';
import { TestIssuer } from '../support/test-issuer.js';
import { encoded } from './forge.js';

type Sent = (parts: {
  readonly server: IntrospectingServer;
  readonly stranger: TestIssuer;
}) => Promise<string> | string;

const jwe = (header: object) => `${encoded({ alg: 'RSA-OAEP-256', enc: 'A256GCM', ...header })}.a.b.c.d`;
const jws = (claims: Record<string, unknown>, header: object = {}) =>
  `${encoded({ alg: 'ES256', ...header })}.${encoded(claims)}.AAAA`;

/** A JWT of somebody else, with this `iss`, as good as its issuer can make it. */
const named =
  (iss: (issuer: string) => unknown): Sent =>
  ({ server, stranger }) =>
    stranger.token({ iss: iss(server.issuer.issuer), aud: server.resource });

const TOKENS: readonly (readonly [name: string, token: Sent])[] = [
  ['a JWT of another issuer', ({ server, stranger }) => stranger.token({ aud: server.resource })],
  ['a JWT of our issuer with a slash behind it', named((issuer) => `${issuer}/`)],
  ['a JWT of our issuer in capitals', named((issuer) => issuer.toUpperCase())],
  ['a JWT of our issuer over https', named((issuer) => issuer.replace('http:', 'https:'))],
  ['a JWT of our issuer with another path', named((issuer) => `${issuer}/realms/other`)],
  ['a JWT of our issuer with a space', named((issuer) => `${issuer} `)],
  ['a JWT of our issuer in a list', named((issuer) => [issuer])],
  ['a JWT of an issuer that is an object', named((issuer) => ({ [issuer]: true }))],
  ['a JWT of an issuer that is a number', named(() => 7)],
  ['a JWT of an issuer that is null', named(() => null)],
  ['a JWT of an empty issuer', named(() => '')],
  ['a JWT without an issuer', named(() => undefined)],
  ['an ID token of another issuer', ({ stranger }) => stranger.token({ aud: 'client', nonce: 'n' }, { typ: 'JWT' })],
  ['a logout token of another issuer', ({ stranger }) => stranger.token({ events: {} }, { typ: 'logout+jwt' })],
  ['a security event of another issuer', ({ stranger }) => stranger.token({ events: {} }, { typ: 'secevent+jwt' })],
  ['an ID-JAG of another issuer', ({ stranger }) => stranger.token({}, { typ: 'oauth-id-jag+jwt' })],
  ['a client assertion', () => jws({ iss: 'client', sub: 'client', aud: 'https://as.example' })],
  ['a DPoP proof', async () => (await ProofClient.start()).proof()],
  ['a request object', () => jws({ client_id: 'client' }, { typ: 'oauth-authz-req+jwt' })],
  ['a JWE', () => jwe({})],
  ['a JWE that names its issuer', () => jwe({ iss: 'https://other.example' })],
  ['a JWE of our issuer', ({ server }) => jwe({ iss: server.issuer.issuer })],
  ['a JWE without a key', () => jwe({ alg: 'dir' }).replace('.a.', '..')],
  [
    'a nested JWT',
    async ({ stranger }) => `${encoded({ alg: 'ES256', cty: 'JWT' })}.${encoded(await stranger.token())}.A`,
  ],
  ['an unsecured JWT', () => `${encoded({ alg: 'none' })}.${encoded({ iss: 'https://other.example' })}.`],
  ['a JWT with a header in spaces', () => `${encoded(' \n{ "alg" : "ES256" }')}.${encoded({ sub: 'a' })}.AAAA`],
  ['a JWT with padding', async ({ stranger }) => `${await stranger.token()}==`],
  ['a JWT with a claim set of no JSON', () => `${encoded({ alg: 'ES256' })}.${encoded('claims')}.AAAA`],
  ['a JWT with an algorithm of no text', () => `${encoded({ alg: 7 })}.${encoded({ sub: 'a' })}.AAAA`],
  ['a JWT without its signature', async ({ stranger }) => (await stranger.token()).split('.').slice(0, 2).join('.')],
  ['a JWT without its header', async ({ stranger }) => (await stranger.token()).split('.').slice(1).join('.')],
  ['a JWT behind something', async ({ stranger }) => `v1.${await stranger.token()}`],
  ['an SD-JWT', async ({ stranger }) => `${await stranger.token()}~${encoded('["salt","name","alice"]')}~`],
  ['an SD-JWT behind something', async ({ stranger }) => `v1~${await stranger.token()}`],
  ['a JWT in quotes', async ({ stranger }) => `"${await stranger.token()}"`],
  ['a JWT behind its scheme again', async ({ stranger }) => `Bearer ${await stranger.token()}`],
  ['two JWTs', async ({ stranger }) => `${await stranger.token()},${await stranger.token()}`],
  ['a JWT and an opaque token', async ({ stranger }) => `${await stranger.token()} opaque`],
  ['a JWT in JSON', () => JSON.stringify({ payload: 'e30', protected: encoded({ alg: 'ES256' }), signature: 'AAAA' })],
  ['a JWT in percent encoding', async ({ stranger }) => `%65${(await stranger.token()).slice(1)}`],
  ['a token with a parameter behind it', () => 'opaque; realm=x'],
];

describe.each(['express', 'fastify'] as const)('what is not for our issuer is not shown to it, on %s', (platform) => {
  let server: IntrospectingServer;
  let stranger: TestIssuer;

  beforeAll(async () => {
    [server, stranger] = await Promise.all([IntrospectingServer.start({ platform }), TestIssuer.start()]);
  });
  afterAll(() => Promise.all([server.close(), stranger.close()]));

  beforeEach(() => {
    for (const list of [server.asked, server.issuer.requests, stranger.requests]) list.length = 0;
  });

  async function expectNotShown(answer: Response): Promise<void> {
    expect(answer.status).toBe(401);
    expect(server.asked).toEqual([]);
    expect([...server.issuer.requests, ...stranger.requests]).toEqual([]);
  }

  test.each(TOKENS)('%s', async (_name, make) => {
    await expectNotShown(await server.call(await make({ server, stranger })));
  });

  test.each<[string, Record<string, string>]>([
    ['x-access-token', { 'x-access-token': 'opaque' }],
    ['proxy-authorization', { 'proxy-authorization': 'Bearer opaque' }],
    ['x-forwarded-access-token', { 'x-forwarded-access-token': 'opaque' }],
    ['a cookie', { cookie: 'access_token=opaque' }],
    ['DPoP alone', { dpop: 'opaque' }],
    ['another scheme', { authorization: 'Token opaque' }],
    ['Basic', { authorization: `Basic ${Buffer.from('client:secret').toString('base64')}` }],
    ['no scheme', { authorization: 'opaque' }],
    ['a certificate that nobody checked', { 'client-cert': ':MIIB:', 'x-forwarded-client-cert': 'Hash=x' }],
  ])('a credential in %s', async (_name, headers) => {
    await expectNotShown(await post(server.resource, toolCall('whoami'), { headers }));
  });

  test('an opaque one is, as it came', async () => {
    for (const token of ['opaque', 'a.b.c', 'e30.e30.e30', 'ory_at_x-~+/=', '123456']) {
      expect(await server.status(token)).toBe(200);
      expect(server.asked.at(-1)?.body.token).toBe(token);
    }
  });
});
