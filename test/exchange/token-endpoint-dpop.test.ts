import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { calculateJwkThumbprint, decodeProtectedHeader, EmbeddedJWK, jwtVerify } from 'jose';
import { clientSecretPost } from 'nestjs-mcp-auth';
import { DPoP, generateKeyPair, type DPoPHandle } from 'oauth4webapi';
import { sendJson } from '../support/test-issuer.js';
import { catchTokenEndpoint, failureOf, type CaughtEndpoint } from './caught-endpoint.js';

let server: CaughtEndpoint;
let dpop: DPoPHandle;
/** Proofs that the token endpoint was sent. */
let proofs: string[];

beforeAll(async () => {
  server = await catchTokenEndpoint(clientSecretPost('the secret at the issuer'));
});
afterEach(() => {
  server.issuer.answers.clear();
});
afterAll(() => server.close());

/** Wants these nonces one after the other; the last is good. */
async function answers(token_type: string, ...nonces: string[]): Promise<void> {
  proofs = [];
  dpop = DPoP({}, await generateKeyPair('ES256'));
  let wanted: string | undefined;
  server.issuer.answers.set('/token', async (request, response) => {
    const proof = String(request.headers.dpop);
    proofs.push(proof);
    const { payload } = await jwtVerify(proof, EmbeddedJWK, { typ: 'dpop+jwt' });
    expect(payload).toMatchObject({ htm: 'POST', htu: `${server.issuer.origin}/token` });
    if (nonces.length > 0) response.setHeader('dpop-nonce', (wanted = nonces.shift() ?? ''));
    if (payload.nonce === wanted) sendJson(response, 200, { access_token: 'good', token_type });
    else sendJson(response, 400, { error: 'use_dpop_nonce' });
  });
}

const request = () => server.endpoint.request('urn:test', {}, { dpop });

test('a token is asked for with the proof of a key (RFC 9449 section 5)', async () => {
  await answers('DPoP');
  expect(await request()).toMatchObject({ access_token: 'good', token_type: 'dpop' });
  const { jwk = {} } = decodeProtectedHeader(proofs[0] ?? '');
  expect(await calculateJwkThumbprint(jwk)).toBe(await dpop.calculateThumbprint());
});

test('and again with the nonce that the answer has, which is then known (RFC 9449 section 8)', async () => {
  await answers('DPoP', 'n1');
  expect(await request()).toMatchObject({ token_type: 'dpop' });
  expect(proofs).toHaveLength(2);
  await request();
  expect(proofs).toHaveLength(3);
});

test('but no more than once', async () => {
  await answers('DPoP', 'n1', 'n2', 'n3', 'n4');
  expect((await failureOf(request())).failure).toEqual({ status: 400, error: 'use_dpop_nonce' });
  expect(proofs).toHaveLength(2);
});

test('who has no key does not ask again', async () => {
  server.issuer.answers.set('/token', (_request, response) => {
    sendJson(response, 400, { error: 'use_dpop_nonce' });
  });
  server.issuer.requests.length = 0;
  await failureOf(server.endpoint.request('urn:test', {}));
  expect(server.issuer.requests).toEqual(['/token']);
});

test('a token that is not bound to the key is refused', async () => {
  await answers('Bearer');
  const { failure, message } = await failureOf(request());
  expect(failure).toEqual({ status: 200, unusable: true });
  expect(message).toBe('the token is not bound to the key');
});
