import { rename, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { McpOpenApi, McpOperation, type McpOpenApiOptions, type OperationCall } from 'nestjs-mcp-auth';
import { startDownstreamServer, type DownstreamServer } from '../downstream/downstream-server.js';
import { callTool } from '../support/mcp-request.js';
import { watchTimers } from '../support/watched-timers.js';
import { DocumentServer } from './documents/document-server.js';
import { createFolder, type TemporaryFolder } from './documents/temporary-files.js';

/** What is done when the test is over, the last first. */
const endings: (() => Promise<void>)[] = [];
let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await createFolder();
  endings.push(() => folder.remove());
});
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

/** A document whose operations need these scopes. */
function createDocument(scopes: Readonly<Record<string, readonly string[]>>, more: object = {}): object {
  const paths = Object.entries(scopes).map(([operationId, needed]) => {
    const security = needed.map((scope) => ({ oauth: scope === '' ? [] : scope.split(' ') }));
    return [
      `/${operationId}`,
      { get: { operationId, summary: `Does ${operationId}.`, security, responses: {}, ...more } },
    ];
  });
  const flows = { clientCredentials: { tokenUrl: 'https://login.example/token', scopes: {} } };
  return {
    openapi: '3.1.0',
    paths: Object.fromEntries(paths) as unknown,
    components: { securitySchemes: { oauth: { type: 'oauth2', flows } } },
  };
}

async function start(
  options: Partial<McpOpenApiOptions> & Pick<McpOpenApiOptions, 'document'>,
  platform: 'express' | 'fastify' = 'express',
): Promise<DownstreamServer> {
  @McpOpenApi({ downstream: 'orders', ...options })
  class OrdersApi {}
  const server = await startDownstreamServer({ platform, providers: [OrdersApi], options: { lists: { ttlMs: 0 } } });
  endings.push(() => server.close());
  return server;
}

/** A client that is told of changes. */
class Listener {
  #changes = 0;
  #waiting: (() => void) | undefined;

  private constructor(private readonly client: Client) {
    client.setNotificationHandler('notifications/tools/list_changed', () => {
      this.#changes += 1;
      this.#waiting?.();
    });
  }

  static async connect(server: DownstreamServer, era: 'modern' | 'legacy' = 'modern'): Promise<Listener> {
    const mode = era === 'modern' ? { pin: '2026-07-28' as const } : ('legacy' as const);
    const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode } });
    const headers = { authorization: `Bearer ${await server.token({ scope: 'read write' })}` };
    await client.connect(new StreamableHTTPClientTransport(new URL(server.resource), { requestInit: { headers } }));
    endings.push(() => client.close());
    const listener = new Listener(client);
    if (era === 'modern') await client.listen({ toolsListChanged: true });
    return listener;
  }

  /** Waits for a change that was not waited for yet. */
  async hear(): Promise<void> {
    while (this.#changes === 0) await new Promise<void>((resolve) => (this.#waiting = resolve));
    this.#changes -= 1;
  }

  async list(): Promise<readonly string[]> {
    return (await this.client.listTools()).tools.map(({ name, description }) => `${name}: ${description ?? ''}`);
  }

  async names(): Promise<readonly string[]> {
    return (await this.client.listTools()).tools.map(({ name }) => name);
  }

  async call(name: string): Promise<unknown> {
    return await this.client.callTool({ name, arguments: {} });
  }
}

describe.each([
  ['express', 'modern'],
  ['fastify', 'modern'],
  ['fastify', 'legacy'],
] as const)('a document that changes, on %s, for a client of the %s era', (platform, era) => {
  test('adds, removes and changes tools', async () => {
    const document = await folder.write('api.json', createDocument({ one: ['read'], two: ['read'], old: ['read'] }));
    const server = await start({ document, reload: { watch: true } }, platform);
    const listener = await Listener.connect(server, era);
    expect(await listener.names()).toStrictEqual(['old', 'one', 'two']);

    await folder.write('api.json', createDocument({ one: ['admin'], two: ['read'], new: ['read'] }));
    await listener.hear();

    expect(await listener.names()).toStrictEqual(['new', 'one', 'two']);
    await listener.call('new');
    expect(server.orders.last.path).toBe('/v1/new');
    await expect(listener.call('old')).rejects.toMatchObject({ code: -32602 });
    await expect(listener.call('one')).rejects.toMatchObject({ name: 'InsufficientScopeError' });
  });
});

describe('a file is watched', () => {
  const before = createDocument({ before: ['read'] });
  const after = JSON.stringify(createDocument({ after: ['read'] }));

  test.each([
    ['that is written in place', () => writeFile(join(folder.path, 'api.json'), after)],
    [
      'that is replaced by another one, as editors do',
      async () => {
        await writeFile(join(folder.path, 'api.json.tmp'), after);
        await rename(join(folder.path, 'api.json.tmp'), join(folder.path, 'api.json'));
      },
    ],
    [
      'that is removed and written anew',
      async () => {
        await unlink(join(folder.path, 'api.json'));
        await writeFile(join(folder.path, 'api.json'), after);
      },
    ],
  ])('%s', async (_what, change) => {
    const document = await folder.write('api.json', before);
    const listener = await Listener.connect(await start({ document, reload: { watch: true } }));

    await change();
    await listener.hear();

    expect(await listener.names()).toStrictEqual(['after']);
  });

  test('behind links that are replaced, as mounted volumes do', async () => {
    await folder.write('first/api.json', before);
    await folder.write('second/api.json', after);
    const [data, document] = [join(folder.path, '..data'), join(folder.path, 'api.json')];
    await symlink('first', data);
    await symlink('..data/api.json', document);
    const listener = await Listener.connect(await start({ document, reload: { watch: true } }));

    await symlink('second', `${data}.tmp`);
    await rename(`${data}.tmp`, data);
    await listener.hear();

    expect(await listener.names()).toStrictEqual(['after']);
  });

  test('along with the files that it refers to', async () => {
    await folder.write('parts/one.json', { get: { operationId: 'before', responses: {} } });
    const paths = { '/one': { $ref: 'parts/one.json' } };
    const document = await folder.write('api.json', { openapi: '3.1.0', paths });
    const listener = await Listener.connect(await start({ document, reload: { watch: true } }));

    await folder.write('parts/one.json', { get: { operationId: 'after', responses: {} } });
    await listener.hear();

    expect(await listener.names()).toStrictEqual(['after']);
  });

  test('also if a function names it', async () => {
    const path = await folder.write('api.json', before);
    const listener = await Listener.connect(await start({ document: () => path, reload: { watch: true } }));

    await writeFile(path, after);
    await listener.hear();

    expect(await listener.names()).toStrictEqual(['after']);
  });
});

describe('a document is asked for again', () => {
  test('with what its last answer said of its age', async () => {
    const documents = await new DocumentServer().start();
    endings.push(() => documents.close());
    const lastModified = 'Sat, 28 Nov 2026 12:00:00 GMT';
    let version = '"1"';
    documents.answers.set('/api.json', (response, request) => {
      if (request.headers['if-none-match'] === version) response.writeHead(304).end();
      else {
        const body = createDocument({ [version === '"1"' ? 'before' : 'after']: ['read'] });
        response.writeHead(200, { etag: version, 'last-modified': lastModified }).end(JSON.stringify(body));
      }
    });
    const document = `${documents.origin}/api.json`;
    const server = await start({ document, allowOrigins: [documents.origin], reload: { intervalMs: 20 } });
    const listener = await Listener.connect(server);
    await documents.waitFor(3);
    expect(documents.headers[2]).toMatchObject({ 'if-none-match': '"1"', 'if-modified-since': lastModified });

    version = '"2"';
    await listener.hear();

    expect(await listener.names()).toStrictEqual(['after']);
  });

  test('from a function', async () => {
    let name = 'before';
    const document = () => Promise.resolve(createDocument({ [name]: ['read'] }));
    const listener = await Listener.connect(await start({ document, reload: { intervalMs: 20 } }));

    name = 'after';
    await listener.hear();

    expect(await listener.names()).toStrictEqual(['after']);
  });

  test('not after the server has stopped', async () => {
    const timers = watchTimers();
    const server = await start({ document: () => createDocument({ one: ['read'] }), reload: { intervalMs: 600_000 } });
    expect(timers.delays).toContain(600_000);

    await server.app.close();

    expect(timers.pending).toBe(0);
    jest.restoreAllMocks();
  });
});

describe('a new document that cannot be used', () => {
  const good = createDocument({ good: ['read'] });

  test.each([
    ['is broken', () => '{ "openapi": ', 'is neither JSON nor YAML'],
    ['is empty', () => '', 'is empty'],
    ['is another thing', () => '{ "asyncapi": "3.0.0" }', 'is not an OpenAPI document'],
    ['throws', () => new Error('no database'), 'The function threw: no database'],
    [
      'has too many tools',
      () =>
        JSON.stringify(
          createDocument(Object.fromEntries(Array.from({ length: 61 }, (_one, index) => [`o${index}`, ['read']]))),
        ),
      '`maxTools`',
    ],
  ])('because it %s leaves the old one in use, and is told once', async (_what, create, problem) => {
    let content: string | Error = JSON.stringify(good);
    let asked = 0;
    let waiting: (() => void) | undefined;
    const document = async () => {
      asked += 1;
      waiting?.();
      if (content instanceof Error) throw content;
      return await folder.write('api.json', content);
    };
    const server = await start({ document, reload: { intervalMs: 5 } });
    const listener = await Listener.connect(server);

    content = create();
    const enough = asked + 5;
    while (asked < enough) await new Promise<void>((resolve) => (waiting = resolve));
    expect(await listener.names()).toStrictEqual(['good']);
    content = JSON.stringify(createDocument({ better: ['read'] }));
    await listener.hear();

    expect(await listener.names()).toStrictEqual(['better']);
    const told = server.log.lines.filter((line) => line.startsWith('error'));
    expect(told).toHaveLength(1);
    expect(told[0]).toContain(
      'The document of @McpOpenApi on OrdersApi was read again, and cannot be used. The old one stays in use.',
    );
    expect(told[0]).toContain(problem);
  });

  test('because a file that it refers to went away, or a curated operation did', async () => {
    @McpOpenApi({ downstream: 'orders', document: () => folder.write('api.json', document), reload: { intervalMs: 5 } })
    class OrdersApi {
      @McpOperation('good')
      good(input: object, call: OperationCall) {
        return call(input);
      }
    }
    let document = good;
    const server = await startDownstreamServer({ providers: [OrdersApi], options: { lists: { ttlMs: 0 } } });
    endings.push(() => server.close());
    const listener = await Listener.connect(server);

    document = createDocument({ other: ['read'] });
    while (!server.log.text.includes('names "good", which no document')) await new Promise(setImmediate);
    expect(await listener.names()).toStrictEqual(['good']);
    document = createDocument({ good: ['read'], other: ['read'] });
    await listener.hear();

    expect(await listener.names()).toStrictEqual(['good', 'other']);
  });
});

test('a call that runs goes on with what it began with', async () => {
  const document = await folder.write('api.json', createDocument({ slow: ['read'] }));
  const server = await start({ document, reload: { watch: true } });
  const listener = await Listener.connect(server);
  const token = await server.token({ scope: 'read' });
  let release: () => unknown = () => undefined;
  const arrived = new Promise<void>((resolve) => {
    server.orders.answers.set('/v1/slow', (_request, response) => {
      release = () => response.writeHead(200, { 'content-type': 'application/json' }).end('{"done":true}');
      resolve();
    });
  });
  const call = callTool(server.resource, token, 'slow', {});
  await arrived;

  await folder.write('api.json', createDocument({ other: ['read'] }));
  await listener.hear();
  release();

  expect((await call).structuredContent).toStrictEqual({ done: true });
});

test('a change that no client can see is told to none', async () => {
  let extra = 'a';
  const document = () => createDocument({ [extra === 'c' ? 'two' : 'one']: ['read'] }, { 'x-extra': extra });
  const server = await start({ document, reload: { intervalMs: 5 } });
  const listener = await Listener.connect(server);

  extra = 'b';
  while (!server.log.text.includes('has changed. The new one is in use')) await new Promise(setImmediate);
  extra = 'c';
  await listener.hear();

  expect(await listener.names()).toStrictEqual(['two']);
});

test('what a new document opens is a warning', async () => {
  let scopes: Record<string, readonly string[]> = { read: ['read'], write: ['read write'], gone: ['admin'] };
  const server = await start({ document: () => createDocument(scopes), reload: { intervalMs: 5 } });
  const listener = await Listener.connect(server);

  scopes = { read: ['read'], write: ['write', 'read write'], remove: ['admin'], fresh: ['brand-new'], open: [''] };
  await listener.hear();

  const warnings = server.log.lines.filter((line) => line.startsWith('warn') && line.includes('now reaches'));
  expect(warnings.map((line) => /(A token|The scope).*?:/.exec(line)?.[0])).toStrictEqual([
    'The scope "write" now reaches write:',
    'The scope "admin" now reaches remove:',
    'A token without scopes now reaches open:',
  ]);
});

describe('what cannot be read again stops the boot', () => {
  test.each([
    [
      { document: createDocument({}) as Record<string, unknown>, reload: { intervalMs: 1000 } },
      'is an object, which `reload` cannot read again',
    ],
    [{ document: () => createDocument({}), reload: { watch: true } }, 'is no file, so `reload.watch` watches nothing'],
    [{ document: () => createDocument({}), reload: {} }, '`reload` says neither `watch: true` nor `intervalMs`'],
    [{ document: () => createDocument({}), reload: { intervalMs: 0 } }, '`reload.intervalMs` has to be a whole number'],
  ])('%#', async (options, problem) => {
    await expect(start(options)).rejects.toThrow(problem);
  });
});
