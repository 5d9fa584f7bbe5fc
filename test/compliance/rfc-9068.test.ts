import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpTool } from 'nestjs-mcp-auth';
import { callTool, post, textOf, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import { TestIssuer } from '../support/test-issuer.js';
import { challengeOf } from './challenge-parameters.js';

@Injectable()
class OrderTools {
  @McpTool({ description: 'x' })
  find(): string {
    return 'found';
  }
  @McpTool({ description: 'x', scopes: ['orders:write'] })
  create(): string {
    return 'created';
  }
}

let server: ProtectedServer;
let stranger: TestIssuer;

beforeAll(async () => {
  server = await startProtectedServer({ providers: [OrderTools] });
  stranger = await TestIssuer.start();
});
afterAll(async () => {
  await server.close();
  await stranger.close();
});

const now = (): number => Math.floor(Date.now() / 1000);
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

async function statusOf(token: string, tool = 'find', at = server): Promise<number> {
  return (await post(at.resource, toolCall(tool), { token })).status;
}

test('RFC 9068 section 4: MUST reject every typ but at+jwt and application/at+jwt, where types says so', async () => {
  const strict = await startProtectedServer({ providers: [OrderTools], trust: { types: ['at+jwt'] } });
  const statusWith = async (typ: unknown) =>
    await statusOf(await strict.issuer.token({ aud: strict.resource }, { typ }), 'find', strict);
  expect([await statusWith('at+jwt'), await statusWith('application/at+jwt')]).toEqual([200, 200]);
  for (const typ of ['JWT', 'jwt', undefined, null, '', 'id_token', 'dpop+jwt', 'logout+jwt', 'at', 'text/at+jwt', 1])
    expect([typ, await statusWith(typ)]).toEqual([typ, 401]);
  await strict.close();
});

test('RFC 9068 section 4: iss MUST be exactly the issuer', async () => {
  const { issuer } = server.issuer;
  expect(await statusOf(await server.token('', { iss: issuer }))).toBe(200);
  for (const iss of [`${issuer}/`, issuer.toUpperCase(), `${issuer}?`, `${issuer} `, issuer.slice(0, -1), [issuer]])
    expect([iss, await statusOf(await server.token('', { iss }))]).toEqual([iss, 401]);
});

test('RFC 9068 section 4: MUST validate the signature with the algorithm of alg, and MUST reject none', async () => {
  const good = await server.token();
  const [header = '', claims = '', signature = ''] = good.split('.');
  expect(await statusOf(good)).toBe(200);
  const kid = server.issuer.keys[0]?.kid;
  for (const alg of ['none', 'None', 'ES384', 'EdDSA', 'RS256', 'HS256'])
    expect([alg, await statusOf(`${part({ alg, kid, typ: 'at+jwt' })}.${claims}.${signature}`)]).toEqual([alg, 401]);
  expect(await statusOf(`${part({ alg: 'none', typ: 'at+jwt' })}.${claims}.`)).toBe(401);
  expect(await statusOf(`${header}.${part({ iss: server.issuer.issuer, sub: 'admin' })}.${signature}`)).toBe(401);
});

test('RFC 9068 section 4: MUST use the keys of the authorization server, and no others', async () => {
  const [own] = server.issuer.keys;
  const [other] = stranger.keys;
  const claims = { aud: server.resource };
  expect(await statusOf(await server.issuer.token(claims, {}, own))).toBe(200);
  for (const header of [{}, { kid: own?.kid }, { kid: undefined }, { kid: undefined, jwk: other?.publicJwk }])
    expect(await statusOf(await server.issuer.token(claims, header, other))).toBe(401);
});

test('RFC 9068 section 4: the time MUST be before exp, give or take some seconds', async () => {
  expect(await statusOf(await server.token('', { exp: now() + 60 }))).toBe(200);
  for (const exp of [now() - 6, now() - 3600, 0, undefined])
    expect([exp, await statusOf(await server.token('', { exp }))]).toEqual([exp, 401]);
});

test('RFC 9068 section 4: MUST answer each failed check with invalid_token', async () => {
  const [key] = stranger.keys;
  const failures: Record<string, string> = {
    typ: await server.issuer.token({ aud: server.resource }, { typ: 'dpop+jwt' }),
    encryption: `${part({ alg: 'dir', enc: 'A256GCM', typ: 'at+jwt' })}..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA`,
    iss: await server.token('', { iss: stranger.issuer }),
    aud: await server.token('', { aud: 'https://other.example/mcp' }),
    signature: await server.issuer.token({ aud: server.resource }, { kid: server.issuer.keys[0]?.kid }, key),
    alg: `${part({ alg: 'none', typ: 'at+jwt' })}.${part({ iss: server.issuer.issuer, aud: server.resource })}.`,
    exp: await server.token('', { exp: now() - 60 }),
  };
  for (const [check, token] of Object.entries(failures)) {
    const response = await post(server.resource, toolCall('find'), { token });
    expect([check, response.status, challengeOf(response).error]).toEqual([check, 401, 'invalid_token']);
  }
});

test('RFC 9068 section 4: SHOULD use the authorization claims of the token', async () => {
  expect(await statusOf(await server.token('orders:write'), 'create')).toBe(200);
  expect(await statusOf(await server.token('orders:read'), 'create')).toBe(403);
  const claims = { scopes: ['scope', 'roles', 'groups', 'entitlements'] };
  const mapped = await startProtectedServer({ providers: [OrderTools], trust: { claims } });
  for (const claim of ['roles', 'groups', 'entitlements']) {
    const token = await mapped.token('', { [claim]: ['orders:write'] });
    expect(textOf(await callTool(mapped.resource, token, 'create'))).toBe('created');
    expect(await statusOf(await mapped.token('', { [claim]: ['orders:read'] }), 'create', mapped)).toBe(403);
  }
  await mapped.close();
});
