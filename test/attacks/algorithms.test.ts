import { constants } from 'node:crypto';
import { describe } from '@jest/globals';
import { attackedServer, describeTokens } from './attacked-server.js';
import { ecKey, encoded, formsOf, pkcs1, rsaKey, signature, type Forge } from './forge.js';

const attacked = attackedServer();

describe('no signature at all', () => {
  const unsigned = (alg: string, suffix: string) => (forge: Forge) =>
    `${encoded(forge.header({ alg }))}.${encoded(forge.claims())}${suffix}`;

  describeTokens(attacked, [
    ...['none', 'None', 'NONE', 'nOnE', 'none ', ''].map((alg) => [`alg "${alg}"`, unsigned(alg, '.')] as const),
    ['alg none without the last dot', unsigned('none', '')],
    ['alg none with a signature', (forge) => forge.signed(forge.header({ alg: 'none' }), forge.claims())],
    ['alg none without kid', (forge) => `${encoded({ alg: 'none', typ: 'at+jwt' })}.${encoded(forge.claims())}.`],
    ['a good header', unsigned('ES256', '.')],
    ['a good header without the last dot', unsigned('ES256', '')],
  ]);
});

describe('a public key for a secret', () => {
  const keyNames = ['rsa', 'ec'] as const;
  const forms = Object.keys(formsOf(ecKey()));

  describeTokens(
    attacked,
    ['HS256', 'HS384', 'HS512'].flatMap((alg) =>
      keyNames.flatMap((name) =>
        forms.map(
          (form) =>
            [
              `${alg} with ${form} (${name})`,
              (forge: Forge) => forge.hmac(alg, formsOf(forge[name])[form] ?? '', forge[name]),
            ] as const,
        ),
      ),
    ),
  );
  describeTokens(attacked, [
    ['HS256 with PKCS #1', (forge) => forge.hmac('HS256', pkcs1(forge.rsa))],
    ['HS256 with the kid', (forge) => forge.hmac('HS256', forge.rsa.kid)],
    ['HS256 with the issuer', (forge) => forge.hmac('HS256', forge.issuer)],
    ['HS256 with a zero', (forge) => forge.hmac('HS256', Buffer.alloc(1))],
    ['HS256 with "secret"', (forge) => forge.hmac('HS256', 'secret')],
  ]);
});

describe('a signature of another algorithm', () => {
  const { RSA_PKCS1_PSS_PADDING: PSS } = constants;
  const rsa = (alg: string, hash: string, padding?: number) => (forge: Forge) =>
    forge.with(forge.header({ alg, kid: forge.rsa.kid }), forge.claims(), (input) =>
      signature(input, forge.rsa, hash, padding),
    );

  describeTokens(attacked, [
    ['RS256 under PS256', rsa('PS256', 'sha256')],
    ['PS256 under RS256', rsa('RS256', 'sha256', PSS)],
    ['RS512 under RS256', rsa('RS256', 'sha512')],
    ['RS256 under RS512', rsa('RS512', 'sha256')],
    ['RS1 under RS256', rsa('RS256', 'sha1')],
    ['RS256 under ES256', rsa('ES256', 'sha256')],
    ['ES256 under RS256', (forge) => forge.signed(forge.header({ alg: 'RS256', kid: forge.rsa.kid }), forge.claims())],
    ['ES256 under EdDSA', (forge) => forge.token({}, { alg: 'EdDSA' })],
    ['ES256 under Ed25519', (forge) => forge.token({}, { alg: 'Ed25519' })],
    ['ES256 under ES512', (forge) => forge.token({}, { alg: 'ES512' })],
    [
      'ES256 with SHA-512',
      (forge) => forge.with(forge.header(), forge.claims(), (input) => signature(input, forge.ec, 'sha512')),
    ],
  ]);
});

describe('a key of somebody else', () => {
  describeTokens(attacked, [
    [
      'an EC key with the kid of the issuer',
      (forge) => forge.signed(forge.header(), forge.claims(), forge.stranger.ec),
    ],
    [
      'an RSA key with the kid of the issuer',
      (forge) => forge.signed(forge.header({ alg: 'RS256', kid: forge.rsa.kid }), forge.claims(), forge.stranger.rsa),
    ],
    [
      'an Ed25519 key with the kid of the issuer',
      (forge) => forge.signed(forge.header({ alg: 'EdDSA' }), forge.claims(), forge.stranger.ed),
    ],
    [
      'an EC key of its own kid',
      (forge) => forge.signed(forge.header({ kid: forge.stranger.ec.kid }), forge.claims(), forge.stranger.ec),
    ],
    [
      'an RSA key without kid',
      (forge) => forge.signed(forge.header({ alg: 'RS256', kid: undefined }), forge.claims(), rsaKey()),
    ],
    [
      'a key of the curve P-384',
      (forge) => forge.signed(forge.header({ alg: 'ES384' }), forge.claims(), ecKey('P-384')),
    ],
    ['a key of secp256k1', (forge) => forge.signed(forge.header({ alg: 'ES256' }), forge.claims(), ecKey('secp256k1'))],
  ]);
});

/** Order of P-256. */
const N = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex');
const ZERO = Buffer.alloc(32);
const ONE = Buffer.concat([Buffer.alloc(31), Buffer.from([1])]);

describe('a signature that is no signature', () => {
  const bytes = (make: (good: Buffer) => Buffer) => (forge: Forge) =>
    forge.with(forge.header(), forge.claims(), (input) => make(signature(input, forge.ec)));
  const rsaBytes = (value: Buffer) => (forge: Forge) =>
    forge.with(forge.header({ alg: 'RS256', kid: forge.rsa.kid }), forge.claims(), () => value);

  describeTokens(attacked, [
    // CVE-2022-21449: zero was a signature of everything.
    ['r and s zero', bytes(() => Buffer.concat([ZERO, ZERO]))],
    ['r zero', bytes((good) => Buffer.concat([ZERO, good.subarray(32)]))],
    ['s zero', bytes((good) => Buffer.concat([good.subarray(0, 32), ZERO]))],
    ['r and s one', bytes(() => Buffer.concat([ONE, ONE]))],
    ['r and s the order', bytes(() => Buffer.concat([N, N]))],
    ['s the order', bytes((good) => Buffer.concat([good.subarray(0, 32), N]))],
    ['r and s exchanged', bytes((good) => Buffer.concat([good.subarray(32), good.subarray(0, 32)]))],
    ['all ones', bytes(() => Buffer.alloc(64, 0xff))],
    ['one bit another, at the start', bytes((good) => flipped(good, 0))],
    ['one bit another, at the end', bytes((good) => flipped(good, good.length - 1))],
    ['cut short', bytes((good) => good.subarray(0, 63))],
    ['cut to half', bytes((good) => good.subarray(0, 32))],
    ['one byte', bytes((good) => good.subarray(0, 1))],
    ['with a byte more', bytes((good) => Buffer.concat([good, Buffer.from([0])]))],
    [
      'with a zero before each half',
      bytes((good) => Buffer.concat([Buffer.from([0]), good.subarray(0, 32), Buffer.from([0]), good.subarray(32)])),
    ],
    ['twice', bytes((good) => Buffer.concat([good, good]))],
    ['very long', bytes(() => Buffer.alloc(6000, 7))],
    ['in DER', bytes(der)],
    ['RSA: zeros', rsaBytes(Buffer.alloc(256))],
    ['RSA: one', rsaBytes(Buffer.concat([Buffer.alloc(255), Buffer.from([1])]))],
    ['RSA: ones', rsaBytes(Buffer.alloc(256, 0xff))],
    ['RSA: a byte', rsaBytes(Buffer.from([1]))],
    [
      'of other claims',
      (forge) => {
        const [, , good = ''] = forge.token().split('.');
        return `${encoded(forge.header())}.${encoded(forge.claims({ sub: 'admin' }))}.${good}`;
      },
    ],
    [
      'of the claims alone',
      (forge) => forge.with(forge.header(), forge.claims(), (input) => signature(input.split('.')[1] ?? '', forge.ec)),
    ],
  ]);
});

describe('a token in another form', () => {
  const good = (make: (token: string) => string) => (forge: Forge) => make(forge.token());

  describeTokens(attacked, [
    ['one part', good((token) => token.split('.')[1] ?? '')],
    ['two parts', good((token) => token.split('.').slice(0, 2).join('.'))],
    ['four parts', good((token) => `${token}.x`)],
    ['a dot more', good((token) => `${token}.`)],
    ['a dot before', good((token) => `.${token}`)],
    ['dots alone', () => '..'],
    [
      'five parts, as if encrypted',
      () => `${encoded({ alg: 'dir', enc: 'A256GCM' })}..${'a'.repeat(16)}.${'b'.repeat(40)}.${'c'.repeat(22)}`,
    ],
    [
      'five parts with PBES2 of very many rounds',
      () => `${encoded({ alg: 'PBES2-HS256+A128KW', enc: 'A128GCM', p2c: 2 ** 31 - 1, p2s: 'x' })}.a.b.c.d`,
    ],
    ['with padding', good((token) => `${token}==`)],
    ['with other bits after the last byte of its signature', good(changeUnusedBits)],
    ['in plain base64', good((token) => `${token.slice(0, -2)}+/`)],
    ['dots in percent encoding', good((token) => token.replaceAll('.', '%2E'))],
    ['in quotes', good((token) => `"${token}"`)],
    [
      'in JSON',
      good((token) => {
        const [header, payload, sign] = token.split('.');
        return JSON.stringify({ payload, protected: header, signature: sign });
      }),
    ],
    ['in another one', (forge) => forge.signed(forge.header({ cty: 'JWT' }), JSON.stringify(forge.token()))],
    ['twice', good((token) => `${token}${token}`)],
    ['with a zero byte in percent encoding', good((token) => `${token}%00`)],
    ['a word', () => 'admin'],
    ['null', () => 'null'],
    ['undefined', () => 'undefined'],
    ['very many dots', () => '.'.repeat(8000)],
  ]);
});

/** The same bytes, in letters that no encoder writes. The last of 86 letters has four bits that do not count. */
function changeUnusedBits(token: string): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return token.slice(0, -1) + (letters[letters.indexOf(token.slice(-1)) ^ 1] ?? '');
}

function flipped(bytes: Buffer, index: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[index] = (copy[index] ?? 0) ^ 1;
  return copy;
}

/** ECDSA-Sig-Value of RFC 3279, which JOSE does not use. */
function der(signed: Buffer): Buffer {
  const integer = (value: Buffer) => {
    const body = (value[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), value]) : value;
    return Buffer.concat([Buffer.from([2, body.length]), body]);
  };
  const body = Buffer.concat([integer(signed.subarray(0, 32)), integer(signed.subarray(32))]);
  return Buffer.concat([Buffer.from([0x30, body.length]), body]);
}
