import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { TLSSocket } from 'node:tls';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mutualTls, type ClientAuthentication } from 'nestjs-mcp-auth';
import { selfSignedCertificate } from '../quickstart/self-signed-certificate.js';
import { listen, type Listener } from '../support/listen.js';
import { callTool, post, toolCall } from '../support/mcp-request.js';
import { sendJson } from '../support/test-issuer.js';
import { startClientServer, type ClientServer } from './client-server.js';
import { rotate } from './rotate.js';

const alias = selfSignedCertificate();
const [first, second] = [selfSignedCertificate(), selfSignedCertificate()];
const fingerprint = ({ cert }: typeof first) => new X509Certificate(cert).fingerprint256;

let directory: string;
let listener: Listener;
let server: ClientServer;
/** What the endpoint for certificates was shown and sent. */
let shown: { certificate: string | undefined; body: string }[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mtls-'));
  shown = [];
  listener = await listen(undefined, { ...alias, requestCert: true, rejectUnauthorized: false });
  listener.server.on('request', (request, response) => {
    let body = '';
    request
      .on('data', (chunk) => (body += String(chunk)))
      .on('end', () => {
        shown.push({ certificate: (request.socket as TLSSocket).getPeerX509Certificate()?.fingerprint256, body });
        void server.issuer.token({ aud: 'orders-api' }).then((access_token) => {
          sendJson(response, 200, {
            access_token,
            token_type: 'Bearer',
            expires_in: 300,
            issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
          });
        });
      });
  });
});
afterEach(async () => {
  await server.close();
  await listener.close();
  await rm(directory, { recursive: true });
});

async function start(authentication: ClientAuthentication, token_endpoint = `${listener.origin}/token`): Promise<void> {
  server = await startClientServer(authentication);
  server.issuer.answers.set('/.well-known/oauth-authorization-server', (_request, response) => {
    sendJson(response, 200, { ...server.issuer.metadata(), mtls_endpoint_aliases: { token_endpoint } });
  });
}

test('the certificate is shown at the endpoint for it, and the form names the client alone (RFC 8705 section 2)', async () => {
  await start(mutualTls({ certificate: first.cert, key: first.key, ca: alias.cert }));
  expect((await server.call()).isError).toBeUndefined();
  expect(shown).toEqual([{ certificate: fingerprint(first), body: expect.stringContaining('client_id=mcp') }]);
  expect(shown[0]?.body).not.toMatch(/client_secret|client_assertion=/);
  expect(server.requests).toEqual([]);
});

test('an authorization server whose certificate is not trusted is sent nothing', async () => {
  await start(mutualTls({ certificate: first.cert, key: first.key, ca: second.cert }));
  expect((await server.call()).isError).toBe(true);
  expect(shown).toEqual([]);
});

test('a redirect of the endpoint leads nowhere', async () => {
  const requests: (string | undefined)[] = [];
  const elsewhere = await listen((request, response) => {
    requests.push(request.url);
    response.end();
  });
  listener.server.removeAllListeners('request');
  listener.server.on('request', (_request, response) => {
    shown.push({ certificate: undefined, body: '' });
    response.writeHead(307, { location: `${elsewhere.origin}/token` }).end();
  });
  await start(mutualTls({ certificate: first.cert, key: first.key, ca: alias.cert }));
  expect((await server.call()).isError).toBe(true);
  await elsewhere.close();
  expect([shown.length, requests]).toEqual([1, []]);
});

test('an endpoint for certificates has to be one of TLS', async () => {
  await start(mutualTls({ certificate: first.cert, key: first.key }), 'http://id.example/token');
  const response = await post(server.resource, toolCall('order'), { token: await server.token() });
  await response.body?.cancel();
  expect(response.status).toBe(503);
  expect(server.log.text).toContain('http://id.example/token, which is neither https nor on loopback');
});

test('files are read again once they have been rotated, both of them', async () => {
  const [certificate, key] = [join(directory, 'tls.crt'), join(directory, 'tls.key')];
  await writeFile(certificate, first.cert);
  await writeFile(key, first.key);
  await start(mutualTls({ certificate: { file: certificate }, key: { file: key }, ca: alias.cert }));
  expect((await server.call()).isError).toBeUndefined();
  await rotate(certificate, second.cert);
  expect((await server.call()).isError).toBeUndefined();
  await rotate(key, second.key);
  expect((await server.call()).isError).toBeUndefined();
  const [old, current] = [fingerprint(first), fingerprint(second)];
  expect(shown.map(({ certificate: seen }) => seen)).toEqual([old, old, current]);
});

test('tokens that were got with the certificate before are not used', async () => {
  const [certificate, key] = [join(directory, 'tls.crt'), join(directory, 'tls.key')];
  await writeFile(certificate, first.cert);
  await writeFile(key, first.key);
  await start(mutualTls({ certificate: { file: certificate }, key: { file: key }, ca: alias.cert }));
  const token = await server.token();
  await callTool(server.resource, token, 'order');
  await callTool(server.resource, token, 'order');
  expect(shown).toHaveLength(1);
  await rotate(certificate, second.cert);
  await rotate(key, second.key);
  await callTool(server.resource, token, 'order');
  expect(shown).toHaveLength(2);
});

test('a key that is encrypted has its passphrase', async () => {
  const passphrase = 'open sesame';
  const key = createPrivateKey(first.key)
    .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase })
    .toString();
  await start(mutualTls({ certificate: first.cert, key, passphrase, ca: alias.cert }));
  expect((await server.call()).isError).toBeUndefined();
  expect(() => mutualTls({ certificate: first.cert, key, passphrase: 'guessed' })).toThrow('cannot be used together');
});

const FAULTS: [string, Partial<Record<keyof Parameters<typeof mutualTls>[0], unknown>>, string][] = [
  ['a key of another certificate', { key: second.key }, 'cannot be used together'],
  ['a certificate that is none', { certificate: 'x' }, 'cannot be used together'],
  ['no key', { key: undefined }, '`key` that is neither text nor `{ file }`'],
  ['no certificate', { certificate: undefined }, '`certificate` that is neither text nor `{ file }`'],
  ['a file without a path', { certificate: { file: undefined } }, '`certificate` that is neither text nor `{ file }`'],
  ['a file that is not there', { key: { file: '/nowhere/tls.key' } }, '/nowhere/tls.key: ENOENT'],
  ['authorities that are none', { ca: 'x' }, '`ca` that has no certificate'],
];

test.each(FAULTS)('%s fails at boot', (_name, change, message) => {
  const make = () =>
    mutualTls({ certificate: first.cert, key: first.key, ...change } as Parameters<typeof mutualTls>[0]);
  expect(make).toThrow(expect.objectContaining({ code: 'invalid_configuration' }));
  expect(make).toThrow(message);
  expect(make).not.toThrow('BEGIN');
});
