import { createHmac, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { SIGNING_ALGORITHMS } from '../../lib/resource-server/issuers/issuer-options.js';
import { claimsOf, forged, outcome, possession, ProofClient, reasonAgainst, request, TOKEN } from './proof-client.js';

let client: ProofClient;
let stranger: ProofClient;
let rsa: ProofClient;

beforeAll(async () => {
  [client, stranger, rsa] = await Promise.all([
    ProofClient.start(),
    ProofClient.start(),
    ProofClient.start('RS256'),
  ] as const);
});

type Proofs = () => string | string[] | Promise<string | string[]>;
type Row = [name: string, proofs: Proofs];

/** A proof whose header has these members too, and is well signed. */
const header = (name: string, members: Record<string, unknown>): Row => [name, () => client.proof({}, members)];
const jwk = (name: string, members: Record<string, unknown>): Row => [
  name,
  () => client.proof({}, { jwk: { ...client.publicJwk, ...members } }),
];

const octets = Buffer.alloc(32, 1);
const symmetricJwk = { kty: 'oct', k: octets.toString('base64url') };
const zeros = (length: number) => () => Buffer.alloc(length);
const hmac = (secret: string | Buffer) => (input: string) => createHmac('sha256', secret).update(input).digest();

describe('good proofs pass', () => {
  const outcomeOf = async (proof: string, { confirmation } = client) =>
    await outcome(possession().check(request(proof), 'dpop', TOKEN, confirmation));

  test.each(SIGNING_ALGORITHMS)('signed with %s', async (algorithm) => {
    const other = await ProofClient.start(algorithm);
    expect(await outcomeOf(await other.proof(), other)).toBe('accepted');
  });

  test.each<[string, () => Promise<string>]>([
    ['typ as a full media type', () => client.proof({}, { typ: 'application/dpop+jwt' })],
    ['jwk with a key id and a use', () => client.proof({}, { jwk: { ...client.publicJwk, kid: 'k', use: 'sig' } })],
    ['made without a library', () => Promise.resolve(client.forged({}))],
  ])('%s', async (_name, proof) => {
    expect(await outcomeOf(await proof())).toBe('accepted');
  });

  test('in a header of any case', async () => {
    const source = { ...request(), rawHeaders: ['dPoP', await client.proof()] };
    expect(await outcome(possession().check(source, 'dpop', TOKEN, client.confirmation))).toBe('accepted');
  });

  test('behind a header whose value is called as theirs', async () => {
    const source = { ...request(), rawHeaders: ['X-A', 'DPoP', 'DPoP', await client.proof()] };
    expect(await outcome(possession().check(source, 'dpop', TOKEN, client.confirmation))).toBe('accepted');
  });
});

/** By the points of RFC 9449 section 4.3. */
const ATTACKS: [point: string, reason: RegExp, Row[]][] = [
  ['1: no header', /no DPoP proof/, [['no header', () => []]]],
  [
    '1: several headers',
    /more than one/,
    [
      ['two headers', async () => [await client.proof(), await client.proof()]],
      ['the same proof twice', () => client.proof().then((proof) => [proof, proof])],
      ['an empty one behind a good one', async () => [await client.proof(), '']],
    ],
  ],
  [
    '2: no JWT',
    /not a JWT|no JSON object|public key in its header/,
    [
      ['two proofs in one header', async () => `${await client.proof()}, ${await client.proof()}`],
      ['an empty header', () => ''],
      ['a word', () => 'proof'],
      ['two parts', async () => (await client.proof()).split('.').slice(0, 2).join('.')],
      ['five parts, as of a JWE', async () => `${await client.proof()}.AAAA.AAAA`],
      ['space around it', async () => ` ${await client.proof()} `],
      ['padding behind it', async () => `${await client.proof()}=`],
      ['claims that are an array', () => client.signed('[]')],
      ['claims that are null', () => client.signed('null')],
      ['claims that are no JSON', () => client.signed('{')],
      ['a header that is null', () => forged(null, claimsOf(), zeros(64))],
    ],
  ],
  [
    '4: typ',
    /no usable typ/,
    [
      header('missing', { typ: undefined }),
      header('JWT', { typ: 'JWT' }),
      header('of an access token', { typ: 'at+jwt' }),
      header('that only starts right', { typ: 'dpop+jwt2' }),
      header('a number', { typ: 1 }),
    ],
  ],
  [
    '5: alg',
    /not a JWT|algorithm that is not accepted|public key in its header/,
    [
      ['none without a signature', () => forged(client.header({ alg: 'none' }), claimsOf(), zeros(0))],
      ['none with a signature', () => client.forged({ alg: 'none' })],
      ['NONE', () => client.forged({ alg: 'NONE' })],
      ['missing', () => client.forged({ alg: undefined })],
      ['a list', () => client.forged({ alg: ['ES256'] })],
      [
        'HS256 with a symmetric jwk',
        () => forged(client.header({ alg: 'HS256', jwk: symmetricJwk }), claimsOf(), hmac(octets)),
      ],
      ['ES256 with a symmetric jwk', () => forged(client.header({ jwk: symmetricJwk }), claimsOf(), hmac(octets))],
      [
        'HS256 with the public key for a secret',
        () => forged(client.header({ alg: 'HS256' }), claimsOf(), hmac(pem())),
      ],
      ['of another curve than the key', () => client.forged({ alg: 'ES384' })],
      ['RS256 with a key on a curve', () => client.forged({ alg: 'RS256' })],
      ['ES256 with an RSA key', () => rsa.forged({ alg: 'ES256' })],
      ['PS256 over a signature of RS256', () => rsa.forged({ alg: 'PS256' })],
      ['RS256 with 1024 bits', weakRsa],
    ],
  ],
  [
    '6: signature and jwk',
    /public key in its header/,
    [
      ['jwk of another key', () => client.proof({}, { jwk: stranger.publicJwk })],
      ['claims changed after signing', async () => replaced(await client.proof(), 1, claimsOf())],
      ['header changed after signing', async () => replaced(await client.proof(), 0, client.header({ kid: 'other' }))],
      ['a short signature', async () => (await client.proof()).replace(/[^.]+$/, 'AAAA')],
      ['a signature of zeros (CVE-2022-21449)', () => forged(client.header(), claimsOf(), zeros(64))],
      header('jwk missing', { jwk: undefined }),
      header('jwk null', { jwk: null }),
      header('jwk a string', { jwk: 'key' }),
      header('jwk an array', { jwk: [] }),
      header('jwk missing, with the address of a key set', { jwk: undefined, jku: 'https://attacker.example/jwks' }),
      header('jwk missing, with a certificate', { jwk: undefined, x5c: ['AAAA'] }),
      [
        'jwk with members of another type',
        () => client.forged({ jwk: { ...client.publicJwk, x: [client.publicJwk.x] } }),
      ],
      ['jwk off the curve', () => client.forged({ jwk: { ...client.publicJwk, y: client.publicJwk.x } })],
      jwk('jwk for encryption', { use: 'enc' }),
      jwk('jwk for another algorithm', { alg: 'ES384' }),
    ],
  ],
  [
    '7: private keys',
    /discloses a private key|public key in its header/,
    [
      ['the private key', () => client.proof({}, { jwk: client.privateJwk })],
      ['the private key of RSA', () => rsa.proof({}, { jwk: rsa.privateJwk })],
      ['a prime of the RSA key', () => rsa.proof({}, { jwk: { ...rsa.publicJwk, p: rsa.privateJwk.p } })],
      jwk('an empty d', { d: '' }),
      jwk('a k', { k: 'AAAA' }),
    ],
  ],
  [
    'RFC 7515 section 4.1.11: critical parameters',
    /critical|public key in its header/,
    [
      header('unknown', { crit: ['urn:example'], 'urn:example': 1 }),
      header('of JWS itself', { crit: ['b64'], b64: true }),
      ['none of them', () => client.forged({ crit: [] })],
      ['not a list', () => client.forged({ crit: 'urn:example' })],
    ],
  ],
  ['the key of someone else, all else good', /another key/, [['a proof of a stranger', () => stranger.proof()]]],
];

describe.each(ATTACKS)('%s', (_point, reason, rows) => {
  test.each<Row>(rows)('%s', async (_name, proofs) => {
    expect(await reasonAgainst([await proofs()].flat(), client)).toMatch(reason);
  });
});

test('an algorithm that the options leave out', async () => {
  const narrow = possession({ algorithms: ['EdDSA', 'PS256'] });
  expect(narrow.algorithms).toEqual(['EdDSA', 'PS256']);
  const check = narrow.check(request(await client.proof()), 'dpop', TOKEN, client.confirmation);
  await expect(check).rejects.toThrow('The DPoP proof is signed with an algorithm that is not accepted');
});

test('whatever text is in the header, it is refused in good order', async () => {
  const part = fc.oneof(fc.json(), fc.string()).map((text) => Buffer.from(text).toString('base64url'));
  const text = fc.oneof(
    fc.string(),
    fc.array(part, { maxLength: 4 }).map((parts) => parts.join('.')),
  );
  await fc.assert(
    fc.asyncProperty(text, async (proof) => {
      expect(await reasonAgainst([proof], client)).toMatch(/DPoP proof/);
    }),
  );
});

test('whatever the header says, it is refused in good order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('typ', 'alg', 'jwk', 'crit'), fc.jsonValue(), async (name, value) => {
      expect(await reasonAgainst([client.forged({ [name]: value })], client)).toMatch(/DPoP proof/);
    }),
  );
});

function pem(): string {
  const key = createPublicKey({ key: { ...client.publicJwk }, format: 'jwk' });
  return key.export({ type: 'spki', format: 'pem' }).toString();
}

function weakRsa(): string {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
  return forged({ typ: 'dpop+jwt', alg: 'RS256', jwk: publicKey.export({ format: 'jwk' }) }, claimsOf(), (input) =>
    sign('sha256', Buffer.from(input), privateKey),
  );
}

function replaced(proof: string, index: number, part: unknown): string {
  return proof
    .split('.')
    .with(index, Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
}
