import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader, exportJWK, jwtVerify } from 'jose';
import { clientAssertion, clientSecretBasic, clientSecretPost, privateKeyJwt } from 'nestjs-mcp-auth';
import { selfSignedCertificate } from '../quickstart/self-signed-certificate.js';
import { callTool } from '../support/mcp-request.js';
import { startClientServer, type ClientServer } from './client-server.js';
import { rotate } from './rotate.js';

const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const edwards = generateKeyPairSync('ed25519');
const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
const agreement = generateKeyPairSync('x25519');
const pem = (key: typeof ec.privateKey, type: 'pkcs8' | 'pkcs1' | 'sec1' = 'pkcs8') =>
  key.export({ format: 'pem', type }).toString();

let directory: string;
let server: ClientServer;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'client-'));
});
afterAll(() => rm(directory, { recursive: true }));
afterEach(() => server.close());

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

  test("a secret that a file ends with a newline is the operator's affair", async () => {
    server = await startClientServer(clientSecretPost(() => 'of a file\n'));
    expect((await server.call()).isError).toBe(true);
    expect(server.log.text).toContain('control character in it');
    expect(server.log.text).not.toContain('of a file\n');
    expect(server.requests).toEqual([]);
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
    const certificate = selfSignedCertificate(rsa).cert;
    const authentication = privateKeyJwt({
      key: pem(rsa.privateKey),
      certificate,
      algorithm: 'PS256',
      audience: 'token_endpoint',
      lifetimeMs: 300_000,
    });
    server = await startClientServer(authentication);
    await server.call();
    const { client_assertion = '' } = server.last.form;
    expect(decodeProtectedHeader(client_assertion)).toEqual({
      alg: 'PS256',
      typ: 'JWT',
      'x5t#S256': expect.stringMatching(/^[\w-]{43}$/),
    });
    const fingerprint = new X509Certificate(certificate).fingerprint256.replaceAll(':', '');
    expect(decodeProtectedHeader(client_assertion)['x5t#S256']).toBe(
      Buffer.from(fingerprint, 'hex').toString('base64url'),
    );
    expect(decodeJwt(client_assertion)).toMatchObject({ aud: `${server.issuer.origin}/token` });
  });

  test('for servers that know Ed25519 by its old name, and a text of the audience', async () => {
    const authentication = privateKeyJwt({ key: edwards.privateKey, algorithm: 'EdDSA', audience: 'urn:id' });
    server = await startClientServer(authentication);
    await server.call();
    const { client_assertion = '' } = server.last.form;
    const { protectedHeader } = await jwtVerify(client_assertion, edwards.publicKey, { audience: 'urn:id' });
    expect(protectedHeader.alg).toBe('EdDSA');
  });

  test('a clock that is some seconds ahead does no harm', async () => {
    server = await startClientServer(privateKeyJwt({ key: pem(ec.privateKey) }));
    await server.call();
    const behind = new Date(Date.now() - 9_000);
    await expect(
      jwtVerify(server.last.form.client_assertion ?? '', ec.publicKey, { currentDate: behind }),
    ).resolves.toBeDefined();
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
  });

  test.each<[string, (file: string) => Promise<void>, string]>([
    ['is half written', (file) => rotate(file, 'half a secret ke'), 'its content is not valid'],
    ['is gone', (file) => rm(file), 'ENOENT'],
  ])('a file that %s leaves the key of before, and the operator is told once', async (_name, spoil, problem) => {
    const file = join(directory, 'key.pem');
    await writeFile(file, pem(ec.privateKey));
    server = await startClientServer(privateKeyJwt({ key: { file } }));
    await server.call();
    await spoil(file);
    for (let call = 0; call < 2; call += 1) expect((await server.call()).isError).toBeUndefined();
    expect(server.log.lines.filter((line) => line.includes(file))).toEqual([
      expect.stringMatching(`^warn ${file} cannot be read any more: ${problem}\\.`),
    ]);
    expect(server.log.text).not.toContain('half a');
    await rotate(file, pem(rsa.privateKey));
    expect((await server.call()).isError).toBeUndefined();
    const algorithms = server.requests.map(({ form }) => decodeProtectedHeader(form.client_assertion ?? '').alg);
    expect(algorithms).toEqual(['ES256', 'ES256', 'ES256', 'RS256']);
  });

  test('a key and its certificate that are rotated one after the other are used once both are there', async () => {
    const [first, second] = [selfSignedCertificate(), selfSignedCertificate(rsa)];
    const [key, certificate] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
    await writeFile(key, first.key);
    await writeFile(certificate, first.cert);
    server = await startClientServer(privateKeyJwt({ key: { file: key }, certificate: { file: certificate } }));
    await server.call();
    await rotate(certificate, second.cert);
    await server.call();
    await rotate(key, second.key);
    await server.call();
    const headers = server.requests.map(({ form }) => decodeProtectedHeader(form.client_assertion ?? ''));
    expect(headers.map(({ alg }) => alg)).toEqual(['Ed25519', 'Ed25519', 'RS256']);
    expect(headers[0]?.['x5t#S256']).toBe(headers[1]?.['x5t#S256']);
    expect(headers[2]?.['x5t#S256']).not.toBe(headers[1]?.['x5t#S256']);
    expect(server.log.lines.filter((line) => line.includes('do not belong together'))).toHaveLength(1);
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
    [
      'a certificate of another key',
      () => privateKeyJwt({ key: pem(ec.privateKey), certificate: selfSignedCertificate().cert }),
      '`certificate` that does not belong to its `key`',
    ],
    ['a key of 1024 bits', () => privateKeyJwt({ key: pem(weak.privateKey) }), '`key` of 1024 bits'],
    ['a key that cannot sign', () => privateKeyJwt({ key: pem(agreement.privateKey) }), 'of a type that cannot sign'],
    ['a KeyObject that is public', () => privateKeyJwt({ key: ec.publicKey }), 'not a private key'],
    ['no key', () => privateKeyJwt({ key: undefined as never }), 'not a private key'],
    [
      'an algorithm of other keys',
      () => privateKeyJwt({ key: pem(ec.privateKey), algorithm: 'RS256' }),
      '`algorithm` that does not fit its `key`. Use ES256',
    ],
    [
      'an algorithm with shared keys',
      () => privateKeyJwt({ key: pem(rsa.privateKey), algorithm: 'HS256' }),
      '`algorithm`',
    ],
    ['a lifetime of hours', () => privateKeyJwt({ key: pem(ec.privateKey), lifetimeMs: 7_200_000 }), '`lifetimeMs`'],
    ...['secret\n', 'secret\r\n', '\tsecret', 'sec\u0000ret'].map((secret): [string, () => unknown, string] => [
      `the secret ${JSON.stringify(secret)}`,
      () => clientSecretPost(secret),
      'has a secret with a control character in it, such as the newline at the end of a file',
    ]),
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

  test('a file whose key is none fails at boot, with its path and nothing of what is in it', async () => {
    const file = join(directory, 'garbage.pem');
    await writeFile(file, '-----BEGIN PRIVATE KEY-----\nsecret garbage\n');
    for (const text of ['-----BEGIN PRIVATE KEY-----\nsecret garbage\n', '{ "secret": garbage', '']) {
      await writeFile(file, text);
      const make = () => privateKeyJwt({ key: { file } });
      expect(make).toThrow(file);
      expect(make).not.toThrow('garbage\n');
      expect(make).not.toThrow('secret');
    }
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

  test('is found where a symbolic link leads now, as Kubernetes moves it', async () => {
    const at = (...names: string[]) => join(directory, ...names);
    for (const version of ['v1', 'v2']) {
      await mkdir(at(version));
      await writeFile(at(version, 'token'), `projected.token.${version}`);
    }
    await symlink(at('v1'), at('data'));
    server = await startClientServer(clientAssertion({ file: at('data', 'token') }));
    await server.call();
    await symlink(at('v2'), at('data.new'));
    await rename(at('data.new'), at('data'));
    await server.call();
    expect(server.requests.map(({ form }) => form.client_assertion)).toEqual([
      'projected.token.v1',
      'projected.token.v2',
    ]);
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

  test('one whose file is empty fails at boot, and later leaves the one of before', async () => {
    server = await startClientServer(clientAssertion({ file }));
    await rotate(file, '\n');
    expect((await server.call()).isError).toBeUndefined();
    expect(server.last.form.client_assertion).toBe('projected.token.1');
    expect(server.log.text).toContain(`${file} cannot be read any more`);
    expect(() => clientAssertion({ file })).toThrow(file);
  });
});
