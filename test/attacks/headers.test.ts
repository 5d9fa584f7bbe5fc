import { describe } from '@jest/globals';
import { attackedServer, describeTokens, type Verdict } from './attacked-server.js';
import { encoded, signature, type Forge } from './forge.js';

const attacked = attackedServer();

/** The issuer signed it: nothing but the header is wrong. */
const members = (rows: Record<string, Record<string, unknown>>) =>
  Object.entries(rows).map(([name, header]) => [name, (forge: Forge) => forge.token({}, header)] as const);

describe('alg', () => {
  describeTokens(
    attacked,
    members({
      missing: { alg: undefined },
      null: { alg: null },
      empty: { alg: '' },
      none: { alg: 'none' },
      'None with a signature': { alg: 'None' },
      'in lower case': { alg: 'es256' },
      'with a space': { alg: 'ES256 ' },
      'a number': { alg: 256 },
      'a list': { alg: ['ES256'] },
      'an object': { alg: { name: 'ES256' } },
      'an object that is no text': { alg: { toString: true } },
      'a list that is no text': { alg: [{ toString: true }] },
      'an HMAC': { alg: 'HS256' },
      'of another curve': { alg: 'ES384' },
      'of a curve nobody takes': { alg: 'ES256K' },
      'of another kind of key': { alg: 'RS256' },
      'of encryption': { alg: 'RSA-OAEP-256' },
      'of key agreement': { alg: 'ECDH-ES' },
      dir: { alg: 'dir' },
      'SHA-1': { alg: 'RS1' },
      'a property of objects': { alg: '__proto__' },
      'very long': { alg: 'ES256'.repeat(1000) },
    }),
  );
});

describe('typ', () => {
  describeTokens(
    attacked,
    members({
      missing: { typ: undefined },
      null: { typ: null },
      empty: { typ: '' },
      'a number': { typ: 1 },
      'a list': { typ: ['at+jwt'] },
      'an object that is no text': { typ: { toString: true } },
      'a DPoP proof': { typ: 'dpop+jwt' },
      'an identity assertion': { typ: 'oauth-id-jag+jwt' },
      'a logout token': { typ: 'logout+jwt' },
      'a security event': { typ: 'secevent+jwt' },
      'an introspection': { typ: 'token-introspection+jwt' },
      'a client assertion': { typ: 'client-authentication+jwt' },
      'an entity statement': { typ: 'entity-statement+jwt' },
      'with a parameter': { typ: 'at+jwt; x=1' },
      'with another tree': { typ: 'text/at+jwt' },
      'with application/ twice': { typ: 'application/application/at+jwt' },
    }),
  );
});

describe('kid', () => {
  describeTokens(
    attacked,
    members({
      unknown: { kid: 'unknown' },
      null: { kid: null },
      empty: { kid: '' },
      'a number': { kid: 0 },
      'a list': { kid: ['x'] },
      'an object': { kid: {} },
      'a path': { kid: '../../../../dev/null' },
      'a URL': { kid: 'https://attacker.example/key' },
      'an injection': { kid: "x' UNION SELECT 'secret' -- " },
      'a command': { kid: '|id' },
      'a property of objects': { kid: '__proto__' },
      'another property of objects': { kid: 'constructor' },
      'with a zero byte': { kid: 'x\u0000' },
      'very long': { kid: 'k'.repeat(6000) },
    }),
  );
  describeTokens(attacked, [
    ['of the other key of the issuer', (forge) => forge.token({}, { kid: forge.rsa.kid })],
    ['in other case', (forge) => forge.token({}, { kid: forge.ec.kid.toUpperCase() })],
    ['with a space', (forge) => forge.token({}, { kid: `${forge.ec.kid} ` })],
  ]);
});

describe('cty', () => {
  describeTokens(
    attacked,
    members({
      'a JWT': { cty: 'JWT' },
      'a JWT in small letters': { cty: 'jwt' },
      'a JWT in full': { cty: 'application/jwt' },
    }),
  );
});

describe('crit', () => {
  describeTokens(
    attacked,
    members({
      'of an extension': { crit: ['urn:example:x'], 'urn:example:x': 1 },
      'of b64': { crit: ['b64'], b64: false },
      'of exp': { crit: ['exp'], exp: 1 },
      'of what is not there': { crit: ['x'] },
      empty: { crit: [] },
      null: { crit: null },
      'a string': { crit: 'exp' },
    }),
  );
});

describe('a key that the token brings itself', () => {
  const withStranger = (header: (forge: Forge) => Record<string, unknown>) => (forge: Forge) =>
    forge.signed(forge.header(header(forge)), forge.claims(), forge.stranger.ec);
  const jwkOf = (forge: Forge) => forge.stranger.ec.publicKey.export({ format: 'jwk' });
  const strangersUrl = (path: string) => `${attacked().stranger.origin}${path}`;

  describeTokens(attacked, [
    ['jwk', withStranger((forge) => ({ jwk: jwkOf(forge) }))],
    ['jwk with the kid of the issuer', withStranger((forge) => ({ jwk: { ...jwkOf(forge), kid: forge.ec.kid } }))],
    ['jwk and no kid', withStranger((forge) => ({ jwk: jwkOf(forge), kid: undefined }))],
    ['jku', withStranger(() => ({ jku: strangersUrl('/jwks') }))],
    ['jku and no kid', withStranger(() => ({ jku: strangersUrl('/jwks'), kid: undefined }))],
    [
      'jku that begins like the issuer',
      withStranger((forge) => ({ jku: `${forge.issuer}@${strangersUrl('/jwks').slice(7)}` })),
    ],
    ['x5u', withStranger(() => ({ x5u: strangersUrl('/cert') }))],
    [
      'x5c',
      withStranger((forge) => ({
        x5c: [forge.stranger.ec.publicKey.export({ format: 'der', type: 'spki' }).toString('base64')],
      })),
    ],
    ['x5c and no kid', withStranger(() => ({ x5c: ['MIIB'], kid: undefined }))],
    ['x5t', withStranger(() => ({ x5t: 'x'.repeat(27), kid: undefined }))],
    ['x5t#S256', withStranger(() => ({ 'x5t#S256': 'x'.repeat(43), kid: undefined }))],
    [
      'all of them',
      withStranger((forge) => ({ jwk: jwkOf(forge), jku: strangersUrl('/jwks'), x5u: strangersUrl('/c') })),
    ],
    ['nothing but the kid of the issuer', withStranger(() => ({}))],
  ]);

  // The key comes from the configuration, whatever the header says of it.
  const hints: Record<string, (forge: Forge) => Record<string, unknown>> = {
    'jku of the issuer': (forge) => ({ jku: `${forge.issuer}/jwks` }),
    'jku of a stranger': () => ({ jku: strangersUrl('/jwks') }),
    'jku that is no text': () => ({ jku: 7 }),
    'x5u of a stranger': () => ({ x5u: strangersUrl('/cert') }),
    'x5c that is none': () => ({ x5c: ['MIIB'] }),
    'x5t of another certificate': () => ({ x5t: 'x'.repeat(27) }),
    'jwk of a stranger': (forge) => ({ jwk: jwkOf(forge) }),
    'jwk of the issuer': (forge) => ({ jwk: forge.ec.publicKey.export({ format: 'jwk' }) }),
    'jwk null': () => ({ jwk: null }),
  };
  describeTokens(
    attacked,
    Object.entries(hints).map(([name, header]) => [
      `${name}, by the issuer`,
      (forge: Forge) => forge.token({}, header(forge)),
      [200] as Verdict,
    ]),
  );
});

describe('a header that is none', () => {
  const raw = (header: string | Buffer) => (forge: Forge) => forge.signed(header, forge.claims());
  const doubled = (first: string, second: string) => (forge: Forge) =>
    forge.signed(`{"alg":"${first}","alg":"${second}","typ":"at+jwt","kid":"${forge.ec.kid}"}`, forge.claims());
  const ok: Verdict = [200];

  describeTokens(attacked, [
    ['empty', raw('')],
    ['an empty object', raw('{}')],
    ['null', raw('null')],
    ['a list', raw('[{"alg":"ES256"}]')],
    ['a string', raw('"ES256"')],
    ['a number', raw('7')],
    ['half of one', raw('{"alg":"ES256"')],
    ['with something behind it', raw('{"alg":"ES256","typ":"at+jwt"} x')],
    ['with a byte order mark', raw('\ufeff{"alg":"ES256","typ":"at+jwt"}')],
    ['with a comment', raw('{"alg":"ES256"/*x*/}')],
    ['not in UTF-8', raw(Buffer.from('{"alg":"ES256","typ":"at+jwt\xff"}', 'latin1'))],
    ['in UTF-16', raw(Buffer.from('{"alg":"ES256"}', 'utf16le'))],
    ['alg twice, the second none', doubled('ES256', 'none')],
    ['alg twice, the second HMAC', doubled('ES256', 'HS256')],
    // The last of two counts (RFC 7515 section 4), everywhere alike; the issuer signed it.
    ['alg twice, the second as it should be', doubled('none', 'ES256'), ok],
    ['members of a prototype', raw('{"__proto__":{"alg":"ES256","typ":"at+jwt"}}')],
    [
      'of another token',
      (forge) => {
        const claims = encoded(forge.claims());
        const input = `${encoded(forge.header())}.${claims}`;
        return `${encoded(forge.header({ x: 1 }))}.${claims}.${signature(input, forge.ec).toString('base64url')}`;
      },
    ],
  ]);
});
