import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ProtectedMcp } from 'nestjs-mcp-auth';
import { KINDS, startFilesServer } from '../foreign-servers/files-server.js';
import { NAMES, startListingServer, type ListingServer } from '../foreign-servers/listing-server.js';
import { HeardStream } from '../support/heard-stream.js';
import { message, post } from '../support/mcp-request.js';

const LEGACY = { 'mcp-protocol-version': '2025-11-25', 'mcp-method': '', 'mcp-name': '' };

/** Whether the resource with computed scopes may be read is in its URI alone. */
const byUri = (input: unknown) => [String((input as { uri: string }).uri).includes('computed') ? 'admin' : 'nobody'];
const byRegion = (input: unknown) => [`region:${(input as { region: string }).region}`];

const RULES: Parameters<typeof ProtectedMcp>[0] = {
  tools: { open: {}, secret: { scopes: ['admin'] }, computed: { scopes: byRegion } },
  prompts: { open: {}, secret: { scopes: ['admin'] }, computed: { scopes: () => ['admin'] } },
  resources: {
    'files://open': {},
    'files://secret': { scopes: ['admin'] },
    'files://computed': { scopes: byUri },
    'files://open/{id}': {},
    'files://secret/{id}': { scopes: ['admin'] },
    'files://computed/{id}': { scopes: byUri },
  },
};

const METHODS = ['tools/list', 'prompts/list', 'resources/list', 'resources/templates/list'] as const;

/** What callers without scopes see. A function that has to look at arguments hides nothing. */
const SEEN: Readonly<Record<(typeof METHODS)[number], readonly string[]>> = {
  'tools/list': ['computed', 'open'],
  'prompts/list': ['open'],
  'resources/list': ['files://open'],
  'resources/templates/list': ['files://computed/{id}', 'files://open/{id}'],
};

const SERVERS = KINDS.flatMap((kind) =>
  [true, false].flatMap((streams) =>
    (['express', 'fastify'] as const).map((platform) => ({
      ...{ kind, streams, platform },
      as: streams ? 'streams' : 'JSON',
    })),
  ),
);

interface Listed {
  readonly name: string;
  readonly uri?: string;
  readonly uriTemplate?: string;
}

async function resultIn(response: Response): Promise<Record<string, unknown>> {
  const text = await response.text();
  expect(response.headers.get('content-length') ?? String(Buffer.byteLength(text))).toBe(
    String(Buffer.byteLength(text)),
  );
  const json = [...text.matchAll(/^data: (.+)$/gm)].at(-1)?.[1] ?? text;
  return (JSON.parse(json) as { result: Record<string, unknown> }).result;
}

function namesIn(result: Record<string, unknown>): string[] {
  const listed = Object.values(result).find((value) => Array.isArray(value)) as Listed[];
  return listed.map(({ name, uri, uriTemplate }) => uri ?? uriTemplate ?? name).sort();
}

describe.each(SERVERS)(
  'with lists of what is permitted, a server of $kind on $platform that answers with $as',
  (parts) => {
    let server: ListingServer;
    beforeAll(async () => {
      server = await startListingServer({ ...parts, rules: RULES, options: { lists: { show: 'permitted' } } });
    });
    afterAll(() => server.close());

    const eras = parts.kind === 'SDK 1.x' ? [LEGACY] : [LEGACY, undefined];

    async function list(method: string, scope: string, headers: Record<string, string> | undefined) {
      const body = headers ? { jsonrpc: '2.0', id: 1, method, params: {} } : message(method);
      const response = await post(server.resource, body, { token: await server.token(scope), headers: headers ?? {} });
      // To older clients a server of the SDK 2.x answers with streams alone.
      const streams = parts.streams || (parts.kind === 'SDK 2.x' && headers !== undefined);
      expect(response.headers.get('content-type')).toContain(streams ? 'text/event-stream' : 'application/json');
      return await resultIn(response);
    }

    test.each(METHODS)('shows by %s what the caller may use, and nothing else', async (method) => {
      for (const era of eras) {
        expect(namesIn(await list(method, '', era))).toEqual(SEEN[method]);
        const all = namesIn(await list(method, 'admin', era));
        expect(all).toHaveLength(NAMES.length - 1);
        expect(all.join()).not.toContain('unruled');
      }
    });

    test('lets no cache keep for all what it shows to one', async () => {
      for (const era of eras) expect((await list('tools/list', '', era)).cacheScope ?? 'private').toBe('private');
    });

    test('lets through what is no list', async () => {
      const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'open', arguments: {} } };
      const response = await post(server.resource, call, { token: await server.token(), headers: LEGACY });
      expect(await resultIn(response)).toHaveProperty('content');
    });

    test.each([
      ['tools/call', { name: 'secret' }],
      ['prompts/get', { name: 'computed' }],
      ['resources/read', { uri: 'files://secret' }],
      ['resources/read', { uri: 'files://computed' }],
      ['resources/read', { uri: 'files://secret/7' }],
    ])('answers %s %j as it does for what is not there', async (method, params) => {
      const token = await server.token();
      const ask = async (changed: object) => {
        const body = { jsonrpc: '2.0', id: 1, method, params: { arguments: {}, ...changed } };
        const response = await post(server.resource, body, { token, headers: LEGACY });
        return [response.status, response.headers.get('www-authenticate'), await response.json()];
      };
      const unknown = 'uri' in params ? { uri: 'files://nothing' } : { name: 'nothing' };
      expect(await ask(params)).toEqual(await ask(unknown));
    });
  },
);

describe.each(['express', 'fastify'] as const)('on %s, updates of resources', (platform) => {
  test('that come with an answer are those that the caller may read', async () => {
    const server = await startListingServer({ kind: 'SDK 1.x', streams: true, platform, rules: RULES });
    const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'open', arguments: {} } };
    const hear = async (scope: string) => {
      const response = await post(server.resource, call, { token: await server.token(scope), headers: LEGACY });
      return [...(await response.text()).matchAll(/"uri":"([^"]+)"/g)].map(([, uri]) => uri);
    };
    expect(await hear('')).toEqual(['files://open']);
    expect(await hear('admin')).toEqual(['files://open', 'files://secret', 'files://computed']);
    await server.close();
  });

  test('that a stream follows are not told once they may not be read', async () => {
    let isOpen = true;
    const scopes = () => [isOpen ? 'read' : 'admin'];
    const rules = { resources: { 'files://open': { scopes: ['read'] }, 'files://computed': { scopes } } };
    const server = await startListingServer({ kind: 'SDK 2.x', streams: true, platform, rules });
    const notifications = { resourceSubscriptions: ['files://open', 'files://computed'] };
    const body = message('subscriptions/listen', { notifications });
    const stream = new HeardStream(await post(server.resource, body, { token: await server.token('read') }));
    await stream.hear(/acknowledged/);
    server.change('files://computed');
    await stream.hear(/"uri":"files:\/\/computed"/);
    isOpen = false;
    stream.text = '';
    server.change('files://computed');
    server.change('files://open');
    await stream.hear(/"uri":"files:\/\/open"/);
    expect(stream.text).not.toContain('computed');
    stream.over.catch(() => undefined);
    await server.close();
  });
});

test.each([
  [{ tools: { '*': {}, look: { scopes: ['admin'] } } }, '`tools` of @ProtectedMcp on Endpoint has "look"'],
  [{ prompts: { '*': { scopes: ['read'] }, look: { scopes: ['admin'] } } }, '`prompts`'],
  [{ resources: { '*': {}, 'files://secret': { scopes: ['admin'] } } }, '`resources`'],
  [{ resources: { 'files://{+path}': {}, 'files://secret/{id}': { scopes: ['admin'] } } }, '"files://{+path}"'],
  [{ tools: { '*': { scopes: { anyOf: ['a', 'b'] } }, look: { scopes: ['a'] } } }, 'set `lists.show` to "all"'],
])('where a refusal would tell that something is hidden, the boot stops: %j', async (rules, expected) => {
  const lists = { show: 'permitted' } as const;
  const started = startListingServer({ kind: 'SDK 2.x', streams: true, rules, options: { lists } });
  await expect(started.then((server) => server.close())).rejects.toThrow(expected);
});

test.each([
  [{ tools: { '*': { scopes: ['admin'] }, look: {} } }],
  [{ tools: { '*': { scopes: ['admin', 'read'] }, look: { scopes: ['admin'] } } }],
  [{ tools: { '*': { scopes: ['root'] }, look: { scopes: ['admin'] } } }],
])('rules that hide nothing within a wider one are as good as ever: %j', async (rules) => {
  const options = { lists: { show: 'permitted' }, scopes: { hierarchy: { root: ['admin'] } } } as const;
  const server = await startListingServer({ kind: 'SDK 2.x', streams: true, rules, options });
  await server.close();
});

test('lists of everything are those of the server', async () => {
  const server = await startFilesServer('SDK 2.x', { tools: {} });
  const body = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} };
  const response = await post(server.resource, body, { token: await server.token(), headers: LEGACY });
  expect(namesIn(await resultIn(response))).toEqual(['look']);
  await server.close();
});
