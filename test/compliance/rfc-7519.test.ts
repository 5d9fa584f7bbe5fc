import { describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpTool } from 'nestjs-mcp-auth';
import { attackedServer, describeTokens, expectVerdict, REFUSED } from '../attacks/attacked-server.js';
import { encoded, type Forge } from '../attacks/forge.js';
import { post, toolCall } from '../support/mcp-request.js';
import { startProtectedServer } from '../support/protected-server.js';

const attacked = attackedServer();

const statusOf = async (token: string): Promise<number> => (await attacked().call(`Bearer ${token}`)).status;

test('RFC 7519 section 4: claims that are not understood MUST be ignored', async () => {
  const { forge } = attacked();
  const unknown = { 'urn:example:x': { a: [1] }, nickname: 'al', crit: ['x'], alg: 'none', kid: 7, '': null };
  expect(await statusOf(forge.token(unknown))).toBe(200);
});

test('RFC 7519 section 4: of claims of one name the last alone MUST count', async () => {
  const { forge } = attacked();
  const doubled = (claim: string, first: unknown, second: unknown) => {
    const rest = Object.fromEntries(Object.entries(forge.claims()).filter(([name]) => name !== claim));
    const members = [first, second].map((value) => `"${claim}":${JSON.stringify(value)}`).join(',');
    return forge.signed(forge.header(), `{${members},${JSON.stringify(rest).slice(1)}`);
  };
  const good = forge.claims();
  const bad: [string, unknown][] = [
    ['aud', 'other'],
    ['exp', 1],
    ['iss', 'https://attacker.example'],
    ['sub', 7],
  ];
  for (const [claim, wrong] of bad) {
    expect([claim, await statusOf(doubled(claim, wrong, good[claim]))]).toEqual([claim, 200]);
    attacked().forget();
    expect([claim, await statusOf(doubled(claim, good[claim], wrong))]).toEqual([claim, 401]);
  }
});

test('RFC 7519 section 4.1.3: a token whose aud has not this server MUST be rejected', async () => {
  const { forge } = attacked();
  const { resource } = forge;
  for (const aud of [resource, [resource], ['other', resource]])
    expect([aud, await statusOf(forge.token({ aud }))]).toEqual([aud, 200]);
  attacked().forget();
  for (const aud of [
    undefined,
    null,
    '',
    [],
    'other',
    ['a', 'b'],
    resource.toUpperCase(),
    `${resource}/`,
    [[resource]],
  ])
    expect([aud, await statusOf(forge.token({ aud }))]).toEqual([aud, 401]);
});

test('RFC 7519 sections 4.1.4 and 4.1.5: a token MUST NOT be accepted from exp on, and before nbf', async () => {
  const { forge } = attacked();
  const now = Math.floor(Date.now() / 1000);
  expect(await statusOf(forge.token({ exp: now + 60, nbf: now - 60 }))).toBe(200);
  attacked().forget();
  // A leeway of seconds is allowed.
  for (const times of [{ exp: now - 6 }, { exp: 0 }, { exp: -now }, { nbf: now + 60 }, { nbf: now * 1000 }])
    expect([times, await statusOf(forge.token(times))]).toEqual([times, 401]);
});

test('RFC 7519 section 4.1: exp, nbf and iat MUST be numbers', async () => {
  const { forge } = attacked();
  const now = Math.floor(Date.now() / 1000);
  expect(await statusOf(forge.token({ exp: now + 60.5, nbf: now - 60.5, iat: now - 60.5 }))).toBe(200);
  attacked().forget();
  for (const claim of ['exp', 'nbf', 'iat']) {
    const time = claim === 'exp' ? now + 60 : now - 60;
    for (const value of [String(time), [time], { time }, true, null, new Date(time * 1000).toISOString()])
      expect([claim, value, await statusOf(forge.token({ [claim]: value }))]).toEqual([claim, value, 401]);
  }
});

describe('RFC 7519 section 7.2: MUST reject a token for which a step fails', () => {
  const good = (change: (parts: [string, string, string]) => string) => (forge: Forge) =>
    change(forge.token().split('.') as [string, string, string]);
  const latin = (value: object) => Buffer.from(JSON.stringify({ ...value, x: '\u00ff' }), 'latin1');

  describeTokens(attacked, [
    ['step 1: no period', good((parts) => parts.join(''))],
    [
      'step 3: a header that is not base64url',
      good(([header, claims, signature]) => `+${header}.${claims}.${signature}`),
    ],
    ['step 3: a header with padding', good(([header, claims, signature]) => `${header}=.${claims}.${signature}`)],
    ['step 4: a header that is not UTF-8', (forge) => forge.signed(latin(forge.header()), forge.claims())],
    ['step 4: a header that is no object', (forge) => forge.signed('["ES256"]', forge.claims())],
    [
      'step 4: a header that is not all JSON',
      (forge) => forge.signed(`${JSON.stringify(forge.header())},`, forge.claims()),
    ],
    ['step 5: what is critical and not understood', (forge) => forge.token({}, { crit: ['x'], x: 1 })],
    [
      'step 6: a JWE',
      (forge) => [encoded({ alg: 'dir', enc: 'A256GCM' }), '', encoded(forge.claims()), 'a', 'b'].join('.'),
    ],
    ['step 7: a signature of something else', good(([header, claims]) => [header, claims, 'AAAA'].join('.'))],
    ['step 8: a JWT in a JWT', (forge) => forge.signed(forge.header({ cty: 'JWT' }), forge.token({ aud: 'other' }))],
    ['step 9: claims with white space', good(([header, claims, signature]) => `${header}.${claims} .${signature}`)],
    ['step 9: claims with padding', good(([header, claims, signature]) => `${header}.${claims}=.${signature}`)],
    ['step 10: claims that are not UTF-8', (forge) => forge.signed(forge.header(), latin(forge.claims()))],
    ['step 10: claims that are no object', (forge) => forge.signed(forge.header(), '[]')],
    [
      'step 10: claims that are not all JSON',
      (forge) => forge.signed(forge.header(), `${JSON.stringify(forge.claims())}}`),
    ],
  ]);
});

test('RFC 7519 section 7.3: strings MUST be compared code point by code point, as JSON means them', async () => {
  @Injectable()
  class Tools {
    @McpTool({ description: 'x' })
    ping(): string {
      return 'pong';
    }
  }
  const composed = 'urn:caf\u00e9';
  const server = await startProtectedServer({ providers: [Tools], trust: { audiences: [composed] } });
  const statusFor = async (aud: string) =>
    (await post(server.resource, toolCall('ping'), { token: await server.token('', { aud }) })).status;
  expect(await statusFor(composed)).toBe(200);
  for (const aud of ['urn:cafe\u0301', 'urn:CAF\u00c9', 'urn:caf\u00e9 ', 'urn:caf%C3%A9'])
    expect([aud, await statusFor(aud)]).toEqual([aud, 401]);
  await server.close();
  const { forge } = attacked();
  const claims = JSON.stringify(forge.claims());
  const escaped = claims.replace('"aud":"h', '"\\u0061ud":"\\u0068');
  expect(escaped).not.toBe(claims);
  expectVerdict(await attacked().call(`Bearer ${forge.signed(forge.header(), escaped)}`), [200]);
  attacked().forget();
  const other = claims.replace('"aud":"h', '"\\u0061ud":"\\u0048');
  expectVerdict(await attacked().call(`Bearer ${forge.signed(forge.header(), other)}`), REFUSED);
});
