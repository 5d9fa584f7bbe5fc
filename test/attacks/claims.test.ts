import { describe } from '@jest/globals';
import { attackedServer, describeTokens, type Verdict } from './attacked-server.js';
import type { Forge } from './forge.js';

const attacked = attackedServer();

const NOW = Math.floor(Date.now() / 1000);
const OK: Verdict = [200];
const DENIED: Verdict = [403, 'insufficient_scope'];

type Row = readonly [name: string, token: (forge: Forge) => string, verdict?: Verdict];

/** The issuer signed it: nothing but one claim is wrong. */
const wrong = (claim: string, values: Record<string, unknown>): Row[] =>
  Object.entries(values).map(([name, value]) => [name, (forge) => forge.token({ [claim]: value })]);

/** Of a value that is made of the right one. */
const near = (claim: 'iss' | 'aud', values: Record<string, (right: string) => unknown>): Row[] =>
  Object.entries(values).map(([name, make]) => [
    name,
    (forge) => forge.token({ [claim]: make(claim === 'iss' ? forge.issuer : forge.resource) }),
  ]);

describe('iss', () => {
  describeTokens(attacked, [
    ...wrong('iss', { missing: undefined, null: null, empty: '', 'a number': 7, 'an object': {}, true: true }),
    ...near('iss', {
      'in a list': (issuer) => [issuer],
      'with a slash': (issuer) => `${issuer}/`,
      'with a space': (issuer) => `${issuer} `,
      'with a zero byte': (issuer) => `${issuer}\u0000`,
      'in capitals': (issuer) => issuer.toUpperCase(),
      'with a path': (issuer) => `${issuer}/realms/other`,
      'with dot segments': (issuer) => `${issuer}/x/..`,
      'with user information': (issuer) => issuer.replace('://', '://user@'),
      'under another name for the host': (issuer) => issuer.replace('127.0.0.1', 'localhost'),
      'under another number for the host': (issuer) => issuer.replace('127.0.0.1', '2130706433'),
      'with a query': (issuer) => `${issuer}?x`,
      'with a fragment': (issuer) => `${issuer}#x`,
      'over https': (issuer) => issuer.replace('http:', 'https:'),
      'cut short': (issuer) => issuer.slice(0, -1),
      'with lookalikes': (issuer) => issuer.replace('.', '\u3002'),
    }),
    ['of the stranger', (forge) => forge.token({ iss: attacked().stranger.issuer })],
    ['a property of objects', (forge) => forge.token({ iss: '__proto__' })],
  ]);
});

describe('aud', () => {
  describeTokens(attacked, [
    ...wrong('aud', {
      missing: undefined,
      null: null,
      empty: '',
      'a number': 7,
      'an object': {},
      true: true,
      'an empty list': [],
      'a list of other things': [7, null, {}, true],
      'a word': 'api',
      'a star': '*',
      'the client': 'client',
      'of a property': '__proto__',
    }),
    ...near('aud', {
      'with a slash': (resource) => `${resource}/`,
      'its parent': (resource) => new URL(resource).origin,
      'its child': (resource) => `${resource}/admin`,
      'in capitals': (resource) => resource.toUpperCase(),
      'over https': (resource) => resource.replace('http:', 'https:'),
      'under another host': (resource) => resource.replace('127.0.0.1', 'localhost'),
      'under another port': (resource) => resource.replace(/:\d+/, ':1'),
      'among others in one text': (resource) => `${resource} other`,
      'in a list in a list': (resource) => [[resource]],
      'in an object': (resource) => ({ 0: resource }),
      'as a key': (resource) => ({ [resource]: true }),
      'with a query': (resource) => `${resource}?x`,
      'with a fragment': (resource) => `${resource}#x`,
      'cut short': (resource) => resource.slice(0, -1),
      'all but right': (resource) => [`${resource}/`, `x${resource}`],
    }),
  ]);
});

describe('times', () => {
  describeTokens(attacked, [
    ...['exp', 'nbf', 'iat'].flatMap((claim) =>
      wrong(claim, {
        [`${claim} null`]: null,
        [`${claim} text`]: 'tomorrow',
        [`${claim} a number in text`]: String(claim === 'exp' ? NOW + 300 : NOW - 300),
        [`${claim} a list`]: [NOW],
        [`${claim} an object`]: {},
        [`${claim} true`]: true,
        [`${claim} a date`]: new Date(),
      }),
    ),
    ...wrong('exp', {
      'exp missing': undefined,
      'exp a second beyond the tolerance': NOW - 6,
      'exp long ago': 1,
      'exp 0': 0,
      'exp negative': -1,
      'exp in the least number': -1e308,
    }),
    ...wrong('nbf', { 'nbf in a minute': NOW + 60, 'nbf in milliseconds': NOW * 1000, 'nbf very late': 1e308 }),
    ...wrong('iat', { 'iat in a minute': NOW + 60, 'iat in milliseconds': NOW * 1000 }),
    [
      'exp beyond all numbers',
      (forge) => forge.signed(forge.header(), JSON.stringify(forge.claims()).replace(/"exp":\d+/, '"exp":1e999')),
    ],
    [
      'nbf below all numbers',
      (forge) => forge.signed(forge.header(), JSON.stringify(forge.claims()).replace('"iat"', '"nbf":1e999,"iat"')),
    ],
  ]);
});

describe('who', () => {
  describeTokens(attacked, [
    ...['sub', 'client_id', 'azp'].flatMap((claim) =>
      wrong(claim, {
        ...(claim === 'azp' ? {} : { [`${claim} null`]: null, [`${claim} empty`]: '' }),
        ...(claim === 'azp'
          ? {}
          : { [`${claim} a number`]: 7, [`${claim} a list`]: ['alice'], [`${claim} an object`]: {} }),
      }),
    ),
    ['sub missing', (forge) => forge.token({ sub: undefined })],
    ['sub true', (forge) => forge.token({ sub: true })],
    ['azp a number, where nothing else names the client', (forge) => forge.token({ client_id: undefined, azp: 7 })],
    ['cid a list, where nothing else names the client', (forge) => forge.token({ client_id: undefined, cid: ['x'] })],
  ]);
});

describe('what only other tokens have', () => {
  describeTokens(attacked, [
    ...['ID', 'Refresh', 'Offline', 'Logout', 'id_token', '', 7, null, ['Bearer'], {}].map((typ): Row => [
      `typ ${JSON.stringify(typ)}`,
      (forge) => forge.token({ typ }),
    ]),
    ...['id', 'refresh', 'id_token', 7, {}].map((use): Row => [
      `token_use ${JSON.stringify(use)}`,
      (forge) => forge.token({ token_use: use }),
    ]),
    ...['at_hash', 'c_hash', 's_hash'].map((claim): Row => [claim, (forge) => forge.token({ [claim]: 'x' })]),
    ...Object.entries<Record<string, unknown>>({
      'and nothing more': {},
      'and scopes without a value': { scope: '', scp: [] },
      'and scopes that are none': { scope: {}, scp: 7 },
      'and roles, which ID tokens have, too': { roles: ['admin'] },
      'and a client': { azp: 'client' },
      'and the type of a JWT among the claims': { typ: 'JWT' },
    }).map(([name, claims]): Row => [
      `nonce ${name}`,
      (forge) => forge.token({ nonce: 'x', ...claims }, { typ: 'JWT' }),
    ]),
    ['nonce, and scopes, in an ID token', (forge) => forge.token({ nonce: 'x', scope: 'x', typ: 'ID' })],
    ...Object.entries({ tokenType: 'refresh-token', tokenName: 'id_token', tok_type: 'IT' }).map(
      ([claim, use]): Row => [`${claim} ${use}`, (forge) => forge.token({ [claim]: use })],
    ),
    ['events', (forge) => forge.token({ events: { 'http://schemas.openid.net/event/backchannel-logout': {} } })],
  ]);
});

describe('cnf', () => {
  describeTokens(
    attacked,
    wrong('cnf', {
      null: null,
      'a string': 'x',
      'a list': [],
      empty: {},
      'a key thumbprint without a proof': { jkt: 'a'.repeat(43) },
      'a certificate that is not there': { 'x5t#S256': 'a'.repeat(43) },
      'a key': { jwk: { kty: 'EC' } },
      'the address of a key': { jku: 'https://attacker.example/jwks', kid: 'x' },
      'the id of a key': { kid: 'x' },
      'a thumbprint that is too short': { jkt: 'a' },
      'a thumbprint that is no text': { jkt: 7 },
      'something new': { 'x-new': 'x' },
    }),
  );
});

describe('scopes that are nearly the one', () => {
  const scopes = (values: Record<string, unknown>) =>
    Object.entries(values).map(([name, scope]): Row => [name, (forge) => forge.token({ scope }), DENIED]);

  describeTokens(
    attacked,
    [
      ...scopes({
        none: undefined,
        null: null,
        empty: '',
        'a prefix': 'admi',
        'more than it': 'administrator',
        'in capitals': 'ADMIN',
        'a star': '*',
        'a pattern': 'admin*',
        'in quotes': '"admin"',
        'with a comma': 'admin,orders',
        'with a semicolon': 'admin;orders',
        'with a tab': 'orders\tadmin',
        'with a line feed': 'orders\nadmin',
        'with a carriage return': 'admin\r',
        'with a zero byte': 'admin\u0000',
        'with a no-break space': 'orders\u00a0admin',
        'with a wide space': 'orders\u2003admin',
        'with a line separator': 'orders\u2028admin',
        'with a zero-width space': 'ad\u200bmin',
        'with lookalikes': '\u0430dmin',
        'in full width': '\uff41\uff44\uff4d\uff49\uff4e',
        'in a list in one text': ['orders admin'],
        'in percent encoding': '%61dmin',
        'with a header behind it': 'admin\r\nX-Injected: 1',
        'a property of objects': '__proto__ constructor',
        'very long': 'x'.repeat(6000),
      }),
      [
        'in a claim that is nearly the one',
        (forge) => forge.token({ scopes: 'admin', Scope: 'admin', permissions: ['admin'] }),
        DENIED,
      ],
    ],
    'admin',
  );
  describeTokens(
    attacked,
    wrong('scope', {
      'a number': 7,
      'an object': { admin: true },
      true: true,
      'a list of numbers': [7],
      'a list of lists': [['admin']],
    }),
    'admin',
  );
});

describe('claims that are none', () => {
  const raw = (make: (claims: string) => string | Buffer, verdict?: Verdict) =>
    [(forge: Forge) => forge.signed(forge.header(), make(JSON.stringify(forge.claims()))), verdict] as const;
  const last = (member: string) => (claims: string) => `${claims.slice(0, -1)},${member}}`;

  const rows: Record<string, readonly [(forge: Forge) => string, Verdict | undefined]> = {
    empty: raw(() => ''),
    'an empty object': raw(() => '{}'),
    null: raw(() => 'null'),
    'a number': raw(() => '7'),
    'a string': raw((claims) => JSON.stringify(claims)),
    'a list of them': raw((claims) => `[${claims}]`),
    'half of them': raw((claims) => claims.slice(0, 40)),
    'with something behind them': raw((claims) => `${claims} ${claims}`),
    'with a byte order mark': raw((claims) => `\ufeff${claims}`),
    'in UTF-16': raw((claims) => Buffer.from(claims, 'utf16le')),
    'in the prototype': raw((claims) => `{"__proto__":${claims}}`),
    // The last of two counts (RFC 7519 section 4).
    'aud twice, the second of another': raw(last('"aud":"other"')),
    'exp twice, the second in the past': raw(last('"exp":1')),
    'iss twice, the second of another': raw(last('"iss":"https://attacker.example"')),
    'sub twice, the second a number': raw(last('"sub":7')),
    'with a polluting member': raw(
      last('"__proto__":{"scope":"admin"},"constructor":{"prototype":{"scope":"admin"}}'),
      OK,
    ),
    'very deep': raw(last(`"x":${'['.repeat(3000)}${']'.repeat(3000)}`)),
  };
  describeTokens(
    attacked,
    Object.entries(rows).map(([name, [make, verdict]]) => [name, make, verdict ?? [401, 'invalid_token']] as const),
  );
});
