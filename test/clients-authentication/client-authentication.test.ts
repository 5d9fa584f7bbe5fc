import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader, exportJWK, jwtVerify } from 'jose';
import { clientAssertion, clientSecretBasic, clientSecretPost, privateKeyJwt } from 'nestjs-mcp-auth';
import { selfSignedCertificate } from '../quickstart/self-signed-certificate.js';
import { callTool } from '../support/mcp-request.js';
import { startClientServer, type ClientServer } from './client-server.js';

const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const edwards = generateKeyPairSync('ed25519');
const pem = (key: typeof ec.privateKey, type: 'pkcs8' | 'pkcs1' | 'sec1' = 'pkcs8') =>
  key.export({ format: 'pem', type }).toString();

let directory: string;
let server: ClientServer;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'client-'));
});
afterAll(() => rm(directory, { recursive: true }));
afterEach(() => server.close());

/** Writes as those do that rotate: a new file, which takes the place of the old one at once. */
async function rotate(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}

describe('secrets', () => {
  test('client_secret_basic and client_secret_post', async () => {
    server = await startClientServer(clientSecretBasic('s:e/cret'));
    await server.call();
    expect(Buffer.from(server.last.authorization?.slice(6) ?? '', 'base64').toString()).toBe('mcp:s%3Ae%2Fcret');
    await server.close();
    server = await startClientServer(clientSecretPost('s3cret'));
    await server.call();
    expect(server.last.form).toMatchObject({ client_id: 'mcp', client_secret: 's3cret' });
    expect(server.last.authorization).toBeUndefined();
  });

  test('a secret that is asked for is used as it is now, and tokens got with the one before are not', async () => {
    let secret = 'first';
    server = await startClientServer(clientSecretPost(() => Promise.resolve(secret)));
    const token = await server.token();
    await callTool(server.resource, token, 'order');
    await callTool(server.resource, token, 'order');
    expect(server.requests.map(({ form }) => form.client_secret)).toEqual(['first']);
    secret = 'second';
    await callTool(server.resource, token, 'order');
    expect(server.requests.map(({ form }) => form.client_secret)).toEqual(['first', 'second']);
  });

  test("a secret that goes missing is the operator's affair", async () => {
    server = await startClientServer(clientSecretPost(() => ''));
    expect((await server.call()).isError).toBe(true);
    expect(server.log.text).toContain('has no secret');
    expect(server.requests).toEqual([]);
  });
});

describe('private_key_jwt', () => {
  test.each([
    ['PKCS #8', pem(ec.privateKey), 'ES256', ec.publicKey],
    ['SEC 1', pem(ec.privateKey, 'sec1'), 'ES256', ec.publicKey],
    ['PKCS #1', pem(rsa.privateKey, 'pkcs1'), 'RS256', rsa.publicKey],
    ['Ed25519', pem(edwards.privateKey), 'Ed25519', edwards.publicKey],
    ['a KeyObject', rsa.privateKey, 'RS256', rsa.publicKey],
  ])('a key as %s', async (_name, key, alg, publicKey) => {
    server = await startClientServer(privateKeyJwt({ key, keyId: 'k1' }));
    await server.call();
    const { client_assertion = '', client_assertion_type, client_id } = server.last.form;
    expect({ client_assertion_type, client_id }).toEqual({
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_id: 'mcp',
    });
    const { payload, protectedHeader } = await jwtVerify(client_assertion, publicKey, {
      audience: server.issuer.issuer,
    });
    expect(protectedHeader).toEqual({ alg, kid: 'k1', typ: 'JWT' });
    expect(payload).toMatchObject({ iss: 'mcp', sub: 'mcp' });
    expect(Number(payload.exp) - Number(payload.iat)).toBe(60);
    expect(server.last.form).not.toHaveProperty('client_secret');
  });

  test('a JWK, with its kid, and each assertion with a jti of its own', async () => {
    const key = { ...(await exportJWK(ec.privateKey)), kid: 'from-jwk' };
    server = await startClientServer(privateKeyJwt({ key }));
    await server.call();
    await server.call();
    const assertions = server.requests.map(({ form }) => form.client_assertion ?? '');
    expect(decodeProtectedHeader(assertions[0] ?? '')).toMatchObject({ kid: 'from-jwk' });
    expect(new Set(assertions.map((assertion) => decodeJwt(assertion).jti)).size).toBe(2);
  });

  test('as Entra ID wants it: the certificate by x5t#S256, PS256, for the token endpoint', async () => {
    const certificate = selfSignedCertificate().cert;
    const authentication = privateKeyJwt({
      key: pem(rsa.privateKey),
      certificate,
      algorithm: 'PS256',
      audience: 'token_endpoint',
      lifetime: 300,
    });
    server = await startClientServer(authentication);
    await server.call();
    const { client_assertion = '' } = server.last.form;
    expect(decodeProtectedHeader(client_assertion)).toEqual({
      alg: 'PS256',
      typ: 'JWT',
      'x5t#S256': expect.stringMatching(/^[\w-]{43}$/),
    });
    expect(decodeJwt(client_assertion)).toMatchObject({ aud: `${server.issuer.origin}/token` });
  });

  test('a key in a file is read again once it has been rotated, and tokens of the one before are not used', async () => {
    const file = join(directory, 'key.pem');
    await writeFile(file, pem(ec.privateKey));
    server = await startClientServer(privateKeyJwt({ key: { file } }));
    const token = await server.token();
    await callTool(server.resource, token, 'order');
    await rotate(file, pem(rsa.privateKey));
    await callTool(server.resource, token, 'order');
    const algorithms = server.requests.map(({ form }) => decodeProtectedHeader(form.client_assertion ?? '').alg);
    expect(algorithms).toEqual(['ES256', 'RS256']);
    await rotate(file, 'half a ke');
    expect((await server.call()).isError).toBeUndefined();
  });

  test.each([
    ['a key that is none', () => privateKeyJwt({ key: '-----BEGIN NOTHING' }), 'not a private key'],
    [
      'a public key',
      () => privateKeyJwt({ key: ec.publicKey.export({ format: 'pem', type: 'spki' }).toString() }),
      'not a private key',
    ],
    [
      'a file that is not there',
      () => privateKeyJwt({ key: { file: '/nowhere/key.pem' } }),
      '/nowhere/key.pem: ENOENT',
    ],
    ['a certificate that is none', () => privateKeyJwt({ key: pem(ec.privateKey), certificate: 'x' }), '`certificate`'],
    ['a lifetime of hours', () => privateKeyJwt({ key: pem(ec.privateKey), lifetime: 7200 }), '`lifetime`'],
    ['no secret', () => clientSecretBasic(process.env.NO_SUCH_VARIABLE as string), 'has no secret'],
    [
      'an assertion file that is not there',
      () => clientAssertion({ file: '/nowhere/token' }),
      '/nowhere/token: ENOENT',
    ],
  ])('%s fails at boot', (_name, make, message) => {
    expect(make).toThrow(expect.objectContaining({ code: 'invalid_configuration' }));
    expect(make).toThrow(message);
    expect(make).not.toThrow('BEGIN');
  });
});

describe('an assertion of the platform', () => {
  let file: string;

  beforeEach(async () => {
    file = join(directory, 'token');
    await writeFile(file, 'projected.token.1\n');
  });

  test('is read from its file for each request', async () => {
    server = await startClientServer(clientAssertion({ file }));
    await server.call();
    await rotate(file, 'projected.token.2\n');
    await server.call();
    expect(server.requests.map(({ form }) => form.client_assertion)).toEqual([
      'projected.token.1',
      'projected.token.2',
    ]);
    expect(server.last.form).toMatchObject({
      client_id: 'mcp',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    });
  });

  test('or asked for, and one that is empty is never sent', async () => {
    let assertion = 'asked.for';
    server = await startClientServer(clientAssertion(() => Promise.resolve(assertion)));
    await server.call();
    expect(server.last.form.client_assertion).toBe('asked.for');
    assertion = '';
    expect((await server.call()).isError).toBe(true);
    expect(server.requests).toHaveLength(1);
  });
});
