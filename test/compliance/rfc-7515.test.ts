import { describe, expect, test } from '@jest/globals';
import { attackedServer, describeTokens, type Verdict } from '../attacks/attacked-server.js';
import type { Forge } from '../attacks/forge.js';

const attacked = attackedServer();
const OK: Verdict = [200];

const doubled = (first: string, second: string) => (forge: Forge) =>
  forge.signed(`{${first},${second},"kid":"${forge.ec.kid}"}`, forge.claims());

describe('RFC 7515 section 4: of header parameters of one name the last alone MUST count', () => {
  describeTokens(attacked, [
    ['alg, the last as it should be', doubled('"alg":"none","typ":"at+jwt"', '"alg":"ES256"'), OK],
    ['alg, the last another', doubled('"alg":"ES256","typ":"at+jwt"', '"alg":"HS256"')],
    ['typ, the last as it should be', doubled('"alg":"ES256","typ":"dpop+jwt"', '"typ":"at+jwt"'), OK],
    ['typ, the last another', doubled('"alg":"ES256","typ":"at+jwt"', '"typ":"dpop+jwt"')],
  ]);
});

describe('RFC 7515 section 4: header parameters that are not understood MUST be ignored', () => {
  const rows: Record<string, Record<string, unknown>> = {
    'of an extension': { 'urn:example:x': { a: 1 } },
    'with the name of a claim': { iss: 'https://other.example', exp: 1, aud: 'other' },
    'of a certificate, in x5t': { x5t: 'AAAA' },
    'of encryption': { zip: 'DEF', p2c: 1 },
  };
  describeTokens(
    attacked,
    Object.entries(rows).map(([name, header]) => [name, (forge) => forge.token({}, header), OK] as const),
  );
});

describe('RFC 7515 section 4.1.1: alg MUST be there, and be one that is supported', () => {
  describeTokens(
    attacked,
    [undefined, null, '', 'es256', 'ES256K', 'RS1', 'PBES2-HS256+A128KW', 256, ['ES256']].map(
      (alg) => [`alg ${JSON.stringify(alg)}`, (forge: Forge) => forge.token({}, { alg })] as const,
    ),
  );
});

test('RFC 7515 section 4.1.4: kid MUST be a string, and its case counts', async () => {
  const { forge } = attacked();
  const statusWith = async (kid: unknown) => (await attacked().call(`Bearer ${forge.token({}, { kid })}`)).status;
  expect(await statusWith(forge.ec.kid)).toBe(200);
  attacked().forget();
  const upper = forge.ec.kid.toUpperCase();
  expect(upper).not.toBe(forge.ec.kid);
  for (const kid of [upper, `${forge.ec.kid} `, [forge.ec.kid], { kid: forge.ec.kid }, 7, true, null, ''])
    expect([kid, await statusWith(kid)]).toEqual([kid, 401]);
});

test('RFC 7515 section 4.1.9: a typ without a slash MUST be taken as if application/ stood before it', async () => {
  const statusWith = async (typ: string) =>
    (await attacked().call(`Bearer ${attacked().forge.token({}, { typ })}`)).status;
  for (const typ of ['at+jwt', 'application/at+jwt', 'AT+JWT', 'Application/at+JWT'])
    expect([typ, await statusWith(typ)]).toEqual([typ, 200]);
  attacked().forget();
  for (const typ of ['text/at+jwt', '/at+jwt', 'application/application/at+jwt', 'application/dpop+jwt'])
    expect([typ, await statusWith(typ)]).toEqual([typ, 401]);
});

describe('RFC 7515 section 4.1.11: a token with a critical parameter that is not understood is not valid', () => {
  describeTokens(attacked, [
    ['of an extension', (forge) => forge.token({}, { crit: ['urn:example:x'], 'urn:example:x': 1 })],
    ['of payloads that are not encoded', (forge) => forge.token({}, { crit: ['b64'], b64: false })],
    ['that is not there', (forge) => forge.token({}, { crit: ['urn:example:x'] })],
    ['beside one of JWS itself', (forge) => forge.token({}, { crit: ['alg', 'urn:example:x'], 'urn:example:x': 1 })],
  ]);
});
