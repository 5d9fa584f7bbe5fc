import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { McpTool } from 'nestjs-mcp-auth';
import type { TestKey } from 'nestjs-mcp-auth/testing';
import { isJsonObject } from '../../lib/json/json-object.js';
import { stopClocks } from '../support/clocks.js';
import { post, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import { sendJson } from '../support/test-issuer.js';

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  hello(): string {
    return 'hello';
  }
}

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  let server: ProtectedServer;
  beforeEach(async () => {
    server = await startProtectedServer({ platform, providers: [Tools] });
  });
  afterEach(() => server.close());

  const call = async (key?: TestKey, header: Record<string, unknown> = {}) => {
    const token = await server.issuer.token({ aud: server.resource }, header, key);
    return (await post(server.resource, toolCall('hello'), { token })).status;
  };
  const fetches = () => server.issuer.requests.filter((path) => path === '/jwks').length;
  const publish = (...keys: readonly unknown[]) => {
    server.issuer.answers.set('/jwks', (_request, response) => {
      sendJson(response, 200, { keys });
    });
  };
  const firstKey = () => server.issuer.keys[0] as TestKey;

  test('every key under the `kid` is tried, in whatever order, of whatever type', async () => {
    const { issuer } = server;
    const one = firstKey();
    const others = [await issuer.addKey('ES256', one.kid), await issuer.addKey('RS256', one.kid)];
    for (const key of [one, ...others, one]) expect(await call(key)).toBe(200);
    expect(fetches()).toBe(1);
    expect(await call(undefined, { kid: undefined })).toBe(200);
  });

  test('keys without a `kid` fit every token, and a token without one every key of its type', async () => {
    const { issuer } = server;
    const [one, two] = [firstKey(), await issuer.addKey('ES256')];
    publish(...[one, two].map(({ publicJwk }) => ({ ...publicJwk, kid: undefined })));
    for (const key of [one, two]) expect(await call(key)).toBe(200);
    publish(...[one, two].map(({ publicJwk }) => publicJwk));
    for (const key of [one, two]) expect(await call(key, { kid: undefined })).toBe(200);
  });

  test.each<[string, (jwk: object) => object]>([
    ['members without a value', (one) => ({ ...one, use: null, key_ops: null, alg: null, x5c: null })],
    ['members that nobody knows', (one) => ({ ...one, status: 'ACTIVE', exp: null })],
    ['a number for its `kid`', (one) => ({ ...one, kid: 7 })],
    ['`null` for its `kid`', (one) => ({ ...one, kid: null })],
    ['no `use` and no `alg`', (one) => ({ ...one, use: undefined, alg: undefined })],
  ])('a key with %s is read as it is meant', async (_name, change) => {
    publish(change(firstKey().publicJwk));
    const { kid } = change(firstKey().publicJwk) as { kid: unknown };
    expect(await call(undefined, typeof kid === 'number' ? { kid: '7' } : {})).toBe(200);
  });

  test('a new key under the old `kid` is found at once, and the old one no longer counts', async () => {
    const old = firstKey();
    expect(await call(old)).toBe(200);
    server.issuer.keys = [];
    const renewed = await server.issuer.addKey('ES256', old.kid);
    expect(await call(renewed)).toBe(200);
    expect(fetches()).toBe(2);
    expect(await call(old)).toBe(401);
    expect(await call(renewed)).toBe(200);
  });

  test('bad signatures of strangers cost the issuer two fetches in a cool-down, and nobody a 503', async () => {
    const known = firstKey();
    expect(await call(known)).toBe(200);
    stopClocks();
    server.issuer.keys = [];
    const forger = await server.issuer.addKey('ES256', known.kid);
    server.issuer.keys = [known];
    for (let round = 0; round < 3; round += 1)
      expect(new Set(await Promise.all(Array.from({ length: 20 }, () => call(forger))))).toEqual(new Set([401]));
    expect(fetches()).toBeLessThanOrEqual(3);
    server.issuer.answers.set('/jwks', (_request, response) => {
      sendJson(response, 500, {});
    });
    expect(await call(forger)).toBe(401);
    expect(await call(known)).toBe(200);
  });

  test('a bad signature while the issuer is down is a 401 for its sender alone', async () => {
    const known = firstKey();
    expect(await call(known)).toBe(200);
    server.issuer.keys = [];
    const forger = await server.issuer.addKey('ES256', known.kid);
    server.issuer.answers.set('/jwks', (_request, response) => {
      sendJson(response, 500, {});
    });
    for (let round = 0; round < 3; round += 1) expect(await call(forger)).toBe(401);
    expect(await call(known)).toBe(200);
  });

  const jwk = (key: { export(options: { format: 'jwk' }): JsonWebKey }) => key.export({ format: 'jwk' });
  const rsa = jwk(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey);

  test.each<[string, readonly unknown[]]>([
    ['no key', []],
    ['an RSA key of exponent 1', [{ ...rsa, e: 'AQ', use: 'sig' }]],
    ['an RSA key of 1024 bits', [jwk(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey)]],
    ['a key for encryption', [{ ...rsa, use: 'enc' }]],
    ['a key for encryption, by its algorithm', [{ ...rsa, alg: 'RSA-OAEP-256' }]],
    ['a key for an HMAC, by its algorithm', [{ ...rsa, alg: 'HS256' }]],
    ['a key of a curve that is not accepted', [jwk(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey)]],
    ['a secret', [{ kty: 'oct', k: 'c2VjcmV0' }]],
    ['things that are no keys', [null, 7, {}]],
  ])('a set with %s is an issuer that cannot be had: 503, whatever the token', async (_name, keys) => {
    publish(...keys.map((key) => (isJsonObject(key) ? { kid: firstKey().kid, ...key } : key)));
    for (const header of [{}, { kid: undefined }, { kid: 'other' }]) expect(await call(undefined, header)).toBe(503);
  });
});
