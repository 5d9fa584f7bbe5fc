import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Agent, type ServerOptions } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { AuditEvent, McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { parseChallenge } from '../compliance/challenge-parameters.js';
import { selfSignedCertificate } from '../quickstart/self-signed-certificate.js';
import { toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import type { Platform } from '../support/test-application.js';
import { CountedTool } from './counted-tool.js';
import { proofOf } from './bound-client.js';
import { CertificateClient, fetchWithCertificate } from './certificate-client.js';
import { ProofClient } from './proof-client.js';
import { send, type Answer, type SendOptions } from './send.js';

const NONE = 'The token is bound to a certificate, and the request has none';
const ANOTHER = 'The token is bound to another certificate';
const NOT_BOUND = 'The token is not bound to a certificate, as it has to be';
const NOT_SUPPORTED = 'The token is bound to a certificate, which is not supported here';
const NOT_KNOWN = 'The token is bound in a way that is not supported here';

const owner = new CertificateClient();
const thief = new CertificateClient();

let server: ProtectedServer;
let events: AuditEvent[];
let boundToken: string;

/** A server that asks for certificates, and takes them from anyone (RFC 8705 section 2.2). */
async function start(
  platform: Platform,
  options: Partial<McpAuthModuleOptions>,
  tls: ServerOptions = { requestCert: true, rejectUnauthorized: false },
): Promise<void> {
  events = [];
  server = await startProtectedServer({
    platform,
    tls: { ...selfSignedCertificate(), ...tls },
    options: { observability: { auditSink: { record: (event: AuditEvent) => void events.push(event) } }, ...options },
    providers: [CountedTool],
  });
  boundToken = await server.token('orders:read', { cnf: owner.confirmation });
}

/** Notes of each connection that it makes whether that resumed an earlier session. */
class RecordingAgent extends Agent {
  readonly resumed: boolean[] = [];

  override createConnection(...parameters: Parameters<Agent['createConnection']>) {
    const socket = super.createConnection(...parameters) as TLSSocket;
    return socket.once('secureConnect', () => this.resumed.push(socket.isSessionReused()));
  }
}

interface CallOptions {
  readonly tls?: SendOptions['tls'] | undefined;
  readonly token?: string;
  readonly scheme?: string;
  readonly headers?: SendOptions['headers'];
}

async function call({ tls, token = boundToken, scheme = 'Bearer', headers }: CallOptions): Promise<Answer> {
  return await send(server.resource, {
    body: toolCall('find'),
    headers: { authorization: `${scheme} ${token}`, ...headers },
    ...(tls && { tls }),
  });
}

/** What a refused client and security are told, besides that the tool did not run. */
function expectRefused(answer: Answer, reason: string, challenge: object = { scheme: 'Bearer' }): void {
  expect(answer.status).toBe(401);
  expect(parseChallenge(answer.headers['www-authenticate'] ?? '')).toEqual({
    error: 'invalid_token',
    error_description: reason,
    scope: 'orders:read',
    resource_metadata: `${server.origin}/.well-known/oauth-protected-resource/mcp`,
    ...challenge,
  });
  expect(events).toEqual([expect.objectContaining({ type: 'token_rejected', reason, status: 401 })]);
  expect(CountedTool.ran).toBe(0);
}

async function metadata(): Promise<Record<string, unknown>> {
  const { text } = await send(`${server.origin}/.well-known/oauth-protected-resource/mcp`, { method: 'GET' });
  return JSON.parse(text) as Record<string, unknown>;
}

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  beforeEach(() => {
    CountedTool.ran = 0;
    events.length = 0;
  });

  describe('where the certificate is on the socket', () => {
    beforeAll(() => start(platform, { proof: { mutualTls: { certificate: 'socket' } } }));
    afterAll(() => server.close());

    test('RFC 8705 section 3: a bound token passes with its certificate', async () => {
      const answer = await call({ tls: owner.tls });
      expect(answer.status).toBe(200);
      expect(answer.text).toContain('found');
      expect(events).toEqual([expect.objectContaining({ type: 'operation_allowed' })]);
    });

    test.each<[string, SendOptions['tls'], string]>([
      ['with the certificate of another', thief.tls, ANOTHER],
      ['without a certificate', undefined, NONE],
    ])('a bound token is refused %s', async (_name, tls, reason) => {
      expectRefused(await call({ tls }), reason);
    });

    test('a token that passed with its certificate is refused without, all the same', async () => {
      expect((await call({ tls: owner.tls })).status).toBe(200);
      for (const tls of [thief.tls, undefined]) expect((await call({ tls })).status).toBe(401);
      expect((await call({ tls: owner.tls })).status).toBe(200);
      expect(CountedTool.ran).toBe(2);
    });

    test.each([
      ['with a certificate', owner.tls],
      ['without one', undefined],
    ])('a token that is not bound passes %s', async (_name, tls) => {
      expect((await call({ tls, token: await server.token('orders:read') })).status).toBe(200);
    });

    test.each([
      ['the RFC 9440 form', `:${owner.base64}:`],
      ['PEM in URL encoding', encodeURIComponent(owner.tls.cert)],
      ['bare base64', owner.base64],
    ])('no header is believed, here with %s', async (_form, value) => {
      const headers = { 'client-cert': value, 'x-client-cert': value, 'ssl-client-cert': value };
      expectRefused(await call({ tls: thief.tls, headers }), ANOTHER);
    });

    test('a connection that resumes a session still has its certificate', async () => {
      const agent = new RecordingAgent({ keepAlive: false, rejectUnauthorized: false });
      const statuses = [];
      for (let count = 0; count < 3; count += 1) statuses.push((await call({ tls: { ...owner.tls, agent } })).status);
      expect(agent.resumed).toEqual([false, true, true]);
      expect(statuses).toEqual([200, 200, 200]);
    });

    test('each request on one connection is judged by its own token', async () => {
      const agent = new RecordingAgent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });
      const other = await server.token('orders:read', { cnf: thief.confirmation });
      const statuses = [];
      for (const token of [boundToken, other, boundToken])
        statuses.push((await call({ tls: { ...owner.tls, agent }, token })).status);
      agent.destroy();
      expect(statuses).toEqual([200, 401, 200]);
      expect(agent.resumed).toEqual([false]);
    });

    test.each<[string, unknown]>([
      ['no members', {}],
      ['null', null],
      ['a text', owner.thumbprint],
      ['a list', [owner.thumbprint]],
      ['a thumbprint that is too short', { 'x5t#S256': owner.thumbprint.slice(1) }],
      ['a thumbprint with padding', { 'x5t#S256': `${owner.thumbprint}=` }],
      ['a thumbprint that is a list', { 'x5t#S256': [owner.thumbprint] }],
      ['a thumbprint of SHA-1', { x5t: owner.thumbprint }],
      ['a name in other case', { 'X5T#s256': owner.thumbprint }],
      ['one more member, unknown', { ...owner.confirmation, kid: 'x' }],
    ])('a token whose cnf has %s is refused even with a certificate', async (_name, cnf) => {
      const token = await server.token('orders:read', { cnf });
      expectRefused(await call({ tls: owner.tls, token }), NOT_KNOWN);
    });

    test('under the scheme DPoP, a certificate is no proof', async () => {
      expectRefused(await call({ tls: owner.tls, scheme: 'DPoP' }), 'The token is not bound to a key');
    });

    test('nothing of the token or the certificates is in the answer, the log or the audit', async () => {
      const { text, headers } = await call({ tls: thief.tls });
      const said = JSON.stringify([text, headers, events]) + server.log.text;
      expect(events).toHaveLength(1);
      const parts = boundToken.split('.').slice(1);
      const certificates = [owner, thief].flatMap(({ base64, thumbprint }) => [base64, thumbprint]);
      for (const secret of [...parts, ...certificates]) expect(said).not.toContain(secret);
    });

    test('an MCP client with the certificate lists and calls, and one with another cannot', async () => {
      const connected = async ({ tls }: CertificateClient) => {
        const pin = { mode: { pin: '2026-07-28' } };
        const mcp = new Client({ name: 'bound', version: '1.0.0' }, { versionNegotiation: pin });
        const requestInit = { headers: { authorization: `Bearer ${boundToken}` } };
        const fetch = fetchWithCertificate(tls);
        await mcp.connect(new StreamableHTTPClientTransport(new URL(server.resource), { fetch, requestInit }));
        return mcp;
      };
      const mcp = await connected(owner);
      expect((await mcp.listTools()).tools.map(({ name }) => name)).toEqual(['find']);
      expect((await mcp.callTool({ name: 'find' })).content).toEqual([{ type: 'text', text: 'found' }]);
      await mcp.close();
      await expect(connected(thief)).rejects.toThrow(/401|Unauthorized/);
    });

    test('RFC 9728: the metadata says that tokens may be bound to certificates', async () => {
      expect(await metadata()).toMatchObject({ tls_client_certificate_bound_access_tokens: true });
    });
  });

  describe('where bound tokens are required', () => {
    beforeAll(() => start(platform, { proof: { mutualTls: { certificate: 'socket', required: true } } }));
    afterAll(() => server.close());

    test.each([
      ['with a certificate', owner.tls],
      ['without one', undefined],
    ])('a token that is not bound is refused %s', async (_name, tls) => {
      expectRefused(await call({ tls, token: await server.token('orders:read') }), NOT_BOUND);
    });

    test('a bound token passes with its certificate alone', async () => {
      expect((await call({ tls: owner.tls })).status).toBe(200);
      expect((await call({ tls: thief.tls })).status).toBe(401);
      expect(await metadata()).toMatchObject({ tls_client_certificate_bound_access_tokens: true });
    });
  });

  describe('where it is not configured', () => {
    beforeAll(() => start(platform, {}));
    afterAll(() => server.close());

    test('a bound token is refused even with its certificate', async () => {
      expectRefused(await call({ tls: owner.tls }), NOT_SUPPORTED);
    });

    test('the metadata says nothing of it', async () => {
      expect(await metadata()).not.toHaveProperty('tls_client_certificate_bound_access_tokens');
    });
  });

  describe('where the server does not ask for certificates', () => {
    beforeAll(() => start(platform, { proof: { mutualTls: { certificate: 'socket' } } }, {}));
    afterAll(() => server.close());

    test('no client can show one', async () => {
      expectRefused(await call({ tls: owner.tls }), NONE);
    });
  });

  describe('where DPoP is accepted besides', () => {
    let proving: ProofClient;
    let token: string;

    beforeAll(async () => {
      await start(platform, { proof: { mutualTls: { certificate: 'socket' }, dpop: { algorithms: ['ES256'] } } });
      proving = await ProofClient.start();
      token = await server.token('orders:read', { cnf: { ...proving.confirmation, ...owner.confirmation } });
    });
    afterAll(() => server.close());

    test('a token bound to a key and a certificate takes both, and a proof sent without is not used up', async () => {
      const headers = { dpop: await proofOf({ client: proving, token, resource: server.resource }) };
      expectRefused(await call({ tls: thief.tls, token, scheme: 'DPoP', headers }), ANOTHER, {
        scheme: 'DPoP',
        algs: 'ES256',
      });
      expect((await call({ tls: owner.tls, token, scheme: 'DPoP', headers })).status).toBe(200);
      expect((await call({ tls: owner.tls, token, scheme: 'DPoP', headers })).status).toBe(401);
      expect((await call({ tls: owner.tls, token })).status).toBe(401);
      expect(CountedTool.ran).toBe(1);
    });
  });
});
