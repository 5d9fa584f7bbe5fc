import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { KINDS, startFilesServer, type FilesServer } from '../foreign-servers/files-server.js';
import { message, post } from '../support/mcp-request.js';

/** Of these a token with `read` reads `files://admin/x`, or what lies beneath, if one reading alone is looked at. */
const SPELLINGS: readonly string[] = [
  // Dot segments
  'files://admin/./x',
  'files://./admin/x',
  'files://admin/%2e/x',
  'files://admin/%2E/x',
  'files://y/../admin/x',
  'files://admin/y/../x',
  'files://admin/y/%2e%2E/x',
  'files://admin/y/.%2e/x',
  'files://admin/y/..%2Fx',
  'files://admin/x/.',
  'files://admin/x/y/..',
  // Characters that URL leaves out
  'files://admin/\tx',
  'files://ad\tmin/x',
  'files://admin/\nx/',
  'files://admin/\r\nx',
  ' files://admin/x',
  'files://admin/x ',
  '\u0000files://admin/x',
  'fi\tles://admin/x',
  'files:/\t/admin/x',
  // Slashes
  'files://admin//x',
  'files:///admin/x',
  'files:////admin/x',
  'files:/admin/x',
  'files:admin/x',
  'files://admin/x/',
  'files://admin\\x',
  'files:\\\\admin\\x',
  // Case, and letters that are alike
  'files://ADMIN/x',
  'files://Admin/x',
  'FILES://admin/x',
  'files://ADM%49N/x',
  'files://ａdmin/x',
  'files://%EF%BD%81dmin/x',
  'files://adm\u0131n/x',
  'files://adm\u00ADin/x',
  // Escapes
  'files://%61dmin/x',
  'files://admin%2Fx',
  'files://admin%2fx',
  'files://admin%252Fx',
  'files://admin%5Cx',
  'files://%2561dmin/x',
  'files://admin/x%2F',
  'files://admin/x%00',
  'files://admin/x%0A/',
  'files://admin/%ff/',
  // Other parts of a URI
  'files://admin/x?y/z',
  'files://admin/x#y/z',
  'files://admin/x?/',
  'files://admin/x%3Fy/z',
  'files://u@admin/x',
  'files://u:p@admin/x',
  'files://admin:80/x',
  'files://admin:/x',
  'files://@admin/x',
  'files://admin./x',
  'files://admin/x./y/..',
  // What mcp-nest reads: the text between the first two "://"
  'other://admin/x',
  'files://admin/x://y',
  'files://admin/x://y/z',
  'x://admin/x://y',
];

const RULES = {
  resources: { 'files://admin/{name}': { scopes: ['admin'] }, 'files://{+path}': { scopes: ['read'] } },
};

const REST = { resources: { 'files://admin/{name}': { scopes: ['admin'] }, '*': { scopes: ['read'] } } };

const SERVERS = KINDS.flatMap((kind) => [
  { kind, platform: 'express' as const, rules: RULES, of: 'a wider template' },
  { kind, platform: 'fastify' as const, rules: REST, of: 'what has no rule' },
]);

describe.each(SERVERS)('a server of $kind on $platform, with laxer rules for $of', ({ kind, platform, rules }) => {
  let server: FilesServer;
  beforeAll(async () => {
    server = await startFilesServer(kind, rules, platform);
  });
  afterAll(() => server.close());
  beforeEach(() => {
    server.ran.length = 0;
  });

  async function ask(method: string, params: Record<string, unknown>, scope: string): Promise<Response> {
    const body = { jsonrpc: '2.0', id: 1, method, params };
    return await post(server.resource, body, {
      token: await server.token(scope),
      headers: { 'mcp-protocol-version': '2025-11-25' },
    });
  }

  test.each(SPELLINGS)('%j is refused', async (uri) => {
    expect((await ask('resources/read', { uri }, 'read')).status).toBe(403);
    const isHeader = /^[!-~]+$/.test(uri);
    const name = isHeader ? uri : `=?base64?${Buffer.from(uri).toString('base64')}?=`;
    const modern = message('resources/read', { uri });
    const token = await server.token('read');
    expect((await post(server.resource, modern, { token, headers: { 'mcp-name': name } })).status).toBe(403);
    expect(server.ran).toEqual([]);
  });

  test.each(['files://admin/x', 'files://admin/./x', 'files://ADMIN/x', 'files://admin%2Fx', 'files://u@admin/x'])(
    '%j is followed by nobody without its scope either',
    async (uri) => {
      for (const method of ['resources/subscribe', 'resources/unsubscribe'])
        expect((await ask(method, { uri }, 'read')).status).toBe(403);
    },
  );

  test.each([
    ['files://admin/x', 'admin', 'admin'],
    ['files://docs/2026/Plan.txt', 'read', 'file'],
    ['files://docs/Read%20me.txt', 'read', 'file'],
    ['files://administrator/x', 'read', 'file'],
  ])('%s is read with %s', async (uri, scope, name) => {
    expect((await ask('resources/read', { uri }, scope)).status).toBe(200);
    expect(server.ran).toEqual([expect.stringMatching(name)]);
    expect((await ask('resources/read', { uri }, 'other')).status).toBe(403);
  });

  test('nothing beside the URI says what is read', async () => {
    const params = { uri: 'files://docs/x', path: 'admin/x', name: 'x' };
    expect((await ask('resources/read', params, 'read')).status).toBe(200);
    expect(server.ran).toEqual([expect.stringContaining('docs/x')]);
    expect(server.ran).toEqual([expect.not.stringContaining('admin')]);
  });

  test.each([[['files://admin/x']], [{ href: 'files://admin/x' }], [null], [7], [undefined]])(
    'a URI that is no text is refused: %j',
    async (uri) => {
      expect((await ask('resources/read', { uri }, 'read')).status).toBe(403);
      expect(server.ran).toEqual([]);
    },
  );
});

test('one rule for everything applies to every spelling', async () => {
  const server = await startFilesServer('SDK 2.x', { resources: { '*': { scopes: ['read'] } } });
  const ask = async (uri: string, scope: string) =>
    await post(
      server.resource,
      { jsonrpc: '2.0', id: 1, method: 'resources/read', params: { uri } },
      { token: await server.token(scope), headers: { 'mcp-protocol-version': '2025-11-25' } },
    );
  for (const uri of ['files://docs/x', 'files://docs/y/../x', 'files://admin/x', 'files://ADMIN/x']) {
    expect((await ask(uri, 'read')).status).toBe(200);
    expect((await ask(uri, 'other')).status).toBe(403);
  }
  await server.close();
});
