import { constants, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpTool } from 'nestjs-mcp-auth';
import { Forge, signature, type ForgeKey } from '../attacks/forge.js';
import { post, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import { sendJson, TestIssuer } from '../support/test-issuer.js';

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  ping(): string {
    return 'pong';
  }
}

async function statusOf(server: ProtectedServer, token: string): Promise<number> {
  return (await post(server.resource, toolCall('ping'), { token })).status;
}

/** Signed by the RSA key of the issuer, as the header says. */
function signedByRsa(forge: Forge, alg: 'RS256' | 'PS256', key: ForgeKey = forge.rsa): string {
  return forge.with(forge.header({ alg, kid: key.kid }), forge.claims(), (input) =>
    alg === 'RS256'
      ? signature(input, key)
      : sign('sha256', Buffer.from(input), {
          key: key.privateKey,
          padding: constants.RSA_PKCS1_PSS_PADDING,
          saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
        }),
  );
}

test('RFC 8725 section 3.1: each key MUST be used with the one algorithm that it is for', async () => {
  const statuses: Record<string, number[]> = {};
  for (const said of ['RS256', 'PS256', undefined]) {
    const server = await startProtectedServer({ providers: [Tools] });
    const forge = await Forge.start(server);
    const published = server.issuer.keys.find(({ kid }) => kid === forge.rsa.kid)?.publicJwk;
    if (published && said !== undefined) published.alg = said;
    const tokens = [signedByRsa(forge, 'RS256'), signedByRsa(forge, 'PS256')];
    statuses[String(said)] = await Promise.all(tokens.map((token) => statusOf(server, token)));
    await server.close();
  }
  // Where the issuer does not say, a key serves each algorithm of its type: this shows that both tokens are good.
  expect(statuses).toEqual({ RS256: [200, 401], PS256: [401, 200], undefined: [200, 200] });
});

test('RFC 8725 section 3.5: keys MUST be long enough: RSA from 2048 bits (RFC 7518 section 3.3)', async () => {
  const server = await startProtectedServer({ providers: [Tools] });
  const forge = await Forge.start(server);
  const statuses = [];
  for (const modulusLength of [1024, 2047, 2048]) {
    const key = { kid: randomUUID(), ...generateKeyPairSync('rsa', { modulusLength }) };
    const keys = [{ ...key.publicKey.export({ format: 'jwk' }), kid: key.kid, alg: 'RS256' }];
    const other = await startProtectedServer({ providers: [Tools] });
    other.issuer.answers.set('/jwks', (_request, response) => {
      sendJson(response, 200, { keys: [...keys, ...server.issuer.keys.map(({ publicJwk }) => publicJwk)] });
    });
    const claims = forge.claims({ iss: other.issuer.issuer, aud: other.resource });
    const token = forge.signed(forge.header({ alg: 'RS256', kid: key.kid }), claims, key);
    statuses.push(await statusOf(other, token));
    await other.close();
  }
  await server.close();
  expect(statuses).toEqual([401, 401, 200]);
});

test('RFC 8725 section 3.7: MUST NOT admit another encoding than UTF-8', async () => {
  const server = await startProtectedServer({ providers: [Tools] });
  const forge = await Forge.start(server);
  const header = JSON.stringify(forge.header({ x: '\u00e9' }));
  const claims = JSON.stringify(forge.claims({ sub: 'ren\u00e9' }));
  expect(await statusOf(server, forge.signed(header, claims))).toBe(200);
  for (const encoding of ['latin1', 'utf16le'] as const) {
    expect(await statusOf(server, forge.signed(Buffer.from(header, encoding), claims))).toBe(401);
    expect(await statusOf(server, forge.signed(header, Buffer.from(claims, encoding)))).toBe(401);
  }
  await server.close();
});

test('RFC 8725 section 3.8: MUST reject a token whose key does not belong to its issuer', async () => {
  const [first, second] = [await TestIssuer.start('/first'), await TestIssuer.start('/second')];
  const issuers = [{ issuer: first.issuer }, { issuer: second.issuer }];
  const server = await startProtectedServer({ providers: [Tools], options: { issuers } });
  const aud = server.resource;
  expect(await statusOf(server, await first.token({ aud }))).toBe(200);
  expect(await statusOf(server, await second.token({ aud }))).toBe(200);
  expect(await statusOf(server, await first.token({ aud, iss: second.issuer }))).toBe(401);
  expect(await statusOf(server, await second.token({ aud, iss: first.issuer }, { kid: first.keys[0]?.kid }))).toBe(401);
  expect(await statusOf(server, await server.issuer.token({ aud }))).toBe(401);
  await Promise.all([server.close(), first.close(), second.close()]);
});

test('RFC 8725 section 3.8: MUST reject a token whose subject can be nobody', async () => {
  const server = await startProtectedServer({ providers: [Tools] });
  expect(await statusOf(server, await server.token('', { sub: 'alice' }))).toBe(200);
  for (const sub of [undefined, null, '', 7, ['alice'], { id: 'alice' }, true])
    expect([sub, await statusOf(server, await server.token('', { sub }))]).toEqual([sub, 401]);
  await server.close();
});
