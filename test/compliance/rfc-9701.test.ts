import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { SignJWT } from 'jose';
import { IntrospectingServer } from '../introspection/introspecting-server.js';

const TYPE = 'application/token-introspection+jwt';

let server: IntrospectingServer;

beforeAll(async () => {
  server = await IntrospectingServer.start({ introspection: { signedResponse: 'ES256', tokens: /^opaque/ } });
});
afterAll(() => server.close());
afterEach(async () => {
  server.answer = async (response) => {
    response.writeHead(200, { 'content-type': TYPE }).end(await answer());
  };
  expect(await server.status('opaque')).toBe(200);
});

/** An answer as RFC 9701 section 5 has it; members given replace the usual ones. */
async function answer(claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}): Promise<string> {
  const [key] = server.issuer.keys;
  if (!key) throw new Error('The issuer has no key');
  const usual = { iss: server.issuer.issuer, aud: 'mcp-server', iat: Math.floor(Date.now() / 1000) };
  return await new SignJWT({ ...usual, token_introspection: server.active(), ...claims })
    .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'token-introspection+jwt', ...header })
    .sign(key.privateKey);
}

test('RFC 9701 section 8.1: MUST check typ, so that no answer passes for an access token', async () => {
  const exp = Math.floor(Date.now() / 1000) + 60;
  // It has all that an access token for this server has, but for the type.
  const claims = { aud: server.resource, sub: 'alice', exp, token_introspection: undefined };
  expect(await server.status(await answer(claims, { typ: 'at+jwt' }))).toBe(200);
  for (const typ of ['token-introspection+jwt', TYPE, 'TOKEN-INTROSPECTION+JWT'])
    expect([typ, await server.status(await answer(claims, { typ }))]).toEqual([typ, 401]);
});

test('RFC 9701 section 8.1: MUST see that what an access token needs is there', async () => {
  const typ = 'at+jwt';
  expect(await server.status(await answer({ aud: server.resource }, { typ }))).toBe(401);
  const exp = Math.floor(Date.now() / 1000) + 60;
  const complete: Record<string, unknown> = { aud: server.resource, sub: 'alice', exp };
  expect(await server.status(await answer(complete, { typ }))).toBe(200);
  for (const claim of ['iss', 'sub', 'aud', 'exp'])
    expect([claim, await server.status(await answer({ ...complete, [claim]: undefined }, { typ }))]).toEqual([
      claim,
      401,
    ]);
});
