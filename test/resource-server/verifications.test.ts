import crypto, { hash } from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpTool } from 'nestjs-mcp-auth';
import type { TestKey } from 'nestjs-mcp-auth/testing';
import { post, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  hello(): string {
    return 'hello';
  }
}

const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'];

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  let server: ProtectedServer;
  const keys = new Map<string, TestKey>();
  beforeAll(async () => {
    server = await startProtectedServer({ platform, providers: [Tools] });
    for (const algorithm of ALGORITHMS) keys.set(algorithm, await server.issuer.addKey(algorithm));
    await send(await sign('ES256'));
  });
  afterAll(() => server.close());

  let verifications = 0;
  beforeEach(() => {
    verifications = 0;
    const { createVerify } = crypto;
    jest.spyOn(crypto, 'createVerify').mockImplementation((...args) => {
      verifications += 1;
      return createVerify(...args);
    });
    const { subtle } = globalThis.crypto;
    const verify = subtle.verify.bind(subtle);
    jest.spyOn(subtle, 'verify').mockImplementation(async (...args) => {
      verifications += 1;
      return await verify(...args);
    });
    syncBuiltinESMExports();
  });
  afterEach(() => {
    jest.restoreAllMocks();
    syncBuiltinESMExports();
  });

  const sign = (algorithm: string, header: Record<string, unknown> = {}) =>
    server.issuer.token({ aud: server.resource }, header, keys.get(algorithm));
  const send = async (token: string) => (await post(server.resource, toolCall('hello'), { token })).status;

  test.each(ALGORITHMS)(
    'a signature of %s is verified once, with the first request of its token',
    async (algorithm) => {
      const token = await sign(algorithm);
      expect([await send(token), verifications]).toEqual([200, 1]);
      expect([await send(token), verifications]).toEqual([200, 1]);
    },
  );

  test('a token is hashed once for each request', async () => {
    const hashing = jest.spyOn(crypto, 'hash').mockImplementation(hash);
    syncBuiltinESMExports();
    const token = await sign('ES256');
    const count = () => hashing.mock.calls.filter(([, content]) => content === token).length;
    expect([await send(token), count()]).toEqual([200, 1]);
    expect([await send(token), count()]).toEqual([200, 2]);
  });

  test('a token that names no key is verified with each key of its type, until one has signed it', async () => {
    const other = await server.issuer.addKey('RS256');
    await send(await server.issuer.token({ aud: server.resource }, {}, other));
    verifications = 0;
    const token = await server.issuer.token({ aud: server.resource }, { kid: undefined }, other);
    expect([await send(token), verifications]).toEqual([200, 2]);
  });
});
