import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpTool, type AuditEvent, type IssuerOptions } from 'nestjs-mcp-auth';
import { post, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  hello(): string {
    return 'hello';
  }
}

type Row = readonly [name: string, claims: Record<string, unknown>];

/** How issuers write no audience. */
const MISSING: readonly Row[] = [
  ['left out', { aud: undefined }],
  ['null', { aud: null }],
  ['an empty list', { aud: [] }],
  ['empty', { aud: '' }],
];

const FOREIGN: readonly Row[] = [
  ['of another server', { aud: 'https://other.example/mcp' }],
  ['of a client', { aud: 'app' }],
  ['a list of others', { aud: ['https://other.example/mcp', null] }],
  ['an object', { aud: {} }],
  ['a number', { aud: 7 }],
  ['a list with a list', { aud: [[], ['x']] }],
];

const TRUSTS: readonly (readonly [name: string, trust: Partial<IssuerOptions>, good: object, bad: readonly Row[]])[] = [
  [
    'clients, and a use',
    { clients: ['app', 'cli'], requiredValues: { token_use: 'access' } },
    { client_id: 'app', token_use: 'access' },
    [
      ['another client', { client_id: 'other', token_use: 'access' }],
      ['no client', { client_id: undefined, token_use: 'access' }],
      ['a client in a list', { client_id: ['app'], token_use: 'access' }],
      ['another use', { client_id: 'app', token_use: 'id' }],
      ['no use', { client_id: 'app' }],
    ],
  ],
  [
    'a claim that must hold, by its path',
    { requiredValues: { 'org.id': ['org_1', 'org_2'] } },
    { org: { id: 'org_2' } },
    [
      ['another value', { org: { id: 'org_3' } }],
      ['no value', {}],
      ['a value that begins alike', { org: { id: 'org_11' } }],
      ['a value that is an object', { org: { id: { org_1: true } } }],
    ],
  ],
  [
    'a claim that is a list',
    { requiredValues: { groups: 'mcp' } },
    { groups: ['other', 'mcp'] },
    [
      ['none of them', { groups: ['other'] }],
      ['a list in a list', { groups: [['mcp']] }],
    ],
  ],
];

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  describe.each(TRUSTS)('`acceptMissingAudience` with %s', (_name, trust, good, bad) => {
    let server: ProtectedServer;
    let events: AuditEvent[] = [];
    beforeAll(async () => {
      const auditSink = { record: (event: AuditEvent) => void events.push(event) };
      const options = { observability: { auditSink } };
      server = await startProtectedServer({
        platform,
        providers: [Tools],
        options,
        trust: { acceptMissingAudience: true, ...trust },
      });
    });
    afterAll(() => server.close());

    const call = async (claims: object) => {
      events = [];
      const token = await server.issuer.token({ ...good, ...claims });
      return (await post(server.resource, toolCall('hello'), { token })).status;
    };

    test.each(MISSING)('accepts an audience that is %s', async (_how, claims) => {
      expect(await call(claims)).toBe(200);
    });

    test('accepts the right audience', async () => {
      expect(await call({ aud: server.resource })).toBe(200);
    });

    test.each(FOREIGN)('refuses an audience that is %s', async (_how, claims) => {
      expect(await call(claims)).toBe(401);
      expect(events).toEqual([expect.objectContaining({ detail: expect.stringContaining('its aud is') })]);
    });

    test.each(bad)('refuses %s', async (_how, claims) => {
      const without = Object.fromEntries(Object.keys(good).map((claim) => [claim, undefined]));
      expect(await call({ ...without, ...claims })).toBe(401);
    });
  });

  test('a token without an audience is refused where nothing was said', async () => {
    const server = await startProtectedServer({ platform, providers: [Tools], trust: { clients: ['test-client'] } });
    try {
      for (const [, claims] of MISSING) {
        const token = await server.issuer.token(claims);
        expect((await post(server.resource, toolCall('hello'), { token })).status).toBe(401);
      }
    } finally {
      await server.close();
    }
  });
});
