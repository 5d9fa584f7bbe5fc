import { createHash, randomUUID } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import { calculateJwkThumbprint, decodeProtectedHeader, EmbeddedJWK, generateKeyPair, jwtVerify } from 'jose';
import type { DownstreamOptions } from 'nestjs-mcp-auth';
import { bootProblems } from '../exchange/dialect-server.js';
import { sendJson } from '../support/test-issuer.js';
import { answer, answersInTurn } from './answers.js';
import { startRunningTool, type RunningTool } from './running-tool.js';

let tool: RunningTool;

interface Proof {
  readonly thumbprint: string;
  readonly claims: Record<string, unknown>;
}

/** What a proof says, verified with the key that it brings (RFC 9449 section 4.3). */
async function proofIn(headers: Record<string, unknown>): Promise<Proof> {
  const proof = String(headers.dpop);
  const { payload } = await jwtVerify(proof, EmbeddedJWK, { typ: 'dpop+jwt' });
  const { jwk } = decodeProtectedHeader(proof);
  if (!jwk) throw new Error('The proof has no key');
  return { thumbprint: await calculateJwkThumbprint(jwk), claims: payload };
}

/** An authorization server that binds tokens, and wants a nonce first if it has one. */
function bindingIssuer(nonce?: string): void {
  tool.issuer.answers.set('/token', async (request, response, body) => {
    const { thumbprint, claims } = await proofIn(request.headers);
    if (nonce !== undefined && claims.nonce !== nonce) {
      response.setHeader('dpop-nonce', nonce);
      sendJson(response, 400, { error: 'use_dpop_nonce' });
      return;
    }
    tool.issuer.exchanges.push(Object.fromEntries(body));
    const access_token = await tool.issuer.token({ aud: 'orders-api', cnf: { jkt: thumbprint } });
    const issued_token_type = 'urn:ietf:params:oauth:token-type:access_token';
    sendJson(response, 200, { access_token, token_type: 'DPoP', expires_in: 300, issued_token_type });
  });
}

async function start(dpop: DownstreamOptions['dpop']): Promise<void> {
  tool = await startRunningTool({ orders: { dpop } });
  bindingIssuer();
}

describe('tokens that are bound to a key of the server’s', () => {
  afterEach(() => tool.close());

  test('are asked for, and presented with a proof for each request', async () => {
    await start(true);
    const token = await tool.token();
    for (const path of ['/a', '/b?q=1']) await tool.returnedTo(token, ({ json: read }) => read(path));
    const jtis = new Set<unknown>();
    for (const { headers, claims } of tool.orders.requests) {
      const [scheme, bearer = ''] = String(headers.authorization).split(' ');
      expect(scheme).toBe('DPoP');
      const proof = await proofIn(headers);
      expect(claims?.cnf).toEqual({ jkt: proof.thumbprint });
      expect(proof.claims.ath).toBe(createHash('sha256').update(bearer).digest('base64url'));
      jtis.add(proof.claims.jti);
    }
    const [first, second] = tool.orders.requests;
    expect((await proofIn(first?.headers ?? {})).claims).toMatchObject({
      htm: 'GET',
      htu: `${tool.orders.origin}/v1/a`,
    });
    expect((await proofIn(second?.headers ?? {})).claims).toMatchObject({ htu: `${tool.orders.origin}/v1/b` });
    expect(jtis.size).toBe(2);
    expect(tool.issuer.exchanges).toHaveLength(1);
  });

  test('with a nonce, which both servers may ask for', async () => {
    await start(true);
    bindingIssuer('issuer-nonce');
    const nonces: unknown[] = [];
    const api = `api-nonce-${randomUUID()}`;
    tool.orders.answers.set('/v1/x', (request, response) => {
      void proofIn(request.headers).then(({ claims }) => {
        nonces.push(claims.nonce);
        response.setHeader('dpop-nonce', api);
        if (claims.nonce === api) answer(200)(request, response);
        else answer(401, { 'www-authenticate': 'DPoP error="use_dpop_nonce", algs="ES256"' })(request, response);
      });
    });
    const token = await tool.token();
    const send = ({ fetch }: { fetch: typeof globalThis.fetch }) => fetch('/x', { method: 'POST', body: 'tea' });
    for (let count = 0; count < 2; count += 1) {
      expect(await tool.returnedTo(token, async (client) => (await send(client)).status)).toBe(200);
    }
    expect(nonces).toEqual([undefined, api, api]);
    expect(tool.issuer.exchanges).toHaveLength(1);
    expect(tool.orders.requests.map(({ body }) => body)).toEqual(['tea', 'tea', 'tea']);
  });

  test('to a key that is given, so that replicas share them', async () => {
    const keyPair = await generateKeyPair('ES256', { extractable: true });
    await start({ keyPair });
    await tool.returned(({ json: read }) => read('/x'));
    const expected = await calculateJwkThumbprint(await crypto.subtle.exportKey('jwk', keyPair.publicKey));
    expect((await proofIn(tool.orders.last.headers)).thumbprint).toBe(expected);
  });

  test('on a redirect get a proof for the new address', async () => {
    await start(true);
    answersInTurn(tool.orders, '/v1/x', answer(307, { location: '/v1/y' }));
    await tool.returned(({ fetch }) => fetch('/x'));
    expect((await proofIn(tool.orders.last.headers)).claims.htu).toBe(`${tool.orders.origin}/v1/y`);
  });

  test('that are not bound after all are not used', async () => {
    tool = await startRunningTool({ orders: { dpop: true } });
    expect(await tool.run(({ json: read }) => read('/x'))).toMatchObject({ isError: true });
    expect(tool.orders.requests).toEqual([]);
    expect(tool.log.text).toContain('the token is not bound to the key');
  });
});

test.each<[string, unknown]>([
  ['no key pair', {}],
  ['false', false],
  ['a public key that nobody can be told', { keyPair: { privateKey: { type: 'private' }, publicKey: {} } }],
])('%s stops the boot', async (_name, dpop) => {
  const problems = await bootProblems({ audience: 'orders-api', dpop: dpop as true });
  expect(problems).toEqual([expect.stringMatching(/^`downstreams\.orders\.dpop` is neither/)]);
});
