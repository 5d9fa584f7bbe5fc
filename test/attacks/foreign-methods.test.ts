import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { KINDS, startFilesServer, type FilesServer } from '../foreign-servers/files-server.js';
import { message, post } from '../support/mcp-request.js';

/** Methods that name nothing with a rule, and are none of the protocol itself: of extensions, and of no one. */
const UNRULED: readonly string[] = [
  'tasks/list',
  'tasks/get',
  'tasks/result',
  'tasks/cancel',
  'tasks/update',
  'skills/list',
  'skills/get',
  'resources/directory/read',
  'resources/write',
  'sampling/createMessage',
  'elicitation/create',
  'roots/list',
  'notifications/tasks/status',
  'notifications/resources/updated',
  'notifications/message',
  'notifications/anything',
  'rpc.discover',
  'Tools/call',
  'TOOLS/CALL',
  'tools/call ',
  ' tools/call',
  'tools/call\u0000',
  'tools\\call',
  'tools/call/',
  'tools/%63all',
  'toString',
  '__proto__',
  '',
];

const PROTOCOL: readonly (readonly [method: string, params: Record<string, unknown>])[] = [
  ['initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1.0.0' } }],
  ['ping', {}],
  ['tools/list', {}],
  ['resources/list', {}],
  ['resources/templates/list', {}],
  ['prompts/list', {}],
  ['logging/setLevel', { level: 'info' }],
  ['notifications/initialized', {}],
  ['notifications/cancelled', { requestId: 1 }],
  ['notifications/progress', { progressToken: 1, progress: 1 }],
  ['notifications/roots/list_changed', {}],
];

const RULES = {
  tools: { '*': { scopes: ['read'] }, look: { scopes: ['admin'] } },
  prompts: { '*': { scopes: ['read'] }, look: { scopes: ['admin'] } },
  resources: {
    '*': { scopes: ['read'] },
    'files://{+path}': { scopes: ['read'] },
    'files://admin/{name}': { scopes: ['admin'] },
  },
};

/** Clients before 2026-07-28 repeat nothing of a message in headers. */
const LEGACY = { 'mcp-protocol-version': '2025-11-25', 'mcp-method': '', 'mcp-name': '' };

async function send(server: FilesServer, body: unknown, scope: string, headers: Record<string, string> = LEGACY) {
  return await post(server.resource, body, { token: await server.token(scope), headers });
}

const PLATFORMS = ['express', 'fastify'] as const;

describe.each(KINDS.flatMap((kind) => PLATFORMS.map((platform) => [kind, platform] as const)))(
  'a server of %s on %s',
  (kind, platform) => {
    let server: FilesServer;
    beforeAll(async () => {
      server = await startFilesServer(kind, RULES, platform);
    });
    afterAll(() => server.close());
    beforeEach(() => {
      server.ran.length = 0;
    });

    test.each(UNRULED)('the method %j is refused, as a request and as a notification, in both eras', async (method) => {
      const params = { name: 'look', uri: 'files://admin/x', taskId: '1' };
      const request = { jsonrpc: '2.0', id: 1, method, params };
      expect((await send(server, request, 'read admin')).status).toBe(403);
      expect((await send(server, { jsonrpc: '2.0', method, params }, 'read admin')).status).toBe(403);
      const headers = { 'mcp-method': encodeURIComponent(method) };
      expect((await send(server, message(method, params), 'read admin', headers)).status).toBe(403);
      expect(server.ran).toEqual([]);
    });

    test.each(PROTOCOL)('the method %s of the protocol needs no rule', async (method, params) => {
      const id = method.startsWith('notifications/') ? {} : { id: 1 };
      const response = await send(server, { jsonrpc: '2.0', ...id, method, params }, '');
      expect([200, 202]).toContain(response.status);
    });

    test('server/discover needs no rule', async () => {
      const response = await send(server, message('server/discover'), '', {});
      // A server of the SDK 1.x does not know the method.
      expect([200, 400]).toContain(response.status);
    });

    test.each(['LOOK', 'Look', ' look', 'look ', 'l\u200Book', 'lo\tok', 'ｌook', 'look\u0000', 'look\u00AD'])(
      'the tool %j, which may be read as one with another rule, is refused',
      async (name) => {
        const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: {} } };
        expect((await send(server, call, 'read')).status).toBe(403);
        const get = { jsonrpc: '2.0', id: 1, method: 'prompts/get', params: { name } };
        expect((await send(server, get, 'read')).status).toBe(403);
        expect(server.ran).toEqual([]);
      },
    );

    test('names that are too long to be looked at are refused, as are templates', async () => {
      const long = 'l\u0301\u0316'.repeat(1_000);
      const call = (method: string, params: object) => ({ jsonrpc: '2.0', id: 1, method, params });
      expect((await send(server, call('tools/call', { name: long }), 'read')).status).toBe(403);
      expect((await send(server, call('prompts/get', { name: long }), 'read')).status).toBe(403);
      const ref = { type: 'ref/resource', uri: `${long}{name}` };
      const complete = call('completion/complete', { ref, argument: { name: 'name', value: '' } });
      expect((await send(server, complete, 'read')).status).toBe(403);
    });

    test.each([[['look']], [{ toString: 'look' }], [null], [7], [undefined]])(
      'a name that is no text is refused: %j',
      async (name) => {
        for (const method of ['tools/call', 'prompts/get']) {
          const call = { jsonrpc: '2.0', id: 1, method, params: { name } };
          expect((await send(server, call, 'read')).status).toBe(403);
        }
        expect(server.ran).toEqual([]);
      },
    );

    test('other names have the rule for the rest', async () => {
      const call = (name: string) => ({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: {} } });
      expect((await send(server, call('lookout'), 'read')).status).toBe(200);
      expect((await send(server, call('lookout'), 'other')).status).toBe(403);
      expect((await send(server, call('look'), 'read')).status).toBe(403);
      expect((await send(server, call('look'), 'admin')).status).toBe(200);
      expect(server.ran).toEqual(['look']);
    });

    test.each([
      'files://admin/{file}',
      'files://{folder}/{name}',
      'files://ADMIN/{name}',
      'FILES://admin/{name}',
      'files://admin{/name}',
      'files://adm{rest}',
      'other://admin/{name}',
      '{+uri}',
      'files://admin/x',
      'files://%61dmin/x',
    ])('the completion of %s is refused, whose resources may have another rule', async (uri) => {
      const params = { ref: { type: 'ref/resource', uri }, argument: { name: 'name', value: '' } };
      const complete = { jsonrpc: '2.0', id: 1, method: 'completion/complete', params };
      expect((await send(server, complete, 'read')).status).toBe(403);
    });

    test.each([
      ['files://admin/{name}', 'admin'],
      ['files://{+path}', 'read'],
      ['notes://other/{name}', 'read'],
    ])('the completion of %s takes %s', async (uri, scope) => {
      const params = { ref: { type: 'ref/resource', uri }, argument: { name: 'name', value: '' } };
      const complete = { jsonrpc: '2.0', id: 1, method: 'completion/complete', params };
      // The servers have no completions.
      expect((await send(server, complete, scope)).status).not.toBe(403);
      expect((await send(server, complete, 'other')).status).toBe(403);
    });

    test.each([
      [{ type: 'ref/other', uri: 'files://{+path}' }],
      [{ uri: 'files://{+path}' }],
      [{ type: 'ref/tool', name: 'x' }],
      [[]],
    ])('the completion of something unknown is refused: %j', async (ref) => {
      const params = { ref, argument: { name: 'name', value: '' } };
      const complete = { jsonrpc: '2.0', id: 1, method: 'completion/complete', params };
      expect((await send(server, complete, 'read admin')).status).toBe(403);
    });

    test.each(['PUT', 'PATCH', 'GET', 'DELETE', 'HEAD', 'QUERY'])('a message by %s is refused', async (method) => {
      const body = JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'tools/call',
        params: { name: 'look', arguments: {} },
      });
      const headers = {
        ...LEGACY,
        authorization: `Bearer ${await server.token('read')}`,
        accept: 'application/json, text/event-stream',
        'content-type': 'application/json',
        'content-length': body.length,
      };
      const status = await new Promise((resolve, reject) => {
        const request = httpRequest(server.resource, { method, headers }, (response) => {
          response.destroy();
          resolve(response.statusCode);
        });
        request.on('error', reject).end(body);
      });
      // Fastify reads no body of a GET. What is left of the request opens a stream.
      const opened = platform === 'fastify' && method === 'GET' ? [200] : [];
      expect([400, 404, 405, ...opened]).toContain(status);
      expect(server.ran).toEqual([]);
    });
  },
);

describe('the tasks of others, on a server of the SDK 1.x', () => {
  const task = {};
  const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'payroll', arguments: {}, task } };

  async function beginTask(server: FilesServer): Promise<string> {
    const response = await send(server, call, 'payroll');
    const { result } = (await response.json()) as { result: { task: { taskId: string } } };
    return result.task.taskId;
  }

  const ask = (method: string, taskId: string) => ({ jsonrpc: '2.0', id: 1, method, params: { taskId } });

  test.each(['tasks/list', 'tasks/get', 'tasks/result', 'tasks/cancel'])('are not told by %s', async (method) => {
    const server = await startFilesServer('SDK 1.x', { tools: { payroll: { scopes: ['payroll'] } } });
    const taskId = await beginTask(server);
    const response = await send(server, ask(method, taskId), '');
    expect(response.status).toBe(403);
    expect(await response.text()).not.toContain('payroll');
    expect(server.log.text).toContain('@ProtectedMcp has no rule for the method. Add one to `methods`');
    await server.close();
  });

  test('are told to whoever has the scope of the method, where that has a rule', async () => {
    const server = await startFilesServer('SDK 1.x', {
      tools: { payroll: { scopes: ['payroll'] } },
      methods: { 'tasks/result': { scopes: ['tasks'] }, 'tools/list': { scopes: ['list'] } },
    });
    const taskId = await beginTask(server);
    const refused = await send(server, ask('tasks/result', taskId), 'payroll');
    expect(refused.status).toBe(403);
    expect(refused.headers.get('www-authenticate')).toContain('scope="tasks"');
    const told = await send(server, ask('tasks/result', taskId), 'tasks');
    expect(await told.text()).toContain('the payroll');
    expect((await send(server, ask('tasks/get', taskId), 'tasks')).status).toBe(403);
    // A method of the protocol may have a rule, too.
    expect((await send(server, ask('tools/list', ''), 'tasks')).status).toBe(403);
    expect((await send(server, ask('tools/list', ''), 'list')).status).toBe(200);
    await server.close();
  });
});

describe.each(PLATFORMS)('a stream of the SDK 2.x, on %s', (platform) => {
  let server: FilesServer;
  beforeAll(async () => {
    server = await startFilesServer('SDK 2.x', RULES, platform);
  });
  afterAll(() => server.close());

  const listen = async (notifications: unknown, scope: string) =>
    await send(server, message('subscriptions/listen', { notifications }), scope, {});

  test.each([
    [['files://admin/x'], 'read'],
    [['files://docs/x', 'files://admin/x'], 'read'],
    [['files://docs/x', 'files://admin/x'], 'admin'],
    [['files://docs/x'], ''],
    [['files://ADMIN/x'], 'read admin'],
    [['files://admin/./x'], 'read admin'],
    [['files://docs/x', 'files://docs/../admin/x'], 'read admin'],
    [['files://docs/x', 7], 'read admin'],
    ['files://admin/x', 'read admin'],
    [Array.from({ length: 1_001 }, (_value, index) => `files://docs/${index}`), 'read admin'],
  ])('follows no resource that may not be read: %j with %j', async (resourceSubscriptions, scope) => {
    expect((await listen({ resourceSubscriptions }, scope)).status).toBe(403);
  });

  test.each([[{ taskSubscriptions: ['1'] }], [{ everything: true }], [[]], ['all'], [undefined]])(
    'follows nothing that has no rule: %j',
    async (notifications) => {
      expect((await listen(notifications, 'read admin')).status).toBe(403);
    },
  );

  test('says which scope is missing', async () => {
    const response = await listen({ resourceSubscriptions: ['files://docs/x', 'files://admin/x'] }, 'read');
    expect(response.headers.get('www-authenticate')).toContain('scope="admin"');
  });

  test('follows what may be read, and lists', async () => {
    const filter = { toolsListChanged: true, resourceSubscriptions: ['files://docs/x', 'files://admin/x'] };
    const response = await listen(filter, 'read admin');
    expect(response.status).toBe(200);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    let heard = '';
    const hear = async (text: string) => {
      while (!heard.includes(text)) heard += new TextDecoder().decode((await reader.read()).value);
    };
    await hear('acknowledged');
    server.change('files://admin/x');
    await hear('notifications/resources/updated');
    await reader.cancel();
  });
});

test.each([
  [{ methods: { '*': {} } }, /`methods`.*"\*".*Name each method/],
  [{ methods: { 'tools/call': {} } }, /"tools\/call".*`tools`/],
  [{ methods: { 'subscriptions/listen': {} } }, /"subscriptions\/listen"/],
  [{ methods: { 'tasks/get': { scopes: () => [] } } }, /`scopes`.*is a function/],
  [{ tools: { look: { scopes: ['a'] }, LOOK: { scopes: ['b'] } } }, /"LOOK".*"look".*cannot tell them apart/],
  [
    { resources: { 'files://{a}/x': { scopes: ['a'] }, 'files://x/{b}': { scopes: ['b'] } } },
    /"files:\/\/x\/\{b\}".*neither is more specific/,
  ],
  [
    { resources: { 'files://Admin/{a}': { scopes: ['a'] }, 'files://admin/{b}': { scopes: ['b'] } } },
    /neither is more specific/,
  ],
  [{ resources: { 'files://%61dmin/{a}': {} } }, /escapes a character that needs no escape/],
  [{ resources: { 'files://übersicht': {} } }, /has characters that a URI does not have/],
])('rules that say nothing for sure stop the boot: %j', async (rules, expected) => {
  const started = startFilesServer('SDK 2.x', rules as never);
  await expect(started.then((server) => server.close())).rejects.toThrow(expected);
});
