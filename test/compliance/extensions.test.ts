import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { clientSecretBasic, McpTool } from 'nestjs-mcp-auth';
import { callTool, post, textOf, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import { sendJson } from '../support/test-issuer.js';
import { claimsOf, ProofClient, sha256 } from '../proof/proof-client.js';
import { challengeOf } from './challenge-parameters.js';

@Injectable()
class Tools {
  @McpTool({ description: 'x', scopes: ['orders:read'] })
  find(): string {
    return 'found';
  }
  @McpTool({ description: 'x', scopes: ['orders:read'], appOnly: 'deny' })
  mine(): string {
    return 'mine';
  }
}

describe('OAuth client credentials (SEP-1046)', () => {
  let server: ProtectedServer;

  beforeAll(async () => {
    server = await startProtectedServer({ providers: [Tools] });
  });
  afterAll(() => server.close());

  test('MUST validate tokens of clients without a user like all others, and check their scopes', async () => {
    const token = (scope: string, claims = {}) => server.token(scope, { sub: 'test-client', ...claims });
    expect(textOf(await callTool(server.resource, await token('orders:read'), 'find'))).toBe('found');
    expect((await post(server.resource, toolCall('find'), { token: await token('') })).status).toBe(403);
    expect((await post(server.resource, toolCall('find'), { token: await token('', { aud: 'x' }) })).status).toBe(401);
  });

  test('a tool that acts for a user may refuse them, with a denial that no scope would mend', async () => {
    const token = await server.token('orders:read', { sub: 'test-client' });
    expect(await callTool(server.resource, token, 'mine')).toMatchObject({
      isError: true,
      _meta: { 'io.modelcontextprotocol/authorization': { reason: 'insufficient_authorization' } },
    });
  });
});

describe('Enterprise-managed authorization (SEP-990)', () => {
  test('MUST validate the access token by its format: a JWT by signature and audience', async () => {
    const server = await startProtectedServer({ providers: [Tools] });
    expect(textOf(await callTool(server.resource, await server.token('orders:read'), 'find'))).toBe('found');
    await server.close();
  });

  test('MUST NOT take the identity assertion (ID-JAG) itself for an access token', async () => {
    const server = await startProtectedServer({ providers: [Tools] });
    const assertion = await server.issuer.token({ aud: server.resource }, { typ: 'oauth-id-jag+jwt' });
    expect((await post(server.resource, toolCall('find'), { token: assertion })).status).toBe(401);
    await server.close();
  });

  test('MAY introspect (RFC 7662)', async () => {
    const server = await startProtectedServer({
      providers: [Tools],
      trust: { introspection: { client: { id: 'mcp', authentication: clientSecretBasic('introspection-secret') } } },
    });
    const metadata = { ...server.issuer.metadata(), introspection_endpoint: `${server.issuer.origin}/introspect` };
    server.issuer.answers.set('/.well-known/oauth-authorization-server', (_request, response) => {
      sendJson(response, 200, metadata);
    });
    server.issuer.answers.set('/introspect', (_request, response, body) => {
      const active = body.get('token') === 'opaque-token';
      sendJson(
        response,
        200,
        active ? { active, sub: 'alice', aud: server.resource, scope: 'orders:read' } : { active },
      );
    });
    expect(textOf(await callTool(server.resource, 'opaque-token', 'find'))).toBe('found');
    expect((await post(server.resource, toolCall('find'), { token: 'other-token' })).status).toBe(401);
    await server.close();
  });
});

describe('DPoP (SEP-1932, RFC 9449)', () => {
  let server: ProtectedServer;
  let client: ProofClient;
  let token: string;

  beforeAll(async () => {
    server = await startProtectedServer({
      providers: [Tools],
      options: { proof: { dpop: { nonceSecret: 'n'.repeat(32) } } },
    });
    client = await ProofClient.start();
    token = await server.token('orders:read', { cnf: client.confirmation });
  });
  afterAll(() => server.close());

  const call = async (proof?: string, sent = token, scheme = 'DPoP') =>
    await post(server.resource, toolCall('find'), {
      headers: { authorization: `${scheme} ${sent}`, ...(proof !== undefined && { dpop: proof }) },
    });
  const nonce = async () => (await call()).headers.get('dpop-nonce') ?? '';
  const claims = async (sent = token, rest: Record<string, unknown> = {}) => ({
    ...claimsOf(),
    htu: server.resource,
    ath: sha256(sent),
    nonce: await nonce(),
    ...rest,
  });

  test('MUST validate the proof (RFC 9449 section 4.3)', async () => {
    expect((await call(await client.proof(await claims()))).status).toBe(200);
    const response = await call(await client.proof(await claims(token, { htm: 'GET' })));
    expect(response.status).toBe(401);
    expect(challengeOf(response)).toMatchObject({ scheme: 'DPoP', error: 'invalid_dpop_proof' });
  });

  test('iat MUST be within five minutes', async () => {
    const now = Math.floor(Date.now() / 1000);
    for (const [iat, status] of [
      [now - 290, 200],
      [now + 290, 200],
      [now - 310, 401],
      [now + 310, 401],
    ] as const) {
      expect((await call(await client.proof(await claims(token, { iat })))).status).toBe(status);
    }
  });

  test('MUST take asymmetric algorithms alone, which the challenge names', async () => {
    const algorithms = challengeOf(await call()).algs?.split(' ');
    expect(algorithms).toEqual(expect.arrayContaining(['ES256', 'RS256', 'EdDSA']));
    expect(algorithms?.filter((name) => /none|^HS/.test(name))).toEqual([]);
    const proof = client.forged({ alg: 'none' }, await claims());
    expect((await call(proof)).status).toBe(401);
  });

  test('MUST still validate the audience', async () => {
    const other = await server.token('orders:read', { cnf: client.confirmation, aud: 'other' });
    expect((await call(await client.proof(await claims(other)), other)).status).toBe(401);
  });

  test('SHOULD demand nonces, where security is to be high', async () => {
    const response = await call(await client.proof(await claims(token, { nonce: undefined })));
    expect(response.status).toBe(401);
    expect(challengeOf(response).error).toBe('use_dpop_nonce');
    expect(response.headers.get('dpop-nonce')).toMatch(/^[\w-]{43}$/);
  });

  test('MUST NOT take a bound token as Bearer (RFC 9449 section 7.2)', async () => {
    expect((await call(undefined, token, 'Bearer')).status).toBe(401);
  });

  test('MAY track jti: a proof is good once', async () => {
    const proof = await client.proof(await claims());
    expect((await call(proof)).status).toBe(200);
    expect((await call(proof)).status).toBe(401);
  });
});

describe('Structured authorization denials (SEP-2643)', () => {
  test('what a scope would mend stays an HTTP challenge', async () => {
    const server = await startProtectedServer({ providers: [Tools] });
    const response = await post(server.resource, toolCall('mine'), {
      token: await server.token('', { sub: 'test-client' }),
    });
    expect(response.status).toBe(403);
    await server.close();
  });
});
