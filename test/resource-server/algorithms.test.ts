import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { SignJWT } from 'jose';
import { McpTool, type IssuerOptions } from 'nestjs-mcp-auth';
import { post, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

type SigningAlgorithm = NonNullable<IssuerOptions['algorithms']>[number];

const ALGORITHMS: SigningAlgorithm[] = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  hello(): string {
    return 'hello';
  }
}

async function call(server: ProtectedServer, algorithm: string, header: object = {}): Promise<number> {
  const key = server.issuer.keys.find(({ alg }) => alg === algorithm);
  const token = await server.issuer.token({ aud: server.resource }, { ...header }, key);
  return (await post(server.resource, toolCall('hello'), { token })).status;
}

async function serverWithKeys(algorithms?: SigningAlgorithm[]): Promise<ProtectedServer> {
  const server = await startProtectedServer({ providers: [Tools], trust: { ...(algorithms && { algorithms }) } });
  server.issuer.keys = [];
  for (const algorithm of ALGORITHMS) await server.issuer.addKey(algorithm);
  return server;
}

describe('where nothing is said of algorithms', () => {
  let server: ProtectedServer;

  beforeAll(async () => {
    server = await serverWithKeys();
  });
  afterAll(() => server.close());

  test.each(ALGORITHMS)('a token signed with %s passes', async (algorithm) => {
    expect(await call(server, algorithm)).toBe(200);
  });

  test('the key that kid names is used, and no other of its kind', async () => {
    const [first, second] = [await server.issuer.addKey('ES256'), await server.issuer.addKey('ES256')];
    const sign = async (kid: string) => {
      const claims = { iss: server.issuer.issuer, sub: 'alice', aud: server.resource, exp: Date.now() / 1000 + 60 };
      const token = await new SignJWT(claims)
        .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid })
        .sign(second.privateKey);
      return (await post(server.resource, toolCall('hello'), { token })).status;
    };
    expect(await sign(second.kid)).toBe(200);
    expect(await sign(first.kid)).toBe(401);
  });

  test('a key that says nothing of its algorithm is good for those of its kind', async () => {
    const other = await serverWithKeys();
    other.issuer.keys = [];
    await other.issuer.addKey('PS512');
    delete other.issuer.keys[0]?.publicJwk.alg;
    expect(await call(other, 'PS512')).toBe(200);
    await other.close();
  });

  test('one kid for keys of two kinds does no harm', async () => {
    const other = await serverWithKeys();
    other.issuer.keys = [];
    for (const algorithm of ['RS256', 'ES256', 'EdDSA']) await other.issuer.addKey(algorithm, 'same');
    expect(await Promise.all(['RS256', 'ES256', 'EdDSA'].map((algorithm) => call(other, algorithm)))).toEqual([
      200, 200, 200,
    ]);
    await other.close();
  });
});

describe.each<[string, SigningAlgorithm[]]>([
  ['PS256 alone', ['PS256']],
  ['EdDSA alone', ['EdDSA']],
  ['two', ['ES256', 'ES384']],
])('where an issuer has %s', (_name, accepted) => {
  let server: ProtectedServer;

  beforeAll(async () => {
    server = await serverWithKeys(accepted);
  });
  afterAll(() => server.close());

  test.each(ALGORITHMS)('%s passes if it is among them, and is refused otherwise', async (algorithm) => {
    expect(await call(server, algorithm)).toBe(accepted.includes(algorithm) ? 200 : 401);
  });
});
