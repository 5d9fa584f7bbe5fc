import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createPublicKey } from 'node:crypto';
import { request as requestHttp, type OutgoingHttpHeaders } from 'node:http';
import { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { AuditEvent } from 'nestjs-mcp-auth';
import { ClientCertificates } from '../../lib/resource-server/authentication/client-certificate.js';
import { parseChallenge } from '../compliance/challenge-parameters.js';
import { selfSignedCertificate } from '../quickstart/self-signed-certificate.js';
import { listen, type Listener } from '../support/listen.js';
import { toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer, type ProtectedServerParts } from '../support/protected-server.js';
import { CountedTool } from './counted-tool.js';
import { CertificateClient, fetchWithCertificate } from './certificate-client.js';
import { send, type Answer, type SendOptions } from './send.js';

const NONE = 'The token is bound to a certificate, and the request has none';
const ANOTHER = 'The token is bound to another certificate';

const owner = new CertificateClient();
const thief = new CertificateClient();
const pem = owner.tls.cert;
const rfc9440 = `:${owner.base64}:`;
const ofThief = `:${thief.base64}:`;
const encodedPem = encodeURIComponent(pem);
const pemOfThief = encodeURIComponent(thief.tls.cert);
const publicKey = createPublicKey(pem).export({ type: 'spki', format: 'pem' }).toString();

let server: ProtectedServer;
let boundToken: string;
const events: AuditEvent[] = [];

interface Place {
  readonly header?: string;
  readonly proxies?: string[];
  readonly resource?: string;
}

async function start(
  { header = 'Client-Cert', proxies = ['127.0.0.1'], resource }: Place,
  parts: ProtectedServerParts,
): Promise<void> {
  const mutualTls = { certificate: { header, proxies } };
  const auditSink = { record: (event: AuditEvent) => void events.push(event) };
  server = await startProtectedServer({
    ...parts,
    options: { observability: { auditSink }, proof: { mutualTls }, ...(resource !== undefined && { resource }) },
    providers: [CountedTool],
  });
  boundToken = await server.token('orders:read', { aud: resource ?? server.resource, cnf: owner.confirmation });
}

async function call(headers: OutgoingHttpHeaders, tls?: SendOptions['tls'], url = server.resource): Promise<Answer> {
  const authorization = `Bearer ${boundToken}`;
  return await send(url, { body: toolCall('find'), headers: { authorization, ...headers }, ...(tls && { tls }) });
}

function expectServed(answer: Answer): void {
  expect(answer.status).toBe(200);
  expect(CountedTool.ran).toBe(1);
}

function expectRefused(answer: Answer, reason: string): void {
  expect(answer.status).toBe(401);
  expect(parseChallenge(answer.headers['www-authenticate'] ?? '')).toMatchObject({
    scheme: 'Bearer',
    error: 'invalid_token',
    error_description: reason,
  });
  expect(events).toEqual([expect.objectContaining({ type: 'token_rejected', reason, status: 401 })]);
  expect(CountedTool.ran).toBe(0);
}

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  beforeEach(() => {
    CountedTool.ran = 0;
    events.length = 0;
  });

  describe('the header of a named proxy', () => {
    beforeAll(() => start({}, { platform }));
    afterAll(() => server.close());

    test.each([
      ['RFC 9440', rfc9440],
      ['PEM in URL encoding, as nginx has it', encodedPem],
      ['PEM in URL encoding that leaves + / and = alone, as AWS has it', encodeURI(pem)],
      ['PEM with line ends of Windows, in URL encoding', encodeURIComponent(pem.replaceAll('\n', '\r\n'))],
      ['PEM in lines of 64, in URL encoding', encodeURIComponent(pem.replace(/[^\n-]{64}/g, '$&\n'))],
      ['a chain of PEM, its own first, in URL encoding, as AWS has it', `${encodedPem}${pemOfThief}`],
      ['bare base64', owner.base64],
      ['bare base64 in URL encoding', encodeURIComponent(owner.base64)],
      ['RFC 9440 with spaces around, which are no part of the value', `  ${rfc9440} `],
    ])('is believed in the form: %s', async (_form, value) => {
      expectServed(await call({ 'client-cert': value }));
    });

    test.each(['client-cert', 'CLIENT-CERT', 'cLiEnT-cErT'])('is believed under the name %s', async (name) => {
      expectServed(await call({ [name]: rfc9440 }));
    });

    test('is believed behind a header whose value is called as it is', async () => {
      expectServed(await call({ 'x-a': 'client-cert', 'client-cert': rfc9440 }));
    });

    test.each<[string, OutgoingHttpHeaders]>([
      ['is absent', {}],
      ['is empty', { 'client-cert': '' }],
      ['is a colon', { 'client-cert': ':' }],
      ['has nothing between colons', { 'client-cert': '::' }],
      ['has a colon before it alone', { 'client-cert': `:${owner.base64}` }],
      ['has a colon after it alone', { 'client-cert': `${owner.base64}:` }],
      ['has colons twice', { 'client-cert': `:${rfc9440}:` }],
      ['has parameters', { 'client-cert': `${rfc9440};v=1` }],
      ['is quoted', { 'client-cert': `"${owner.base64}"` }],
      ['is base64 with spaces in it', { 'client-cert': `:${owner.base64.replace(/.{20}/, '$& ')}:` }],
      ['is base64 cut short', { 'client-cert': `:${owner.base64.slice(0, -8)}:` }],
      ['is there twice', { 'client-cert': [rfc9440, rfc9440] }],
      ['is there twice, the first of another', { 'client-cert': [ofThief, rfc9440] }],
      ['is there twice, the second empty', { 'client-cert': [rfc9440, ''] }],
      ['is there twice, as PEM', { 'client-cert': [encodedPem, encodedPem] }],
      ['is joined by a comma, as PEM', { 'client-cert': `${encodedPem}, ${pemOfThief}` }],
      ['is joined by a comma, encoded as well', { 'client-cert': `${encodedPem}%2C${pemOfThief}` }],
      ['is PEM with something before it', { 'client-cert': `Cert=${encodedPem}` }],
      ['is PEM with something after it', { 'client-cert': `${encodedPem};Hash=x` }],
      ['is joined by a comma, as some proxies do', { 'client-cert': `${rfc9440}, ${rfc9440}` }],
      ['is joined by a comma, bare', { 'client-cert': `${owner.base64},${thief.base64}` }],
      ['is longer than any certificate', { 'client-cert': `:${'A'.repeat(12_000)}:` }],
      ['is longer than any certificate, in URL encoding', { 'client-cert': '%41'.repeat(4_000) }],
      ['is base64 of something else', { 'client-cert': `:${Buffer.from('certificate').toString('base64')}:` }],
      ['is a public key', { 'client-cert': encodeURIComponent(publicKey) }],
      ['is a private key', { 'client-cert': encodeURIComponent(owner.tls.key) }],
      ['is a word, as proxies send where there is none', { 'client-cert': '(null)' }],
      ['is a thumbprint', { 'client-cert': owner.thumbprint }],
      ['is broken URL encoding', { 'client-cert': `${encodedPem}%` }],
      ['is URL encoding of no text', { 'client-cert': '%FF%FE' }],
      ['is URL encoding of a zero', { 'client-cert': `%00${encodedPem}` }],
      ['is encoded twice', { 'client-cert': encodeURIComponent(encodedPem) }],
      ['has another name', { 'client-certificate': rfc9440, 'client-cert-chain': rfc9440, client_cert: rfc9440 }],
    ])('counts for nothing where it %s', async (_name, headers) => {
      expectRefused(await call(headers), NONE);
    });

    test.each([
      ['RFC 9440', ofThief],
      ['PEM', pemOfThief],
      ['a chain of PEM with another one first', `${pemOfThief}${encodedPem}`],
      ['base64', thief.base64],
    ])('does not help with the certificate of another client (%s)', async (_form, value) => {
      expectRefused(await call({ 'client-cert': value }), ANOTHER);
    });

    test('is needed by bound tokens alone, and its faults do not concern others', async () => {
      const authorization = `Bearer ${await server.token('orders:read')}`;
      expectServed(await call({ authorization, 'client-cert': 'x' }));
    });

    test('has nothing that the answer, the log or the audit repeats', async () => {
      const { text, headers } = await call({ 'client-cert': ofThief });
      const said = JSON.stringify([text, headers, events]) + server.log.text;
      expect(events).toHaveLength(1);
      const certificates = [owner, thief].flatMap(({ base64, thumbprint }) => [base64, thumbprint]);
      for (const secret of [...boundToken.split('.').slice(1), ...certificates]) expect(said).not.toContain(secret);
    });

    test('RFC 9728: the metadata says that tokens may be bound to certificates', async () => {
      const { text } = await send(`${server.origin}/.well-known/oauth-protected-resource/mcp`, { method: 'GET' });
      expect(JSON.parse(text)).toMatchObject({ tls_client_certificate_bound_access_tokens: true });
    });
  });

  test.each<[string[], 'believed' | 'not believed']>([
    [['127.0.0.1'], 'believed'],
    [['10.0.0.1', '127.0.0.0/8'], 'believed'],
    [['::ffff:127.0.0.1'], 'believed'],
    [['10.0.0.1'], 'not believed'],
    [['127.0.0.2', '127.0.1.0/24', '126.0.0.0/8'], 'not believed'],
    [['::1', 'fd00::/8'], 'not believed'],
  ])('where the proxies are %j, a header from 127.0.0.1 is %s', async (proxies, outcome) => {
    await start({ proxies }, { platform });
    const spoofed = { 'x-forwarded-for': '10.0.0.1', forwarded: 'for=10.0.0.1', 'x-real-ip': '10.0.0.1' };
    const answer = await call({ 'client-cert': rfc9440, ...spoofed });
    await server.close();
    if (outcome === 'believed') expectServed(answer);
    else expectRefused(answer, NONE);
  });

  test('a header that is there twice counts for nothing even where Node keeps the first alone', async () => {
    await start({ header: 'Location' }, { platform });
    const [once, twice] = [await call({ Location: rfc9440 }), await call({ Location: [rfc9440, ofThief] })];
    await server.close();
    expect([once.status, twice.status]).toEqual([200, 401]);
  });

  test('where the header is named, a certificate on the socket does not count', async () => {
    const tls = { ...selfSignedCertificate(), requestCert: true, rejectUnauthorized: false };
    await start({}, { platform, tls });
    const onSocket = await call({}, owner.tls);
    const inHeader = await call({ 'client-cert': rfc9440 }, thief.tls);
    await server.close();
    expect([onSocket.status, inHeader.status]).toEqual([401, 200]);
  });

  describe('behind a proxy that terminates TLS', () => {
    let proxy: Listener;
    let resource: string;

    beforeAll(async () => {
      const tls = { ...selfSignedCertificate(), requestCert: true, rejectUnauthorized: false };
      proxy = await listen(undefined, tls);
      resource = `${proxy.origin}/mcp`;
      await start({ header: 'X-SSL-Cert', resource }, { platform });
      forwardFrom(proxy, server.origin);
    });
    afterAll(async () => {
      await proxy.close();
      await server.close();
    });

    test('an MCP client with the certificate works, and one with another cannot', async () => {
      const connected = async ({ tls }: CertificateClient) => {
        const pin = { mode: { pin: '2026-07-28' } };
        const mcp = new Client({ name: 'bound', version: '1.0.0' }, { versionNegotiation: pin });
        const requestInit = { headers: { authorization: `Bearer ${boundToken}` } };
        const fetch = fetchWithCertificate(tls);
        await mcp.connect(new StreamableHTTPClientTransport(new URL(resource), { fetch, requestInit }));
        return mcp;
      };
      const mcp = await connected(owner);
      expect((await mcp.callTool({ name: 'find' })).content).toEqual([{ type: 'text', text: 'found' }]);
      await mcp.close();
      await expect(connected(thief)).rejects.toThrow(/401|Unauthorized/);
    });

    test.each<[string, SendOptions['tls'], OutgoingHttpHeaders, string]>([
      ['with no certificate', undefined, {}, NONE],
      ['with another certificate', thief.tls, {}, ANOTHER],
      ['that makes the header up', undefined, { 'x-ssl-cert': rfc9440 }, NONE],
      ['that makes the header up in other case', undefined, { 'X-Ssl-CERT': rfc9440 }, NONE],
      ['that makes it up beside its own certificate', thief.tls, { 'x-ssl-cert': rfc9440 }, ANOTHER],
      ['that makes it up twice', thief.tls, { 'x-ssl-cert': [rfc9440, rfc9440] }, ANOTHER],
      ['that makes it up with an underscore', undefined, { x_ssl_cert: rfc9440 }, NONE],
    ])('a client %s is refused', async (_name, tls, headers, reason) => {
      expectRefused(await call(headers, tls, resource), reason);
    });

    test('a client with the certificate passes, whatever it makes up', async () => {
      expectServed(await call({ 'x-ssl-cert': [ofThief, 'x'] }, owner.tls, resource));
    });
  });
});

test.each<[string, string[], boolean]>([
  ['::ffff:10.1.2.3', ['10.0.0.0/8'], true],
  ['::ffff:11.1.2.3', ['10.0.0.0/8'], false],
  ['10.1.2.3', ['::ffff:10.0.0.0/104'], true],
  ['fd00::1', ['fd00::/8'], true],
  ['fe80::1', ['fd00::/8'], false],
  ['::1', ['127.0.0.1'], false],
])('a proxy at %s, of the listed %j, is believed: %s', (remoteAddress, proxies, isBelieved) => {
  const socket = Object.defineProperty(new Socket(), 'remoteAddress', { value: remoteAddress });
  const certificates = new ClientCertificates({ certificate: { header: 'CLIENT-CERT', proxies } });
  const request = { socket, headers: { 'client-cert': rfc9440 }, rawHeaders: ['Client-Cert', rfc9440] };
  expect(certificates.computeThumbprint(request)).toBe(isBelieved ? owner.thumbprint : undefined);
});

/** Does what a proxy has to: takes the header from what clients send, and sets it to what it has seen itself. */
function forwardFrom({ server: proxy }: Listener, origin: string): void {
  proxy.on('request', (incoming, outgoing) => {
    const certificate = (incoming.socket as TLSSocket).getPeerCertificate() as { readonly raw?: Buffer };
    const headers = { ...incoming.headers };
    delete headers['x-ssl-cert'];
    if (certificate.raw) headers['x-ssl-cert'] = `:${certificate.raw.toString('base64')}:`;
    const forwarded = requestHttp(new URL(incoming.url ?? '', origin), { method: incoming.method, headers });
    forwarded.on('response', (response) => {
      response.pipe(outgoing.writeHead(response.statusCode ?? 0, response.headers));
    });
    incoming.pipe(forwarded);
  });
}
