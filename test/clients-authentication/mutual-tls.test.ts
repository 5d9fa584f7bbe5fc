import { X509Certificate } from 'node:crypto';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import type { TLSSocket } from 'node:tls';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mutualTls, type ClientAuthentication } from 'nestjs-mcp-auth';
import { selfSignedCertificate } from '../quickstart/self-signed-certificate.js';
import { listen, type Listener } from '../support/listen.js';
import { json } from '../support/test-issuer.js';
import { startClientServer, type ClientServer } from './client-server.js';

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
          json(response, 200, {
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

async function start(authentication: ClientAuthentication): Promise<void> {
  server = await startClientServer(authentication);
  server.issuer.answers.set('/.well-known/oauth-authorization-server', (_request, response) => {
    const token_endpoint = `${listener.origin}/token`;
    json(response, 200, { ...server.issuer.metadata(), mtls_endpoint_aliases: { token_endpoint } });
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

test('files are read again once they have been rotated', async () => {
  const [certificate, key] = [join(directory, 'tls.crt'), join(directory, 'tls.key')];
  await writeFile(certificate, first.cert);
  await writeFile(key, first.key);
  await start(mutualTls({ certificate: { file: certificate }, key: { file: key }, ca: alias.cert }));
  await server.call();
  for (const [path, text] of [
    [certificate, second.cert],
    [key, second.key],
  ] as const) {
    await writeFile(`${path}.new`, text);
    await rename(`${path}.new`, path);
  }
  await server.call();
  expect(shown.map(({ certificate: seen }) => seen)).toEqual([fingerprint(first), fingerprint(second)]);
});

test('a certificate and a key that are not of each other fail at boot', async () => {
  await start(mutualTls({ certificate: first.cert, key: first.key }));
  expect(() => mutualTls({ certificate: first.cert, key: second.key })).toThrow(
    /certificate and a key that cannot be used/,
  );
});
