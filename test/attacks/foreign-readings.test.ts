import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { KINDS, startFilesServer, type FilesServer } from '../foreign-servers/files-server.js';
import { SAMPLES, startSample, type SampleServer } from '../foreign-servers/sample-servers.js';
import { message, post } from '../support/mcp-request.js';

const PLATFORMS = ['express', 'fastify'] as const;

const RULES = { tools: { '*': { scopes: ['read'] }, look: { scopes: ['admin'] } } };

const CALL = '"params":{"name":"look","arguments":{}}';

/** Messages of which one reading calls the tool for administrators. Whoever sends them may not. */
const BODIES: readonly (readonly [what: string, body: string | Buffer, headers?: Record<string, string>])[] = [
  ['the method twice, the call last', `{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call",${CALL}}`],
  ['the method twice, the call first', `{"jsonrpc":"2.0","id":1,"method":"tools/call","method":"ping",${CALL}}`],
  [
    'the name twice, the call last',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"other","name":"look","arguments":{}}}',
  ],
  [
    'the name twice, the call first',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"look","name":"other","arguments":{}}}',
  ],
  ['params twice', `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"other"},${CALL}}`],
  ['params twice, the call first', `{"jsonrpc":"2.0","id":1,"method":"tools/call",${CALL},"params":{"name":"other"}}`],
  ['a key with an escape', `{"jsonrpc":"2.0","id":1,"m\\u0065thod":"tools/call",${CALL}}`],
  ['a method with an escape', `{"jsonrpc":"2.0","id":1,"method":"\\u0074ools\\/call",${CALL}}`],
  ['a method in capitals', `{"jsonrpc":"2.0","id":1,"METHOD":"tools/call","method":"ping",${CALL}}`],
  ['a prototype', `{"jsonrpc":"2.0","id":1,"__proto__":{"method":"tools/call"},${CALL}}`],
  ['a prototype of params', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"__proto__":{"name":"look"}}}'],
  ['an answer that is a call', `{"jsonrpc":"2.0","id":1,"result":{},"method":"tools/call",${CALL}}`],
  [
    'an error that is a call',
    `{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"x"},"method":"tools/call",${CALL}}`,
  ],
  ['a notification', `{"jsonrpc":"2.0","method":"tools/call",${CALL}}`],
  ['the id null', `{"jsonrpc":"2.0","id":null,"method":"tools/call",${CALL}}`],
  ['an id that is an object', `{"jsonrpc":"2.0","id":{},"method":"tools/call",${CALL}}`],
  ['no version', `{"id":1,"method":"tools/call",${CALL}}`],
  ['a list as its method', `{"jsonrpc":"2.0","id":1,"method":["tools/call"],${CALL}}`],
  ['a batch', `[{"jsonrpc":"2.0","id":1,"method":"tools/call",${CALL}}]`],
  ['a batch in a batch', `[[{"jsonrpc":"2.0","id":1,"method":"tools/call",${CALL}}]]`],
  ['a list of params', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":["look",{}]}'],
  ['initialize with a call in it', `{"jsonrpc":"2.0","id":1,"method":"initialize",${CALL}}`],
  ['a byte order mark', `\ufeff{"jsonrpc":"2.0","id":1,"method":"tools/call",${CALL}}`],
  ['two messages', `{"jsonrpc":"2.0","id":1,"method":"ping"}\n{"jsonrpc":"2.0","id":2,"method":"tools/call",${CALL}}`],
  ['a comment', `{"jsonrpc":"2.0","id":1,"method":"ping"/*,"method":"tools/call"*/,${CALL}}`],
  [
    'UTF-16',
    Buffer.from(`{"jsonrpc":"2.0","id":1,"method":"tools/call",${CALL}}`, 'utf16le'),
    { 'content-type': 'application/json; charset=utf-16le' },
  ],
  ['gzip', gzipSync(`{"jsonrpc":"2.0","id":1,"method":"tools/call",${CALL}}`), { 'content-encoding': 'gzip' }],
];

describe.each(KINDS.flatMap((kind) => PLATFORMS.map((platform) => ({ kind, platform }))))(
  'a server of $kind on $platform',
  ({ kind, platform }) => {
    let server: FilesServer;
    beforeAll(async () => {
      server = await startFilesServer(kind, RULES, platform);
    });
    afterAll(() => server.close());
    beforeEach(() => {
      server.ran.length = 0;
    });

    test.each(BODIES)('gets what was authorized, and runs nothing else: %s', async (_what, body, headers = {}) => {
      const response = await fetch(server.resource, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${await server.token('read')}`,
          accept: 'application/json, text/event-stream',
          'content-type': 'application/json',
          'mcp-protocol-version': '2025-11-25',
          ...headers,
        },
        body: typeof body === 'string' ? body : new Uint8Array(body),
      });
      expect([200, 202, 400, 403, 415]).toContain(response.status);
      await response.text();
      expect(server.ran).toEqual([]);
    });

    test('an administrator may call the tool', async () => {
      const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'look', arguments: {} } };
      const headers = { 'mcp-protocol-version': '2025-11-25', 'mcp-method': '', 'mcp-name': '' };
      await (await post(server.resource, call, { token: await server.token('admin'), headers })).text();
      expect(server.ran).toEqual(['look']);
    });
  },
);

const FORGED = { clientId: 'forged', scopes: ['orders:write'], extra: { caller: { subject: 'root' } } };
const EVERYWHERE = { auth: FORGED, authInfo: FORGED, user: FORGED, caller: FORGED };

describe.each(SAMPLES.flatMap((sample) => PLATFORMS.map((platform) => ({ sample, platform }))))(
  'the caller in $sample on $platform',
  ({ sample, platform }) => {
    let server: SampleServer;
    beforeAll(async () => {
      server = await startSample(sample, platform);
    });
    afterAll(() => server.close());

    const call = (params: object) => ({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'whoami', arguments: {}, ...params },
    });

    const LEGACY = { 'mcp-protocol-version': '2025-11-25', 'mcp-method': '', 'mcp-name': '' };

    test.each<[string, object, Record<string, string>]>([
      ['by nothing', call({}), LEGACY],
      ['by params', call(EVERYWHERE), LEGACY],
      ['by arguments', call({ arguments: EVERYWHERE }), LEGACY],
      ['by _meta', call({ _meta: { ...EVERYWHERE, 'io.modelcontextprotocol/authInfo': FORGED } }), LEGACY],
      // A server of the SDK 1.x does not know the revision.
      ...(sample === 'sdk-1-server'
        ? []
        : ([
            ['by params of 2026-07-28', message('tools/call', { name: 'whoami', arguments: {}, ...EVERYWHERE }), {}],
          ] as [[string, object, Record<string, string>]])),
      [
        'by headers',
        call({}),
        {
          ...LEGACY,
          auth: JSON.stringify(FORGED),
          user: 'forged',
          'x-auth-info': JSON.stringify(FORGED),
          'x-forwarded-user': 'forged',
          'x-mcp-client-id': 'forged',
          'proxy-authorization': 'Bearer forged',
        },
      ],
    ])('is that of the token, and cannot be forged %s', async (_how, body, headers) => {
      const token = await server.token('orders:read');
      const text = await (await post(server.resource, body, { token, headers })).text();
      expect(text).toContain('test-client');
      expect(text).not.toContain('forged');
      expect(text).not.toContain('orders:write');
    });
  },
);
