import { afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { proofOf, type BoundClient } from '../proof/bound-client.js';
import { claimsOf, forged, ProofClient, sha256 } from '../proof/proof-client.js';
import { attackedServer, expectVerdict, type Verdict } from './attacked-server.js';

const attacked = attackedServer({ proof: { dpop: {} } });

const NO_PROOF: Verdict = [401, 'invalid_dpop_proof'];
const NO_TOKEN: Verdict = [401, 'invalid_token'];

let client: ProofClient;
let stranger: ProofClient;
let bound: BoundClient;

beforeAll(async () => {
  client = await ProofClient.start();
  stranger = await ProofClient.start();
  const { forge } = attacked();
  bound = { client, token: forge.token({ cnf: client.confirmation }), resource: forge.resource };
});
afterEach(() => {
  jest.restoreAllMocks();
});

const withProofs = async (authorization: string, proofs: readonly string[]) =>
  await attacked().call(
    authorization,
    'ping',
    proofs.map((proof) => `DPoP: ${proof}`),
  );

const ofClient = (claims: Record<string, unknown> = {}) => proofOf(bound, claims);
const owned = (header: Record<string, unknown>, claims: Record<string, unknown> = {}) =>
  client.forged(header, { ...claimsOf(), htu: bound.resource, ath: sha256(bound.token), ...claims });

test('a bound token and its proof are good, once', async () => {
  const proof = await ofClient();
  expectVerdict(await withProofs(`DPoP ${bound.token}`, [proof]), [200]);
  attacked().forget();
  expectVerdict(await withProofs(`DPoP ${bound.token}`, [proof]), NO_PROOF, proof);
});

test('members of cnf that name no key mean nothing (RFC 7800 section 3.1), as Keycloak has one', async () => {
  const token = attacked().forge.token({ cnf: { ...client.confirmation, 'kc-jkt-type': 'DPoP' } });
  const proof = await proofOf({ ...bound, token });
  expectVerdict(await withProofs(`DPoP ${token}`, [proof]), [200]);
  attacked().forget();
  expectVerdict(await withProofs(`Bearer ${token}`, []), NO_TOKEN);
});

describe('a bound token of somebody else', () => {
  test.each<[string, () => Promise<readonly string[]> | readonly string[], Verdict]>([
    ['without a proof', () => [], NO_PROOF],
    ['with an empty proof', () => [''], NO_PROOF],
    ['with a proof of the thief', async () => [await proofOf({ ...bound, client: stranger })], NO_PROOF],
    [
      'with a proof of the thief that shows the key of the owner',
      () => [
        stranger.forged({ jwk: client.publicJwk }, { ...claimsOf(), htu: bound.resource, ath: sha256(bound.token) }),
      ],
      NO_PROOF,
    ],
    [
      'with a proof of the owner for another server',
      async () => [await ofClient({ htu: 'https://other.example/mcp' })],
      NO_PROOF,
    ],
    ['with one for another path', async () => [await ofClient({ htu: `${bound.resource}/x` })], NO_PROOF],
    ['with one for another port', async () => [await ofClient({ htu: 'http://127.0.0.1:1/mcp' })], NO_PROOF],
    ['with one for another method', async () => [await ofClient({ htm: 'GET' })], NO_PROOF],
    ['with one for the method in small letters', async () => [await ofClient({ htm: 'post' })], NO_PROOF],
    ['with one for another token', async () => [await ofClient({ ath: sha256('other') })], NO_PROOF],
    ['with one for no token', async () => [await ofClient({ ath: undefined })], NO_PROOF],
    ['with the token itself for a proof', () => [bound.token], NO_PROOF],
    ['with an old one', async () => [await ofClient({ iat: Math.floor(Date.now() / 1000) - 301 })], NO_PROOF],
    ['with one from the future', async () => [await ofClient({ iat: Math.floor(Date.now() / 1000) + 301 })], NO_PROOF],
    ['with one without an id', async () => [await ofClient({ jti: undefined })], NO_PROOF],
    ['with one whose id is a list', async () => [await ofClient({ jti: ['x'] })], NO_PROOF],
    ['with one whose id is very long', async () => [await ofClient({ jti: 'x'.repeat(3_000) })], NO_PROOF],
    ['with a good one and a bad one', async () => [await ofClient(), 'x'], NO_PROOF],
    ['with two good ones', async () => [await ofClient(), await ofClient()], NO_PROOF],
    ['with two good ones and a comma', async () => [`${await ofClient()},${await ofClient()}`], NO_PROOF],
    [
      'with an unsigned one',
      () => [forged({ typ: 'dpop+jwt', alg: 'none', jwk: client.publicJwk }, claimsOf(), () => Buffer.alloc(0))],
      NO_PROOF,
    ],
    ['with one signed with a secret', () => [owned({ alg: 'HS256', jwk: { kty: 'oct', k: 'c2VjcmV0' } })], NO_PROOF],
    ['with one that holds a private key', () => [owned({ jwk: client.privateJwk })], NO_PROOF],
    ['with one without a key', () => [owned({ jwk: undefined })], NO_PROOF],
    [
      'with one whose key is at an address',
      () => [owned({ jwk: undefined, jku: `${attacked().stranger.origin}/jwks` })],
      NO_PROOF,
    ],
    ['with one of another type', () => [owned({ typ: 'JWT' })], NO_PROOF],
    ['with one with critical members', () => [owned({ crit: ['b64'], b64: false })], NO_PROOF],
    [
      'with one whose key has members of a prototype',
      () => [owned({ jwk: { ...client.publicJwk, __proto__: null, constructor: 1 }, typ: '__proto__' })],
      NO_PROOF,
    ],
  ])('%s', async (_name, proofs, verdict) => {
    const all = await proofs();
    expectVerdict(await withProofs(`DPoP ${bound.token}`, all), verdict, all[0]);
  });

  test.each(['Bearer', 'bearer', 'BEARER'])('as %s, with and without a good proof', async (scheme) => {
    expectVerdict(await withProofs(`${scheme} ${bound.token}`, []), NO_TOKEN, bound.token);
    expectVerdict(await withProofs(`${scheme} ${bound.token}`, [await ofClient()]), NO_TOKEN, bound.token);
  });
});

describe('what a token is bound to', () => {
  test.each<[string, unknown]>([
    ['nothing', {}],
    ['null', null],
    ['text', 'x'],
    ['a list', []],
    ['a thumbprint that is null', { jkt: null }],
    ['a thumbprint that is a list', { jkt: [] }],
    ['a thumbprint of no characters', { jkt: '' }],
    ['the key itself', { jwk: {} }],
    ['a key by its id', { kid: 'x' }],
    ['a certificate', { 'x5t#S256': 'x' }],
    ['what nobody knows', { 'urn:example': 'x' }],
  ])('%s: nobody has that key', async (_name, cnf) => {
    const token = attacked().forge.token({ cnf });
    const proof = await proofOf({ ...bound, token });
    for (const scheme of ['Bearer', 'DPoP']) {
      expectVerdict(await withProofs(`${scheme} ${token}`, [proof]), NO_TOKEN, token);
    }
  });
});

test('a proof that was caught is no good when it is old, either', async () => {
  const proof = await ofClient();
  expectVerdict(await withProofs(`DPoP ${bound.token}`, [proof]), [200]);
  attacked().forget();
  for (const seconds of [200, 299, 301, 600, 3_600]) {
    const now = Date.now();
    const token = attacked().forge.token({ cnf: client.confirmation, exp: Math.floor(now / 1000) + 7_200 });
    jest.spyOn(Date, 'now').mockReturnValue(now + seconds * 1000);
    const again = await ofClient({ iat: Math.floor(now / 1000), ath: sha256(token) });
    const answer = await withProofs(`DPoP ${token}`, [proof]);
    expect(answer.status).toBe(401);
    const statuses = [await withProofs(`DPoP ${token}`, [again]), await withProofs(`DPoP ${token}`, [again])].map(
      ({ status }) => status,
    );
    expect(statuses).toEqual([seconds <= 300 ? 200 : 401, 401]);
    attacked().forget();
    jest.restoreAllMocks();
  }
});
