import { describe, expect, test } from '@jest/globals';
import { createPatternTest, findPatternProblem } from '../../lib/resource-server/issuers/issuer-pattern.js';

describe('a pattern', () => {
  test.each<[string, readonly string[], readonly string[]]>([
    [
      'https://id.acme.example/realms/*',
      ['https://id.acme.example/realms/a', 'https://id.acme.example/realms/a.b-c_d~e'],
      ['http://id.acme.example/realms/a', 'https://idxacme.example/realms/a', 'https://id.acme.example/realms/..'],
    ],
    [
      'https://*.authentication.eu10.hana.ondemand.com/oauth/token',
      ['https://acme.authentication.eu10.hana.ondemand.com/oauth/token'],
      [
        'https://a.b.authentication.eu10.hana.ondemand.com/oauth/token',
        'https://-.authentication.eu10.hana.ondemand.com/oauth/token',
        'https://acme.authentication.eu10.hana.ondemand.com.evil.example/oauth/token',
        'https://evil.example/.authentication.eu10.hana.ondemand.com/oauth/token',
        'https://a@evil.example#.authentication.eu10.hana.ondemand.com/oauth/token',
      ],
    ],
    [
      'https://id.example/*/v2/*',
      ['https://id.example/a/v2/b'],
      ['https://id.example/a/v2/', 'https://id.example/a/v3/b'],
    ],
    [
      'https://*.eu.auth0.com/',
      ['https://acme.eu.auth0.com/', 'https://xn--bcher-kva.eu.auth0.com/'],
      [
        'https://acme.eu.auth0.com',
        'https://acme.eu.auth0.com//',
        'https://acme.eu.auth0.com./',
        'https://acme.eu.auth0.com:443/',
        'https://ACME.eu.auth0.com/',
        'https://bücher.eu.auth0.com/',
        'https://аcme.eu.auth0.com/',
        'https://acme。eu.auth0.com/',
        'https://user:pass@acme.eu.auth0.com/',
        'https:/\\acme.eu.auth0.com/',
        `https://${'a'.repeat(64)}.eu.auth0.com/`,
        `https://${'a-'.repeat(300)}.eu.auth0.com/`,
        ' https://acme.eu.auth0.com/',
        'https://acme.eu.auth0.com/\n',
      ],
    ],
    [
      'https://id.example:8443/realms/*',
      ['https://id.example:8443/realms/acme'],
      [
        'https://id.example/realms/acme',
        'https://id.example:8444/realms/acme',
        'https://id.example:8443/realms/acme/',
        'https://id.example:8443/realms/%61cme',
        'https://id.example:8443/realms/..%2fadmin',
        'https://id.example:8443/realms/./acme',
        'https://id.example:8443/realms/acme;x',
        'https://id.example:8443/realms/äcme',
        'https://id.example:8443/realms/acme?x=/realms/acme',
        `https://id.example:8443/realms/${'a'.repeat(129)}`,
      ],
    ],
  ])('%s', (pattern, within, without) => {
    expect(findPatternProblem(pattern)).toBeUndefined();
    const isWithin = createPatternTest(pattern);
    expect(within.filter((iss) => !isWithin(iss))).toEqual([]);
    expect(without.filter((iss) => isWithin(iss))).toEqual([]);
  });

  test.each([
    'https://id.example/realms/acme',
    'https://*',
    'https://*/realms/x',
    'https://*.com/x',
    'https://id.*/x',
    'https://tenant-*.id.example/x',
    'https://id.example/realm-*',
    'https://id.example:*/x',
    'https://*@id.example/x',
    'https://id.example/x?tenant=*',
    'ftp://id.example/*',
    '*',
    '',
  ])('%j is refused at boot', (pattern) => {
    expect(findPatternProblem(pattern)).toEqual(expect.any(String));
  });
});
