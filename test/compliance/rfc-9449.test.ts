import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { clientSecretBasic } from 'nestjs-mcp-auth';
import { CountedTool } from '../proof/counted-tool.js';
import { claimsOf, ProofClient, sha256 } from '../proof/proof-client.js';
import { send, type Answer } from '../proof/send.js';
import { toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import { sendJson } from '../support/test-issuer.js';
import { parseChallenge } from './challenge-parameters.js';

type Members = Record<string, unknown>;

let client: ProofClient;
let server: ProtectedServer;
let token: string;

beforeAll(async () => {
  client = await ProofClient.start();
  server = await startProtectedServer({ providers: [CountedTool], options: { proof: { dpop: {} } } });
  token = await server.token('orders:read', { cnf: client.confirmation });
});
afterAll(() => server.close());

const proofFor = async (resource: string, sent: string, claims: Members = {}, header: Members = {}): Promise<string> =>
  await client.proof({ ...claimsOf(), htu: resource, ath: sha256(sent), ...claims }, header);

const proof = async (claims?: Members, header?: Members): Promise<string> =>
  await proofFor(server.resource, token, claims, header);

async function call(
  proofs: readonly string[],
  {
    scheme = 'DPoP',
    sent = token,
    resource = server.resource,
  }: { scheme?: string; sent?: string; resource?: string } = {},
): Promise<Answer> {
  const dpop = proofs.length > 0 && { dpop: [...proofs] };
  return await send(resource, { body: toolCall('find'), headers: { authorization: `${scheme} ${sent}`, ...dpop } });
}

const challengeOf = ({ headers }: Answer) => parseChallenge(headers['www-authenticate'] ?? '');

/** The good proof passes, and none of the others does. */
async function expectOnlyGood(good: string, bad: Record<string, string | readonly string[]>): Promise<void> {
  CountedTool.ran = 0;
  expect((await call([good])).status).toBe(200);
  for (const [name, proofs] of Object.entries(bad)) {
    const answer = await call([proofs].flat());
    expect([name, answer.status, challengeOf(answer)]).toEqual([
      name,
      401,
      expect.objectContaining({ scheme: 'DPoP', error: 'invalid_dpop_proof' }),
    ]);
  }
  expect(CountedTool.ran).toBe(1);
}

describe('RFC 9449 section 4.3', () => {
  test('check 1: MUST NOT take more than one DPoP header', async () => {
    const same = await proof();
    await expectOnlyGood(await proof(), {
      'two of them': [await proof(), await proof()],
      'one of them twice': [same, same],
      'one that is empty': [await proof(), ''],
    });
  });

  test('check 2: the header MUST be one well-formed JWT', async () => {
    const [header = '', claims = '', signature = ''] = (await proof()).split('.');
    await expectOnlyGood(await proof(), {
      'a word': 'proof',
      'two parts': `${header}.${claims}`,
      'four parts': `${header}.${claims}.${signature}.x`,
      'two of them in one header': `${await proof()}, ${await proof()}`,
      'claims that are a list': await client.signed('[]'),
      'claims that are no JSON': await client.signed('{'),
    });
  });

  test('check 3: all required claims MUST be there', async () => {
    const bad: Record<string, string> = {};
    for (const claim of ['jti', 'htm', 'htu', 'iat', 'ath']) bad[claim] = await proof({ [claim]: undefined });
    await expectOnlyGood(await proof(), bad);
  });

  test('check 4: typ MUST be dpop+jwt', async () => {
    const bad: Record<string, string> = {};
    for (const typ of [undefined, 'JWT', 'at+jwt', 'dpop']) bad[String(typ)] = await proof({}, { typ });
    await expectOnlyGood(await proof(), bad);
  });

  test('check 5: alg MUST be an asymmetric algorithm that is accepted, and not none', async () => {
    const bad: Record<string, string> = {};
    const claims = { ...claimsOf(), htu: server.resource, ath: sha256(token) };
    for (const alg of ['none', 'NONE', 'HS256', 'HS512', 'ES256K', 'A128KW', undefined])
      bad[String(alg)] = client.forged({ alg }, claims);
    await expectOnlyGood(await proof(), bad);
  });

  test('check 6: the signature MUST be that of the key in jwk', async () => {
    const stranger = await ProofClient.start();
    const [header = '', , signature = ''] = (await proof()).split('.');
    await expectOnlyGood(await proof(), {
      'of another key': await proof({}, { jwk: stranger.publicJwk }),
      'of other claims': [header, (await proof()).split('.')[1], signature].join('.'),
      'of no key': await proof({}, { jwk: undefined }),
      empty: `${header}.${(await proof()).split('.')[1]}.AAAA`,
    });
  });

  test('check 7: jwk MUST NOT have a private key', async () => {
    await expectOnlyGood(await proof(), { 'a private key': await proof({}, { jwk: client.privateJwk }) });
  });

  test('check 8: htm MUST be the method of the request', async () => {
    const bad: Record<string, string> = {};
    for (const htm of ['GET', 'post', 'DELETE', '', 'POST ']) bad[`"${htm}"`] = await proof({ htm });
    await expectOnlyGood(await proof(), bad);
  });

  test('check 9: htu MUST be the URI of the request, whatever its query and fragment', async () => {
    const { resource, origin } = server;
    expect((await call([await proof({ htu: `${resource}?x=1#y` })])).status).toBe(200);
    await expectOnlyGood(await proof({ htu: `${resource}?` }), {
      'another server': await proof({ htu: 'https://mcp.example.com/mcp' }),
      'another path': await proof({ htu: `${resource}/x` }),
      'no path': await proof({ htu: origin }),
      'a path alone': await proof({ htu: '/mcp' }),
    });
  });

  test('htu SHOULD be normalised before it is compared (RFC 3986 sections 6.2.2 and 6.2.3)', async () => {
    const { resource, origin } = server;
    for (const htu of [resource.replace('http:', 'HTTP:'), `${origin}/x/../mcp`, `${origin}/%6d%63%70`])
      expect([htu, (await call([await proof({ htu })])).status]).toEqual([htu, 200]);
  });

  test('check 11: the proof MUST be of now', async () => {
    const now = Math.floor(Date.now() / 1000);
    const bad: Record<string, string> = {};
    for (const iat of [now - 310, now + 310, 0, now * 1000, String(now)]) bad[String(iat)] = await proof({ iat });
    await expectOnlyGood(await proof({ iat: now - 290 }), bad);
  });

  test('check 12: ath MUST be the hash of the token, and the key MUST be the one that the token is bound to', async () => {
    const stranger = await ProofClient.start();
    const claims = { ...claimsOf(), htu: server.resource, ath: sha256(token) };
    await expectOnlyGood(await proof(), {
      'of another token': await proof({ ath: sha256(`${token}x`) }),
      'the token itself': await proof({ ath: token }),
      'of another key, all else good': await stranger.proof(claims),
    });
  });
});

test('RFC 9449 section 6: MUST see that a token is bound, where introspection says so, and check it', async () => {
  const authentication = clientSecretBasic('introspection-secret');
  const bound = await startProtectedServer({
    providers: [CountedTool],
    options: { proof: { dpop: {} } },
    trust: { introspection: { client: { id: 'mcp', authentication } } },
  });
  const introspection_endpoint = `${bound.issuer.origin}/introspect`;
  bound.issuer.answers.set('/.well-known/oauth-authorization-server', (_request, response) => {
    sendJson(response, 200, { ...bound.issuer.metadata(), introspection_endpoint });
  });
  bound.issuer.answers.set('/introspect', (_request, response) => {
    const { resource: aud } = bound;
    sendJson(response, 200, { active: true, sub: 'alice', aud, scope: 'orders:read', cnf: client.confirmation });
  });
  const { resource } = bound;
  const sent = 'opaque-token';
  const stranger = await ProofClient.start();
  const others = await stranger.proof({ ...claimsOf(), htu: resource, ath: sha256(sent) });
  expect((await call([await proofFor(resource, sent)], { sent, resource })).status).toBe(200);
  expect((await call([others], { sent, resource })).status).toBe(401);
  expect((await call([], { sent, resource })).status).toBe(401);
  expect((await call([], { sent, resource, scheme: 'Bearer' })).status).toBe(401);
  await bound.close();
});

/** The challenges of an answer, by their schemes, as they stand there. */
function challengesOf({ headers }: Answer): Record<string, string> {
  const header = headers['www-authenticate'] ?? '';
  const [bearer, dpop] = header.startsWith('Bearer ') ? header.split(/, (?=DPoP )/) : ['', header];
  return { bearer: bearer ?? '', dpop: dpop ?? '' };
}

const unbound = async (scope = 'orders:read') => await server.token(scope);

describe('RFC 9449 section 7.2', () => {
  test('SHOULD NOT give an error in either challenge where no token was sent', async () => {
    const answer = await send(server.resource, { body: toolCall('find') });
    expect(answer.status).toBe(401);
    const { bearer, dpop } = challengesOf(answer);
    expect(bearer).toMatch(/^Bearer scope="orders:read", resource_metadata="[^"]*"$/);
    expect(dpop).toMatch(/^DPoP algs="[A-Za-z0-9 ]+"$/);
  });

  test('SHOULD give the error in the challenge of the scheme that was used', async () => {
    const asBearer = challengesOf(await call([], { scheme: 'Bearer', sent: await unbound('') }));
    expect(asBearer.bearer).toContain('error="insufficient_scope"');
    expect(asBearer.dpop).toMatch(/^DPoP algs="[A-Za-z0-9 ]+"$/);
    const bound = challengesOf(await call([await proof()], { scheme: 'Bearer' }));
    expect(bound.bearer).toContain('error="invalid_token"');
    expect(bound.dpop).not.toContain('error');
    const asDpop = challengesOf(await call([]));
    expect(asDpop.dpop).toContain('error="invalid_dpop_proof"');
    expect(asDpop.bearer).toBe('');
  });
});

describe('RFC 9449 sections 8 and 9', () => {
  let demanding: ProtectedServer;
  let sent: string;

  beforeAll(async () => {
    demanding = await startProtectedServer({
      providers: [CountedTool],
      options: { proof: { dpop: { nonceSecret: 'n'.repeat(32) } } },
    });
    sent = await demanding.token('orders:read', { cnf: client.confirmation });
  });
  afterAll(() => demanding.close());

  const callWith = async (nonce: unknown, bearer = sent): Promise<Answer> => {
    const { resource } = demanding;
    return await call([await proofFor(resource, bearer, { nonce })], { sent: bearer, resource });
  };

  test('there MUST NOT be more than one DPoP-Nonce header, and it is of characters that a nonce may have', async () => {
    const first = await callWith(undefined);
    const nonce = first.headers['dpop-nonce'];
    const lacking = await demanding.token('', { cnf: client.confirmation });
    const answers = [first, await callWith(nonce), await callWith(nonce, lacking), await callWith('x')];
    expect(answers.map(({ status }) => status)).toEqual([401, 200, 403, 401]);
    // Several would come joined by a comma and a space.
    for (const { headers } of answers) expect(headers['dpop-nonce']).toMatch(/^[\x21\x23-\x2B\x2D-\x5B\x5D-\x7E]+$/);
  });

  test('a proof whose nonce is not one of the server MUST be rejected, and one without a nonce too', async () => {
    const nonce = String((await callWith(undefined)).headers['dpop-nonce']);
    expect((await callWith(nonce)).status).toBe(200);
    for (const wrong of [undefined, '', 'x', `${nonce}x`, nonce.slice(1), nonce.toLowerCase(), [nonce], null]) {
      const answer = await callWith(wrong);
      expect([wrong, answer.status, challengeOf(answer).error]).toEqual([wrong, 401, 'use_dpop_nonce']);
    }
  });
});
