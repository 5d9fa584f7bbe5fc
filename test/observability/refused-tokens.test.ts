import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ProofClient } from '../proof/proof-client.js';
import { proofOf } from '../proof/bound-client.js';
import { sendJson, TestIssuer } from '../support/test-issuer.js';
import { expectExplained, OWN_CLIENT, RefusingServer } from './refusing-server.js';

let server: RefusingServer;
let stranger: TestIssuer;
let client: ProofClient;

const INTROSPECTION = { client: OWN_CLIENT, tokens: /^opaque-/ };

const servers = (issuer: string) => ({
  plain: {
    issuers: [
      {
        issuer,
        algorithms: ['ES256'] as const,
        requiredClaims: ['tenant'],
        maxActors: 1,
        claims: { scopes: ['scope', failOnDemand] },
        validate: ({ blocked }: { blocked?: unknown }) => {
          if (blocked !== undefined) throw new Error('the user is blocked');
          return true;
        },
      },
    ],
    client: OWN_CLIENT,
  },
  untyped: { issuers: [{ issuer, types: ['at+jwt'], acceptMissingType: true }] },
  tenants: { issuers: [{ issuer: `${issuer}/{tenantid}`, tenants: ['acme', 'umbrella'] }] },
  opaque: { issuers: [{ issuer, introspection: { ...INTROSPECTION, endpoint: `${issuer}/introspect` } }] },
  bound: { proof: { dpop: {} } },
  key: { proof: { dpop: { required: true, algorithms: ['ES256'] as const, nonceSecret: 'n'.repeat(32) } } },
  certificate: { proof: { mutualTls: { required: true, certificate: 'socket' as const } } },
  either: {
    proof: {
      required: true,
      dpop: {},
      mutualTls: { certificate: { header: 'client-cert', proxies: ['10.0.0.0/8'] } },
    },
  },
});

function failOnDemand({ broken }: { broken?: unknown }): readonly string[] | undefined {
  if (broken !== undefined) throw new Error('a mapping of the application');
  return undefined;
}

const X5T = { 'x5t#S256': 'a'.repeat(43) };

interface Row {
  readonly of: keyof ReturnType<typeof servers>;
  readonly send: () => Promise<Record<string, string | string[]>>;
  readonly query?: string;
  readonly status?: number;
  readonly reason: string;
  readonly detail: RegExp;
  readonly fix: RegExp;
}

type Claims = Record<string, unknown>;

const bearer = async (token: string | Promise<string>) => ({ authorization: `Bearer ${await token}` });

/** A token that only the claims and the header given can be wrong of. */
const make = (of: Row['of'], claims: Claims = {}, header: Claims = {}) =>
  server.issuer.token({ aud: server.resource(of), tenant: 'acme', ...claims }, header);

const plain = (claims: Claims, header: Claims = {}) => ({
  of: 'plain' as const,
  send: () => bearer(make('plain', claims, header)),
});

const bound = (of: 'bound' | 'key', claims: Claims = {}, header: Claims = {}) => ({
  of,
  send: async () => {
    const token = await make(of, { cnf: client.confirmation });
    const usual = await proofOf({ client, token, resource: server.resource(of) }, claims);
    const proof = Object.keys(header).length === 0 ? usual : client.forged(header);
    return { authorization: `DPoP ${token}`, dpop: [proof] };
  },
});

const rows: Record<string, Row> = {
  'in the query': {
    of: 'plain',
    send: () => Promise.resolve({}),
    query: '?access_token=x',
    status: 400,
    reason: 'An access token must not be sent in the query; send it in the Authorization header',
    detail: /its query has access_token/,
    fix: /revoked/,
  },
  'in two headers': {
    of: 'plain',
    send: () => Promise.resolve({ authorization: ['Bearer one', 'Bearer two'] }),
    status: 400,
    reason: 'There is more than one Authorization header',
    detail: /there are 2/,
    fix: /proxy/,
  },
  'under another scheme': {
    of: 'plain',
    send: () => Promise.resolve({ authorization: 'Basic dXNlcjpwYXNzd29yZA==' }),
    reason: 'An access token is required',
    detail: /^the scheme of its Authorization header is "Basic", and wanted is "Bearer"$/,
    fix: /`Authorization: Bearer`/,
  },
  'without a scheme': {
    of: 'plain',
    send: () => Promise.resolve({ authorization: 'a1b2c3d4e5' }),
    reason: 'An access token is required',
    detail: /^its Authorization header has no scheme, and wanted is "Bearer"$/,
    fix: /`Authorization: Bearer`/,
  },
  'of another issuer': {
    of: 'plain',
    send: () => bearer(stranger.token({ aud: server.resource('plain') })),
    reason: 'The token is not a JWT of an issuer that is trusted here',
    detail: /^its iss is "http:\/\/127\.0\.0\.1:\d+", and wanted is "http:\/\/127\.0\.0\.1:\d+"$/,
    fix: /`issuers`.*slash/,
  },
  'of another tenant': {
    of: 'tenants',
    send: () => bearer(make('tenants', { iss: `${server.issuer.issuer}/acme`, tid: 'umbrella' })),
    reason: 'The token is not a JWT of an issuer that is trusted here',
    detail: /^its tid is "umbrella", and wanted is "acme"$/,
    fix: /tenant/,
  },
  'that is opaque': {
    of: 'plain',
    send: () => bearer('0123456789'),
    reason: 'The token is not a JWT of an issuer that is trusted here',
    detail: /^it is opaque or damaged \(10 characters, 1 parts, and a JWT has 3\), and no issuer has `introspection`$/,
    fix: /`introspection`/,
  },
  'that is opaque, and of no issuer': {
    of: 'opaque',
    send: () => bearer('0123456789'),
    reason: 'The token is not a JWT of an issuer that is trusted here',
    detail: /it is of no issuer that introspects, or could be of several \(http/,
    fix: /`tokens` in the `introspection`/,
  },
  'that is encrypted': {
    of: 'plain',
    send: () => bearer('a.b.c.d.e'),
    reason: 'The token is not a JWT of an issuer that is trusted here',
    detail: /five parts, as encrypted tokens/,
    fix: /not encrypt/,
  },
  'that is not active': {
    of: 'opaque',
    send: () => bearer('opaque-0123456789'),
    reason: 'The token is not active',
    detail: /says so to the client "mcp-server"/,
    fix: /introspect/,
  },
  'that another issuer answers for': {
    of: 'opaque',
    send: () => bearer('opaque-of-another-issuer'),
    reason: 'The token is from another issuer',
    detail: /^its iss is "https:\/\/other\.example", and wanted is "http/,
    fix: /`introspection\.endpoint`/,
  },
  'whose issuer is down': {
    of: 'opaque',
    send: () => bearer('opaque-while-down'),
    status: 503,
    reason: expect.stringMatching(/^The issuer http.* is unavailable: introspection failed/) as never,
    detail: /^what the token is checked with cannot be had from "http:\/\/127\.0\.0\.1:\d+"$/,
    fix: /doctor/,
  },
  'of another type': {
    ...plain({}, { typ: 'logout+jwt\u001b' }),
    reason: 'The token is not an access token',
    detail: /^its typ is "logout\+jwt\\u001b", and wanted is "at\+jwt" or "jwt"$/,
    fix: /`types` of the issuer/,
  },
  'without a type': {
    ...plain({}, { typ: undefined }),
    reason: 'The token is not an access token',
    detail: /^its typ is missing/,
    fix: /`acceptMissingType`/,
  },
  'of another type, where none is accepted': {
    of: 'untyped',
    send: () => bearer(make('untyped', {}, { typ: 'JWT' })),
    reason: 'The token is not an access token',
    detail: /^its typ is "JWT", and wanted is "at\+jwt"$/,
    fix: /`types`/,
  },
  'in another token': {
    ...plain({}, { cty: 'JWT' }),
    reason: 'The token is a JWT in a JWT',
    detail: /its cty is "JWT"/,
    fix: /No option/,
  },
  'with critical parameters': {
    of: 'plain',
    send: () => bearer(rewriteHeader(make('plain'), { crit: ['b65'], b65: true })),
    reason: 'The token has critical header parameters',
    detail: /its crit is "b65"/,
    fix: /No option/,
  },
  'with a deep header': {
    of: 'plain',
    send: () => bearer(rewriteHeader(make('plain'), { deep: nest(200) })),
    reason: 'The token has a header that is nested too deeply',
    detail: /its header is too deep/,
    fix: /No option/,
  },
  'in another encoding': {
    of: 'plain',
    send: async () => bearer((await make('plain')).replace(/.$/, (last) => respell(last))),
    reason: 'The token is not in base64url',
    detail: /encoded in another way/,
    fix: /No option/,
  },
  'under another algorithm': {
    of: 'plain',
    send: () => bearer(rewriteHeader(make('plain'), { alg: 'HS256' })),
    reason: 'The token is signed with an algorithm that is not accepted',
    detail: /^its alg is "HS256", and wanted is "ES256"$/,
    fix: /`algorithms` of the issuer/,
  },
  'with a number for a key id': {
    of: 'plain',
    send: () => bearer(rewriteHeader(make('plain'), { kid: 7 })),
    reason: 'The token has a key id that is not a string',
    detail: /^its kid is of type number, and wanted is a text$/,
    fix: /No option/,
  },
  'of an unknown key': {
    ...plain({}, { kid: 'key-of-staging' }),
    reason: 'The token is signed with an unknown key',
    detail: /^its kid is "key-of-staging", and wanted is "[\w-]+" for alg "ES256", the keys of http/,
    fix: /jwks_uri.*another environment/,
  },
  'under a wrong signature': {
    of: 'plain',
    send: () =>
      bearer(
        server.issuer.token(
          { aud: server.resource('plain'), tenant: 'acme' },
          { kid: server.issuer.keys[0]?.kid },
          stranger.keys[0],
        ),
      ),
    reason: 'The token has a wrong signature',
    detail: /^its kid is "[\w-]+" \(alg "ES256"\), and 1 key of http.* fit its header, but none has signed it$/,
    fix: /another environment/,
  },
  'for another server': {
    ...plain({ aud: ['https://other.example\u001b', 'account'] }),
    reason: 'The token is not valid for this server',
    detail: /^its aud is "https:\/\/other\.example\\u001b" or "account", and wanted is "http.*\/plain"$/,
    fix: /`audiences` of the issuer/,
  },
  'without a required claim': {
    ...plain({ tenant: undefined }),
    reason: 'The token has no usable tenant',
    detail: /^its tenant is missing, and wanted is a value$/,
    fix: /`requiredClaims`/,
  },
  'with deep claims': {
    ...plain({ deep: nest(200) }),
    reason: 'The token has claims that are nested too deeply',
    detail: /too many levels/,
    fix: /No option/,
  },
  'that is an ID token by its hash': {
    ...plain({ at_hash: 'x' }),
    reason: 'The token is not an access token',
    detail: /it has the claim at_hash/,
    fix: /ID token/,
  },
  'that is an ID token by its use': {
    ...plain({ token_use: 'id' }),
    reason: 'The token is not an access token',
    detail: /^its claim token_use is "id", and wanted is "Bearer" or "access" or "at\+jwt"$/,
    fix: /ID token/,
  },
  'without an expiry': {
    ...plain({ exp: 'soon' }),
    reason: 'The token has no expiry',
    detail: /^its exp is "soon", and wanted is a number$/,
    fix: /RFC 9068/,
  },
  'that has expired': {
    ...plain({ exp: 1 }),
    reason: 'The token has expired',
    detail:
      /^its exp is 1970-01-01T00:00:01\.000Z, and wanted is a time after \d{4}-.*Z, the time here, with a tolerance of 5 s$/,
    fix: /`clockToleranceMs`/,
  },
  'with a nonce and nothing else': {
    ...plain({ nonce: 'n', scope: undefined }, { typ: 'JWT' }),
    reason: 'The token is not an access token',
    detail: /it has a nonce, as ID tokens have, and nothing marks it as an access token/,
    fix: /`acceptNonce`/,
  },
  'that was issued in the future': {
    ...plain({ iat: 99_999_999_999 }),
    reason: 'The token is not valid yet',
    detail: /^its iat is 5138-.*, and wanted is a time not after/,
    fix: /`clockToleranceMs`/,
  },
  'that is not valid yet': {
    ...plain({ nbf: 99_999_999_999 }),
    reason: 'The token is not valid yet',
    detail: /^its nbf is 5138-.*, and wanted is a time not after/,
    fix: /`clockToleranceMs`/,
  },
  'with a time that is none': {
    ...plain({ iat: '1' }),
    reason: 'The token has a time that is not a number',
    detail: /^its iat is "1", and wanted is a number$/,
    fix: /RFC 9068/,
  },
  'without a subject': {
    ...plain({ sub: undefined }),
    reason: 'The token has no subject',
    detail: /^its sub is missing, and wanted is a text$/,
    fix: /client scope "basic"/,
  },
  'with a client that is no text': {
    ...plain({ client_id: undefined, azp: 7 }),
    reason: 'The token has a client that is not a string',
    detail: /^its azp is of type number, and wanted is a text$/,
    fix: /`claims\.clientId` of the issuer/,
  },
  'with scopes that are no texts': {
    ...plain({ scope: [7] }),
    reason: 'The token has scopes that are not strings',
    detail: /^its scope is a list with other values than texts/,
    fix: /`claims\.scopes` of the issuer/,
  },
  'whose claims cannot be mapped': {
    ...plain({ broken: true }),
    reason: 'The token has claims that could not be mapped',
    detail: /A function in `claims` of the issuer http.* failed: a mapping of the application/,
    fix: /`claims`/,
  },
  'with an actor too many': {
    ...plain({ act: { sub: 'a', act: { sub: 'b' } } }),
    reason: 'The token has more actors than are accepted',
    detail: /more than 1 actors/,
    fix: /`maxActors`/,
  },
  'with an actor that is none': {
    ...plain({ act: 'robot' }),
    reason: 'The token has an actor that is not an object',
    detail: /^its act is "robot", and wanted is an object$/,
    fix: /RFC 8693/,
  },
  'with an actor that is a number': {
    ...plain({ act: { sub: 7 } }),
    reason: 'The token has an actor whose sub is not a string',
    detail: /^sub in its act is of type number/,
    fix: /RFC 8693/,
  },
  'with an actor without a name': {
    ...plain({ act: {} }),
    reason: 'The token has an actor that it does not name',
    detail: /its act has neither sub nor client_id/,
    fix: /RFC 8693/,
  },
  "that is the server's own": {
    ...plain({ client_id: 'mcp-server' }),
    reason: 'The token is not valid for this server',
    detail: /it was issued to the client mcp-server/,
    fix: /`acceptOwnTokens`/,
  },
  'that the application refuses': {
    ...plain({ blocked: true }),
    reason: 'The token is not accepted here',
    detail: /^`validate` of the issuer http.* refused it: the user is blocked$/,
    fix: /`validate`/,
  },
  'that is bound, where that is not supported': {
    ...plain({ cnf: { jkt: 'a'.repeat(43) } }),
    send: async () => ({
      authorization: `DPoP ${await make('plain', { cnf: { jkt: 'a'.repeat(43) } })}`,
    }),
    reason: 'The token is bound to a key, which is not supported here',
    detail: /its cnf has jkt/,
    fix: /`proof\.dpop`/,
  },
  'that is bound to a certificate, where that is not supported': {
    ...plain({ cnf: X5T }),
    reason: 'The token is bound to a certificate, which is not supported here',
    detail: /its cnf\.x5t#S256 begins with "a{8}"/,
    fix: /`proof\.mutualTls`/,
  },
  'that is bound in another way': {
    ...plain({ cnf: { jwe: 'x' } }),
    reason: 'The token is bound in a way that is not supported here',
    detail: /^what its cnf has is "jwe", and wanted is "jkt" or "x5t#S256"$/,
    fix: /RFC 9449/,
  },
  'that is not bound to a key': {
    of: 'key',
    send: () => bearer(make('key')),
    reason: 'The token is not bound to a key, as it has to be',
    detail: /its cnf is missing/,
    fix: /`proof\.dpop\.required`/,
  },
  'that is not bound to a certificate': {
    of: 'certificate',
    send: () => bearer(make('certificate')),
    reason: 'The token is not bound to a certificate, as it has to be',
    detail: /its cnf is missing/,
    fix: /`proof\.mutualTls\.required`/,
  },
  'that is bound to neither': {
    of: 'either',
    send: () => bearer(make('either')),
    reason: 'The token is bound neither to a key nor to a certificate, as it has to be',
    detail: /its cnf is missing/,
    fix: /`proof\.required`/,
  },
  'that is not bound, under the scheme DPoP': {
    of: 'bound',
    send: async () => ({ authorization: `DPoP ${await make('bound')}` }),
    reason: 'The token is not bound to a key',
    detail: /its cnf is missing, and it came under the scheme DPoP/,
    fix: /`Bearer`/,
  },
  'that is bound, under the scheme Bearer': {
    of: 'bound',
    send: () => bearer(make('bound', { cnf: client.confirmation })),
    reason: 'The token is bound to a key, and there is no proof of it',
    detail: /its cnf has jkt, and it came under the scheme Bearer/,
    fix: /`DPoP`/,
  },
  'whose certificate is missing': {
    of: 'certificate',
    send: () => bearer(make('certificate', { cnf: X5T })),
    reason: 'The token is bound to a certificate, and the request has none',
    detail: /the socket has no certificate/,
    fix: /`proof\.mutualTls\.certificate`/,
  },
  'whose certificate comes from no proxy': {
    of: 'either',
    send: async () => ({ ...(await bearer(make('either', { cnf: X5T }))), 'client-cert': ':x:' }),
    reason: 'The token is bound to a certificate, and the request has none',
    detail: /the request came from "(::ffff:)?127\.0\.0\.1", which is none of the proxies/,
    fix: /`proof\.mutualTls\.certificate`/,
  },
  'without a proof': {
    of: 'bound',
    send: async () => ({ authorization: `DPoP ${await make('bound', { cnf: client.confirmation })}` }),
    reason: 'There is no DPoP proof',
    detail: /its header DPoP is missing/,
    fix: /proxies pass it on/,
  },
  'with a proof that is none': {
    of: 'bound',
    send: async () => ({ ...(await bound('bound').send()), dpop: ['x'] }),
    reason: 'The DPoP proof is not a JWT',
    detail: /it has 1 characters/,
    fix: /`DPoP` header/,
  },
  'with two proofs': {
    of: 'bound',
    send: async () => ({ ...(await bound('bound').send()), dpop: ['x', 'y'] }),
    reason: 'There is more than one DPoP proof',
    detail: /there are 2/,
    fix: /`DPoP` header/,
  },
  'with a proof for another method': {
    ...bound('bound', { htm: 'GET' }),
    reason: 'The DPoP proof is for another method',
    detail: /^its htm is "GET", and wanted is "POST"$/,
    fix: /RFC 9449/,
  },
  'with a proof for another URI': {
    ...bound('bound', { htu: 'https://other.example/mcp?secret=7' }),
    reason: 'The DPoP proof is for another URI',
    detail: /^its htu is "https:\/\/other\.example\/mcp", and wanted is "http.*\/bound"$/,
    fix: /`resource`/,
  },
  'with a proof without a jti': {
    ...bound('bound', { jti: 'j'.repeat(300) }),
    reason: 'The DPoP proof has no usable jti',
    detail: /^its jti is "300 characters", and wanted is a text of 1 to 256 characters$/,
    fix: /RFC 9449/,
  },
  'with an old proof': {
    ...bound('bound', { iat: 1 }),
    reason: 'The DPoP proof is too old, or from the future',
    detail: /^its iat is 1970-01-01T00:00:01\.000Z, and wanted is a time within 300 s of/,
    fix: /`proof\.dpop\.proofLifetimeMs`/,
  },
  'with a proof for another token': {
    ...bound('bound', { ath: 'x' }),
    reason: 'The DPoP proof is for another token',
    detail: /^its ath begins with "x", and the hash of the token with "[\w-]{8}"$/,
    fix: /RFC 9449/,
  },
  'with a proof of another key': {
    of: 'bound',
    send: async () => {
      const token = await make('bound', { cnf: { jkt: 'b'.repeat(43) } });
      const proof = await proofOf({ client, token, resource: server.resource('bound') });
      return { authorization: `DPoP ${token}`, dpop: [proof] };
    },
    reason: 'The DPoP proof is signed with another key than the one that the token is bound to',
    detail: /^the thumbprint of its key begins with "[\w-]{8}", and cnf\.jkt of the token with "b{8}"$/,
    fix: /RFC 9449/,
  },
  'with a proof of another type': {
    ...bound('bound', {}, { typ: 'JWT' }),
    reason: 'The DPoP proof has no usable typ',
    detail: /^its typ is "JWT", and wanted is "dpop\+jwt"$/,
    fix: /RFC 9449/,
  },
  'with a proof under another algorithm': {
    ...bound('key', {}, { alg: 'RS256' }),
    reason: 'The DPoP proof is signed with an algorithm that is not accepted',
    detail: /^its alg is "RS256", and wanted is "ES256"$/,
    fix: /`proof\.dpop\.algorithms`/,
  },
  'with a proof that is signed by nobody': {
    ...bound('bound', {}, { jwk: undefined }),
    reason: 'The DPoP proof is not signed with the public key in its header',
    detail: /^the alg of its header is "ES256"/,
    fix: /RFC 9449/,
  },
  'with a proof without a nonce': {
    ...bound('key'),
    reason: 'The DPoP proof needs the nonce of the DPoP-Nonce header',
    detail: /^its nonce is missing, and wanted is one of the last ten minutes$/,
    fix: /`proof\.dpop\.nonceSecret`/,
  },
};

describe.each(['express', 'fastify'] as const)('a token that is refused, on %s', (platform) => {
  beforeAll(async () => {
    [server, stranger, client] = await Promise.all([
      RefusingServer.start(platform, servers),
      TestIssuer.start(),
      ProofClient.start(),
    ]);
    server.issuer.answers.set('/introspect', (_request, response, form) => {
      const token = form.get('token') ?? '';
      if (token.endsWith('down')) sendJson(response, 500, {});
      else if (token.endsWith('another-issuer'))
        sendJson(response, 200, { active: true, iss: 'https://other.example' });
      else sendJson(response, 200, { active: false });
    });
  });
  afterAll(async () => {
    await server.close();
    await stranger.close();
  });

  test.each(Object.entries(rows))('%s: operators see what came, what was wanted and what to do', async (_name, row) => {
    const refused = await server.refuse(row.of, await row.send(), { query: row.query });
    expectExplained(refused, { ...row, status: row.status ?? 401 });
  });

  test('a proof that was used before', async () => {
    const headers = await bound('bound').send();
    expect((await server.call('bound', headers)).status).toBe(200);
    expectExplained(await server.refuse('bound', headers), {
      status: 401,
      reason: 'The DPoP proof was used before',
      detail: /its jti is "[\w-]+"/,
      fix: /new proof for each/,
    });
  });
});

/** Another header than the one that was signed. */
async function rewriteHeader(token: Promise<string>, members: Claims): Promise<string> {
  const [header = '', ...rest] = (await token).split('.');
  const read = JSON.parse(Buffer.from(header, 'base64url').toString()) as Claims;
  return [Buffer.from(JSON.stringify({ ...read, ...members })).toString('base64url'), ...rest].join('.');
}

/** The same bytes with other spare bits. A signature of ES256 has 64 bytes: its last character has four of them. */
function respell(last: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return alphabet[alphabet.indexOf(last) + 1] ?? '';
}

function nest(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
}
