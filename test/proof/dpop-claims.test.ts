import { afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { outcome, possession, ProofClient, reasonAgainst, request, sha256, TOKEN } from './proof-client.js';

/** Seconds since the epoch. */
const NOW = Math.floor(Date.now() / 1000);

let client: ProofClient;

beforeAll(async () => {
  client = await ProofClient.start();
});

beforeEach(() => {
  jest.spyOn(Date, 'now').mockReturnValue(NOW * 1000 + 400);
});

afterEach(() => {
  jest.restoreAllMocks();
});

type Row = [name: string, claims: Record<string, unknown>];

test.each<Row>([
  ['as any client has them', {}],
  ['a jti of 256 characters', { jti: 'j'.repeat(256) }],
  ['an iat with a fraction', { iat: NOW - 0.5 }],
  ['iat 300 seconds ago', { iat: NOW - 300 }],
  ['iat in 300 seconds', { iat: NOW + 300 }],
  ['claims that nobody knows', { client: 'test', exp: NOW + 60 }],
  ['a nonce that nobody asked for', { nonce: 'made by someone else' }],
])('good claims pass: %s', async (_name, claims) => {
  const check = possession().check(request(await client.proof(claims)), 'dpop', TOKEN, client.confirmation);
  expect(await outcome(check)).toBe('accepted');
});

/** By claim (RFC 9449 section 4.3, points 3, 8, 9, 11 and 12). */
const ATTACKS: [claim: string, reason: RegExp, Row[]][] = [
  [
    'jti',
    /no usable jti/,
    [
      ['missing', { jti: undefined }],
      ['empty', { jti: '' }],
      ['null', { jti: null }],
      ['a number', { jti: 7 }],
      ['a list', { jti: ['a'] }],
      ['too long', { jti: 'j'.repeat(257) }],
    ],
  ],
  [
    'htm',
    /another method/,
    [
      ['missing', { htm: undefined }],
      ['a list', { htm: ['POST'] }],
      ['of another method', { htm: 'GET' }],
      ['in lower case', { htm: 'post' }],
      ['empty', { htm: '' }],
      ['with space', { htm: 'POST ' }],
    ],
  ],
  [
    'htu',
    /another URI/,
    [
      ['missing', { htu: undefined }],
      ['null', { htu: null }],
      ['a list', { htu: ['https://mcp.example.com/mcp'] }],
      ['of another server', { htu: 'https://other.example.com/mcp' }],
    ],
  ],
  [
    'iat',
    /too old, or from the future|no usable iat/,
    [
      ['missing', { iat: undefined }],
      ['null', { iat: null }],
      ['a string', { iat: String(NOW) }],
      ['a list', { iat: [NOW] }],
      ['301 seconds ago', { iat: NOW - 301 }],
      ['in 301 seconds', { iat: NOW + 301 }],
      ['a fraction too early', { iat: NOW - 300.5 }],
      ['a fraction too late', { iat: NOW + 300.5 }],
      ['in milliseconds', { iat: NOW * 1000 }],
      ['zero', { iat: 0 }],
      ['negative', { iat: -NOW }],
    ],
  ],
  [
    'ath',
    /another token/,
    [
      ['missing', { ath: undefined }],
      ['null', { ath: null }],
      ['a list', { ath: [sha256(TOKEN)] }],
      ['of another token', { ath: sha256('another token') }],
      ['the token itself', { ath: TOKEN }],
      ['in hexadecimal', { ath: Buffer.from(sha256(TOKEN), 'base64url').toString('hex') }],
      ['with padding', { ath: `${sha256(TOKEN)}=` }],
    ],
  ],
  ['exp', /expired/, [['in the past, which no proof needs to have', { exp: NOW - 60 }]]],
  ['nbf', /no usable nbf/, [['in the future, which no proof needs to have', { nbf: NOW + 600 }]]],
];

describe.each(ATTACKS)('bad claims are refused: %s', (_claim, reason, rows) => {
  test.each<Row>(rows)('%s', async (_name, claims) => {
    expect(await reasonAgainst([await client.proof(claims)], client)).toMatch(reason);
  });
});

test('an iat beyond all numbers is refused', async () => {
  const payload = JSON.stringify({
    jti: 'j',
    htm: 'POST',
    htu: 'https://mcp.example.com/mcp',
    ath: sha256(TOKEN),
    iat: 1,
  });
  const proof = await client.signed(payload.replace('"iat":1', '"iat":1e400'));
  expect(await reasonAgainst([proof], client)).toMatch(/too old, or from the future/);
});

test('a shorter life of proofs counts both ways', async () => {
  const dpop = possession({ proofLifetimeMs: 30_000 });
  const outcomeAt = async (iat: number) =>
    await outcome(dpop.check(request(await client.proof({ iat })), 'dpop', TOKEN, client.confirmation));
  expect(await outcomeAt(NOW - 30)).toBe('accepted');
  expect(await outcomeAt(NOW + 30)).toBe('accepted');
  expect(await outcomeAt(NOW - 31)).toBe('invalid_dpop_proof');
  expect(await outcomeAt(NOW + 31)).toBe('invalid_dpop_proof');
});

test('a request without a method matches no proof without htm', async () => {
  const source = { ...request(await client.proof({ htm: undefined })), method: undefined };
  expect(await outcome(possession().check(source, 'dpop', TOKEN, client.confirmation))).toBe('invalid_dpop_proof');
});

test('no reason repeats what the client sent', async () => {
  for (const claim of ['jti', 'htm', 'htu', 'iat', 'ath', 'nbf', 'exp']) {
    const secret = 'something-private'.repeat(20);
    expect(await reasonAgainst([await client.proof({ [claim]: secret })], client)).not.toContain('something-private');
  }
});

test('claims of any type are refused in good order', async () => {
  const claim = fc.constantFrom('jti', 'htm', 'htu', 'iat', 'ath');
  const value = fc.jsonValue().filter((candidate) => !['string', 'number'].includes(typeof candidate));
  await fc.assert(
    fc.asyncProperty(claim, value, async (name, wrong) => {
      expect(await reasonAgainst([await client.proof({ [name]: wrong })], client)).toMatch(/DPoP proof/);
    }),
  );
});
