import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { AuditEvent, McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { parseChallenge } from '../compliance/challenge-parameters.js';
import { toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import { CountedTool } from './counted-tool.js';
import { fetchWithProof, proofOf, type BoundClient } from './bound-client.js';
import { ProofClient } from './proof-client.js';
import { send, type Answer } from './send.js';

const ALGS = 'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519';
const NONCE_SECRET = 'n'.repeat(32);

let client: ProofClient;
let server: ProtectedServer;
let bound: BoundClient;
let events: AuditEvent[];

beforeAll(async () => {
  client = await ProofClient.start();
});

async function start(platform: 'express' | 'fastify', options: Partial<McpAuthModuleOptions>): Promise<void> {
  events = [];
  const auditSink = { record: (event: AuditEvent) => void events.push(event) };
  server = await startProtectedServer({
    platform,
    options: { observability: { auditSink }, ...options },
    providers: [CountedTool],
  });
  const token = await server.token('orders:read', { cnf: client.confirmation });
  bound = { client, token, resource: server.resource };
}

/** Calls the tool with these proofs, each in a header of its own. */
async function call(proofs: string[], { scheme = 'DPoP', token = bound.token, headers = {} } = {}): Promise<Answer> {
  const dpop = proofs.length > 0 && { dpop: proofs };
  return await send(server.resource, {
    body: toolCall('find'),
    headers: { authorization: `${scheme} ${token}`, ...dpop, ...headers },
  });
}

const challengeOf = ({ headers }: Answer) => parseChallenge(headers['www-authenticate'] ?? '');

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  beforeEach(() => {
    CountedTool.ran = 0;
    events.length = 0;
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  /** Why requests were refused, as security reads it. */
  const refusals = () => events.map((event) => (event.type === 'token_rejected' ? event.reason : event.type));

  describe('where bound tokens are accepted', () => {
    beforeAll(() => start(platform, { proof: { dpop: {} } }));
    afterAll(() => server.close());

    test.each(['2025-11-25', '2026-07-28'])('an MCP client (%s) with proofs lists and calls', async (revision) => {
      const mode = revision === '2025-11-25' ? 'legacy' : { pin: revision };
      const mcp = new Client({ name: 'bound', version: '1.0.0' }, { versionNegotiation: { mode } });
      const transport = new StreamableHTTPClientTransport(new URL(server.resource), { fetch: fetchWithProof(bound) });
      await mcp.connect(transport);
      expect(mcp.getNegotiatedProtocolVersion()).toBe(revision);
      expect((await mcp.listTools()).tools.map(({ name }) => name)).toEqual(['find']);
      expect((await mcp.callTool({ name: 'find' })).content).toEqual([{ type: 'text', text: 'found' }]);
      await mcp.close();
    });

    test('tokens that are not bound still pass as Bearer', async () => {
      expect((await call([], { scheme: 'Bearer', token: await server.token('orders:read') })).status).toBe(200);
    });

    test('RFC 9449 section 7.2: a bound token is refused as Bearer, with a challenge for each scheme', async () => {
      const answer = await call([await proofOf(bound)], { scheme: 'Bearer' });
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toBe(
        'Bearer error="invalid_token", error_description="The token is bound to a key, and there is no proof of it", ' +
          `scope="orders:read", resource_metadata="${server.origin}/.well-known/oauth-protected-resource/mcp", ` +
          `DPoP algs="${ALGS}"`,
      );
      expect(CountedTool.ran).toBe(0);
      expect(refusals()).toEqual(['The token is bound to a key, and there is no proof of it']);
    });

    test('without a token both schemes are offered, and nothing is audited', async () => {
      const answer = await send(server.resource, { body: toolCall('find') });
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toMatch(new RegExp(`^Bearer scope=.*, DPoP algs="${ALGS}"$`));
      expect(events).toEqual([]);
    });

    test.each<[string, () => Promise<string[]>, string]>([
      ['no proof', () => Promise.resolve([]), 'There is no DPoP proof'],
      ['two proofs', async () => [await proofOf(bound), await proofOf(bound)], 'There is more than one DPoP proof'],
      [
        'two proofs in one header',
        async () => [`${await proofOf(bound)}, ${await proofOf(bound)}`],
        'The DPoP proof is not a JWT',
      ],
      [
        'a proof of another key',
        async () => [await proofOf({ ...bound, client: await ProofClient.start() })],
        'The DPoP proof is signed with another key than the one that the token is bound to',
      ],
      [
        'a proof for another method',
        async () => [await proofOf(bound, { htm: 'GET' })],
        'The DPoP proof is for another method',
      ],
      [
        'a proof for another server',
        async () => [await proofOf(bound, { htu: 'https://mcp.example.com/mcp' })],
        'The DPoP proof is for another URI',
      ],
      [
        'a proof for another token',
        async () => [await proofOf({ ...bound, token: await server.token() })],
        'The DPoP proof is for another token',
      ],
    ])(
      'RFC 9449 section 7.1: %s is refused, and said to be by the challenge and the audit',
      async (_n, make, reason) => {
        const answer = await call(await make());
        expect(answer.status).toBe(401);
        expect(challengeOf(answer)).toEqual({
          scheme: 'DPoP',
          error: 'invalid_dpop_proof',
          error_description: reason,
          scope: 'orders:read',
          resource_metadata: `${server.origin}/.well-known/oauth-protected-resource/mcp`,
          algs: ALGS,
        });
        expect(CountedTool.ran).toBe(0);
        expect(events).toEqual([expect.objectContaining({ type: 'token_rejected', reason, status: 401 })]);
      },
    );

    test('a proof that someone caught is good for nothing, however soon it is sent again', async () => {
      const proof = await proofOf(bound);
      const statuses = await Promise.all(Array.from({ length: 10 }, async () => (await call([proof])).status));
      expect(statuses.filter((status) => status === 200)).toHaveLength(1);
      const again = await call([proof]);
      expect(challengeOf(again)).toMatchObject({ scheme: 'DPoP', error: 'invalid_dpop_proof', algs: ALGS });
      expect(refusals().filter((reason) => reason === 'The DPoP proof was used before')).toHaveLength(10);
      expect(CountedTool.ran).toBe(1);
    });

    test('a proof counts for every method that reaches the endpoint', async () => {
      const get = async (htm: string) => {
        const headers = { authorization: `DPoP ${bound.token}`, dpop: await proofOf(bound, { htm }) };
        return (await send(server.resource, { method: 'GET', headers })).status;
      };
      expect(await get('POST')).toBe(401);
      expect(await get('GET')).toBe(405);
    });

    test('a token that is not bound is refused under the scheme DPoP', async () => {
      const token = await server.token('orders:read');
      const answer = await call([await proofOf({ ...bound, token })], { token });
      expect(answer.status).toBe(401);
      expect(challengeOf(answer)).toMatchObject({ scheme: 'DPoP', error: 'invalid_token', algs: ALGS });
    });

    test('a bound token that lacks a scope is told so under the scheme DPoP', async () => {
      const token = await server.token('', { cnf: client.confirmation });
      const answer = await call([await proofOf({ ...bound, token })], { token });
      expect(answer.status).toBe(403);
      expect(challengeOf(answer)).toMatchObject({ scheme: 'DPoP', error: 'insufficient_scope', algs: ALGS });
    });

    test('nothing of the token or the proof is in the answer, the log or the audit', async () => {
      const proof = await proofOf(bound, { htm: 'GET' });
      const { text, headers } = await call([proof]);
      const said = JSON.stringify([text, headers, events]) + server.log.text;
      for (const secret of [proof, bound.token]) {
        for (const part of secret.split('.').slice(1)) expect(said).not.toContain(part);
      }
    });

    test('RFC 9728: the metadata names the algorithms, and that they are not required', async () => {
      const { text } = await send(`${server.origin}/.well-known/oauth-protected-resource/mcp`, { method: 'GET' });
      expect(JSON.parse(text)).toMatchObject({
        dpop_signing_alg_values_supported: ALGS.split(' '),
        dpop_bound_access_tokens_required: false,
      });
    });
  });

  describe('where bound tokens are required', () => {
    beforeAll(() => start(platform, { proof: { dpop: { required: true, algorithms: ['ES256', 'EdDSA'] } } }));
    afterAll(() => server.close());

    test('a token that is not bound is refused, as Bearer and under the scheme DPoP', async () => {
      const token = await server.token('orders:read');
      for (const scheme of ['Bearer', 'DPoP']) {
        const answer = await call([await proofOf({ ...bound, token })], { scheme, token });
        expect(answer.status).toBe(401);
        expect(challengeOf(answer)).toMatchObject({ scheme: 'DPoP', error: 'invalid_token', algs: 'ES256 EdDSA' });
      }
      expect(refusals()).toEqual(Array(2).fill('The token is not bound to a key, as it has to be'));
      expect(CountedTool.ran).toBe(0);
    });

    test('no other scheme is offered', async () => {
      const answer = await send(server.resource, { body: toolCall('find') });
      expect(answer.status).toBe(401);
      expect(challengeOf(answer)).toMatchObject({ scheme: 'DPoP', algs: 'ES256 EdDSA' });
      expect(answer.headers['www-authenticate']).not.toContain('Bearer');
    });

    test('a bound token passes with a proof of one of the algorithms', async () => {
      expect((await call([await proofOf(bound)])).status).toBe(200);
      const other = await ProofClient.start('ES384');
      const token = await server.token('orders:read', { cnf: other.confirmation });
      const answer = await call([await proofOf({ ...bound, client: other, token })], { token });
      expect(challengeOf(answer)).toMatchObject({ error: 'invalid_dpop_proof', algs: 'ES256 EdDSA' });
    });

    test('RFC 9728: the metadata says so', async () => {
      const { text } = await send(`${server.origin}/.well-known/oauth-protected-resource/mcp`, { method: 'GET' });
      expect(JSON.parse(text)).toMatchObject({
        dpop_signing_alg_values_supported: ['ES256', 'EdDSA'],
        dpop_bound_access_tokens_required: true,
      });
    });
  });

  describe('where nonces are demanded', () => {
    beforeAll(() => start(platform, { proof: { dpop: { nonceSecret: NONCE_SECRET } } }));
    afterAll(() => server.close());

    test('RFC 9449 section 9: the first request is given a nonce, and passes with it', async () => {
      const first = await call([await proofOf(bound)]);
      expect(first.status).toBe(401);
      expect(challengeOf(first)).toMatchObject({ scheme: 'DPoP', error: 'use_dpop_nonce', algs: ALGS });
      const nonce = first.headers['dpop-nonce'];
      expect(nonce).toMatch(/^[\w-]{43}$/);
      expect(events).toEqual([
        expect.objectContaining({
          type: 'token_rejected',
          reason: 'The DPoP proof needs the nonce of the DPoP-Nonce header',
          status: 401,
        }),
      ]);
      const second = await call([await proofOf(bound, { nonce })]);
      expect(second.status).toBe(200);
      expect(CountedTool.ran).toBe(1);
    });

    test('an MCP client that follows them needs no more than one extra request in all', async () => {
      const statuses: number[] = [];
      const withProof = fetchWithProof(bound);
      const mcp = new Client(
        { name: 'bound', version: '1.0.0' },
        { versionNegotiation: { mode: { pin: '2026-07-28' } } },
      );
      const counted = jest.spyOn(globalThis, 'fetch');
      await mcp.connect(
        new StreamableHTTPClientTransport(new URL(server.resource), {
          fetch: async (input, init) => {
            const response = await withProof(input, init);
            statuses.push(response.status);
            return response;
          },
        }),
      );
      expect((await mcp.callTool({ name: 'find' })).content).toEqual([{ type: 'text', text: 'found' }]);
      await mcp.close();
      expect(statuses.every((status) => status === 200 || status === 202)).toBe(true);
      expect(counted).toHaveBeenCalledTimes(statuses.length + 1);
    });

    test('the answer to a good request offers the next nonce before the present one is refused', async () => {
      const slot = 300_000;
      const start = Math.floor(Date.now() / slot) * slot;
      const spy = jest.spyOn(Date, 'now').mockReturnValue(start);
      const token = await server.token('orders:read', { cnf: client.confirmation, exp: start / 1000 + 3600 });
      const owner = { ...bound, token };
      const ask = async (nonce?: string) => await call([await proofOf(owner, { nonce })], { token });
      const nonce = (await ask()).headers['dpop-nonce'] as string;
      spy.mockReturnValue(start + slot);
      const later = await ask(nonce);
      expect(later.status).toBe(200);
      const next = later.headers['dpop-nonce'] as string;
      expect(next).not.toBe(nonce);
      spy.mockReturnValue(start + 2 * slot);
      expect(challengeOf(await ask(nonce))).toMatchObject({ error: 'use_dpop_nonce' });
      expect((await ask(next)).status).toBe(200);
    });

    test('a page may read it, and a request without a token is given one too', async () => {
      const answer = await send(server.resource, { body: toolCall('find'), headers: { origin: server.origin } });
      expect(answer.status).toBe(401);
      expect(answer.headers['dpop-nonce']).toMatch(/^[\w-]{43}$/);
      expect(answer.headers['access-control-expose-headers']).toContain('DPoP-Nonce');
    });

    test('a nonce of nobody is refused like none', async () => {
      const answer = await call([await proofOf(bound, { nonce: 'A'.repeat(43) })]);
      expect(challengeOf(answer)).toMatchObject({ scheme: 'DPoP', error: 'use_dpop_nonce' });
    });
  });

  describe('where it is not configured', () => {
    beforeAll(() => start(platform, {}));
    afterAll(() => server.close());

    test.each(['Bearer', 'DPoP'])('a bound token is refused as %s, and DPoP is not offered', async (scheme) => {
      const answer = await call([await proofOf(bound)], { scheme });
      expect(answer.status).toBe(401);
      expect(challengeOf(answer)).toMatchObject({ scheme: 'Bearer', error: 'invalid_token' });
      expect(answer.headers['www-authenticate']).not.toContain('DPoP');
      expect(answer.headers['dpop-nonce']).toBeUndefined();
      expect(events).toHaveLength(1);
      expect(CountedTool.ran).toBe(0);
    });

    test('the metadata says nothing of it', async () => {
      const { text } = await send(`${server.origin}/.well-known/oauth-protected-resource/mcp`, { method: 'GET' });
      expect(text).not.toContain('dpop');
    });
  });

  describe('a store that cannot tell lets nobody in, and puts no blame on the proof', () => {
    const answers: { claim: () => unknown } = { claim: () => true };

    beforeAll(() => start(platform, { proof: { dpop: { replayStore: { claim: () => answers.claim() as boolean } } } }));
    afterAll(() => server.close());

    test.each<[string, () => unknown, string]>([
      ['fails', () => Promise.reject(new Error('down')), 'The replay store failed: down'],
      ['hangs', () => new Promise(() => undefined), 'The replay store does not answer'],
      ['answers nonsense', () => 1, 'The replay store answers neither true nor false'],
    ])('that %s: 503, until it can', async (_name, claim, reason) => {
      answers.claim = claim;
      const answer = await call([await proofOf(bound)]);
      expect(answer.status).toBe(503);
      expect(answer.headers['retry-after']).toBe('10');
      expect(answer.headers['www-authenticate']).toBeUndefined();
      expect(answer.text).not.toContain(reason);
      expect(events).toEqual([
        expect.objectContaining({
          type: 'token_rejected',
          reason,
          status: 503,
          detail: 'the store did not say whether its jti is new, and wanted is true or false within 2 s',
          fix: expect.stringMatching(/^Check the store in `proof\.dpop\.replayStore`\. See \S+$/),
        }),
      ]);
      expect(CountedTool.ran).toBe(0);
      answers.claim = () => true;
      expect((await call([await proofOf(bound)])).status).toBe(200);
    });
  });
});
