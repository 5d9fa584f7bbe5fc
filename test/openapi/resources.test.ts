import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Injectable, UseGuards, type CanActivate } from '@nestjs/common';
import {
  McpOpenApi,
  McpOperation,
  McpResourceTemplate,
  UsePolicy,
  type McpOpenApiOptions,
  type OperationCall,
  type Policy,
  type PolicyRequest,
} from 'nestjs-mcp-auth';
import { z } from 'zod';
import { startDownstreamServer, type DownstreamServer } from '../downstream/downstream-server.js';
import { message, post } from '../support/mcp-request.js';
import { sendJson } from '../support/test-issuer.js';

const text = { type: 'string' };
const inPath = (name: string, schema: object = text) => ({ name, in: 'path', required: true, schema });
const inQuery = (name: string, schema: object = text, required = false) => ({ name, in: 'query', required, schema });
const answer = (mediaType = 'application/json') => ({
  responses: { 200: { description: 'it', content: { [mediaType]: {} } } },
});
const get = (operationId: string, parameters: object[] = [], more: object = answer()) => ({
  get: { operationId, summary: `Reads ${operationId}.`, parameters, ...more },
});

const document = {
  openapi: '3.1.0',
  info: { title: 'Orders', version: '1' },
  paths: {
    '/orders': {
      ...get('listOrders', [
        inQuery('status', { type: 'string', enum: ['open', 'paid', 'overdue'] }),
        inQuery('late', { type: 'boolean' }),
        inQuery('text'),
      ]),
      post: { operationId: 'createOrder', ...answer() },
    },
    '/orders/{id}': get('getOrder', [inPath('id')], { ...answer(), security: [{ oauth: ['orders:read'] }] }),
    '/orders/{id}/lines/{number}': get('getLine', [inPath('id'), inPath('number', { type: 'integer', minimum: 1 })]),
    '/reports/{kind}': get(
      'getReport',
      [inPath('kind', { $ref: '#/components/schemas/Kind' }), inQuery('year', { type: 'integer' }, true)],
      answer('application/pdf'),
    ),
    '/notes/{note-id}': get('getNote', [inPath('note-id')], answer('text/plain')),
    '/lists/{ids}': get('getLists', [inPath('ids', { type: 'array', items: text })]),
    '/tenants': get('getTenant', [{ name: 'Tenant', in: 'header', required: true, schema: text }]),
    '/curated': get('curated'),
    '/trimmed': get('getTrimmed'),
    '/denied/{id}': get('denied', [inPath('id')]),
  },
  components: {
    schemas: { Kind: { type: 'string', enum: ['sales', 'stock'] } },
    securitySchemes: {
      oauth: {
        type: 'oauth2',
        flows: {
          clientCredentials: { tokenUrl: 'https://login.example/token', scopes: { 'orders:read': 'Read orders' } },
        },
      },
    },
  },
};

const seen: string[] = [];

@Injectable()
class Recorder implements CanActivate {
  canActivate(): boolean {
    seen.push('guard');
    return true;
  }
}

@Injectable()
class NotSecret implements Policy {
  permits({ operation }: PolicyRequest) {
    return !(operation.name ?? '').includes('secret');
  }
}

@UseGuards(Recorder)
@UsePolicy(NotSecret)
@McpOpenApi({
  downstream: 'orders',
  document,
  resources: 'GET /**',
  answers: { operations: { getTrimmed: { fields: ['path'] } } },
})
class OrdersApi {
  @McpOperation('curated')
  curated(_input: object, call: OperationCall) {
    return call({});
  }

  @McpResourceTemplate({ uriTemplate: 'own://{kind}', input: z.object({ kind: z.enum(['one', 'other']) }) })
  own({ kind }: { kind: string }) {
    return kind;
  }
}

interface Listed {
  readonly resources?: { uri: string; name: string; mimeType?: string; description?: string }[];
  readonly resourceTemplates?: { uriTemplate: string; name: string; mimeType?: string; description?: string }[];
}

describe.each(['express', 'fastify'] as const)('operations as resources on %s', (platform) => {
  let server: DownstreamServer;
  let token: string;

  const ask = async (method: string, params: Record<string, unknown> = {}, as = token) => {
    const headers = typeof params.uri === 'string' ? { 'mcp-name': params.uri } : {};
    const response = await post(server.resource, message(method, params), { token: as, headers });
    return { status: response.status, headers: response.headers, body: (await response.json()) as Answer };
  };
  const read = async (uri: string, as = token) => await ask('resources/read', { uri }, as);
  const complete = async (uri: string, name: string, value: string) => {
    const { body } = await ask('completion/complete', {
      ref: { type: 'ref/resource', uri },
      argument: { name, value },
    });
    return body.result?.completion?.values;
  };

  beforeAll(async () => {
    server = await startDownstreamServer({ platform, providers: [OrdersApi, Recorder, NotSecret] });
    const { answers } = server.orders;
    answers.set('/v1/reports/sales?year=2026', (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/pdf' }).end(Buffer.from([1, 2, 3]));
    });
    answers.set('/v1/notes/a%2Fb', (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' }).end('A note.');
    });
    for (const [path, status] of [
      ['missing', 404],
      ['gone', 410],
      ['bad', 422],
      ['forbidden', 403],
    ] as const) {
      answers.set(`/v1/orders/${path}`, (_request, response) => {
        sendJson(response, status, { secret: 'hunter2' });
      });
    }
    token = await server.token({ sub: 'alice', scope: 'orders:read' });
  });
  beforeEach(() => {
    seen.length = 0;
    server.orders.requests.length = 0;
  });
  afterAll(() => server.close());

  test('are listed', async () => {
    const { result: resources } = (await ask('resources/list')).body as { result: Listed };
    const { result: templates } = (await ask('resources/templates/list')).body as { result: Listed };

    expect(resources.resources).toStrictEqual([
      {
        uri: 'orders://orders',
        name: 'listOrders',
        title: 'Reads listOrders.',
        description: 'Reads listOrders.',
        mimeType: 'application/json',
      },
      expect.objectContaining({ uri: 'orders://trimmed' }),
    ]);
    expect(templates.resourceTemplates?.map(({ uriTemplate, mimeType }) => [uriTemplate, mimeType])).toStrictEqual([
      ['orders://denied/{id}', 'application/json'],
      ['orders://notes/{note_id}', 'text/plain'],
      ['orders://orders/{id}', 'application/json'],
      ['orders://orders/{id}/lines/{number}', 'application/json'],
      ['orders://orders{?late}', 'application/json'],
      ['orders://orders{?status}', 'application/json'],
      ['orders://reports/{kind}{?year}', 'application/pdf'],
      ['own://{kind}', undefined],
    ]);
  });

  test.each([
    ['orders://orders', '/v1/orders'],
    ['orders://orders?status=open', '/v1/orders?status=open'],
    ['orders://orders?late=true', '/v1/orders?late=true'],
    ['orders://orders/42', '/v1/orders/42'],
    ['orders://orders/4%20%3F2', '/v1/orders/4%20%3F2'],
    ['orders://orders/a/lines/12', '/v1/orders/a/lines/12'],
  ])('%s is read on behalf of the caller, behind the guards of the class', async (uri, path) => {
    const { body } = await read(uri);

    const [contents] = body.result?.contents ?? [];
    expect(contents).toMatchObject({ uri, mimeType: 'application/json' });
    expect(JSON.parse(contents?.text ?? '')).toStrictEqual({ path, subject: 'alice', audience: 'orders-api' });
    expect(server.orders.last).toMatchObject({ method: 'GET', path });
    expect(seen).toStrictEqual(['guard']);
  });

  test('have the fields that are kept of answers', async () => {
    const { body } = await read('orders://trimmed');

    expect(body.result?.contents?.[0]?.text).toBe('{"path":"/v1/trimmed"}');
  });

  test('files are blobs, and texts are texts', async () => {
    const report = await read('orders://reports/sales?year=2026');
    const note = await read('orders://notes/a%2Fb');

    expect(report.body.result?.contents).toStrictEqual([
      { uri: 'orders://reports/sales?year=2026', mimeType: 'application/pdf', blob: 'AQID' },
    ]);
    expect(note.body.result?.contents).toStrictEqual([
      { uri: 'orders://notes/a%2Fb', mimeType: 'text/plain', text: 'A note.' },
    ]);
  });

  test.each([
    'orders://orders/..',
    'orders://orders/%2E%2E',
    'orders://orders/..%2Freports',
    'orders://orders/%252E%252E',
    'orders://orders/a/lines/..',
  ])('%s leads nowhere', async (uri) => {
    const { body } = await read(uri);

    expect(body.error).toBeDefined();
    expect(
      server.orders.requests.map(({ path }) => path).filter((path) => !path.startsWith('/v1/orders/')),
    ).toStrictEqual([]);
    for (const { path } of server.orders.requests) expect(new URL(path, 'http://api').pathname).toBe(path);
  });

  test.each([
    ['orders://orders/a/lines/0', 'an argument below its minimum'],
    ['orders://orders/a/lines/x', 'a text for a number'],
    ['orders://orders/a/lines/0x10', 'a number in another spelling'],
    ['orders://reports/other?year=2026', 'a value outside of the enumeration'],
    ['orders://orders?late=maybe', 'a text for a boolean'],
  ])('%s is refused: %s', async (uri) => {
    const { body } = await read(uri);

    expect(body.error?.code).toBe(-32602);
    expect(body.error?.message).toContain('Invalid arguments');
    expect(server.orders.requests).toHaveLength(0);
  });

  test.each(['missing', 'gone'])('an order that is %s is no resource', async (id) => {
    const { body } = await read(`orders://orders/${id}`);
    const unknown = await read('orders://nothing');

    expect(body.error?.code).toBe(unknown.body.error?.code);
    expect(JSON.stringify(body)).not.toContain('hunter2');
  });

  test('a refused request tells what helps, and nothing else', async () => {
    const { body } = await read('orders://orders/bad');

    expect(body.error?.code).toBe(-32602);
    expect(JSON.stringify(body)).not.toContain('hunter2');
  });

  test('a scope that the token lacks is asked for', async () => {
    const { status, headers } = await read('orders://orders/42', await server.token({ sub: 'alice' }));

    expect(status).toBe(403);
    expect(headers.get('www-authenticate')).toContain('scope="orders:read"');
    expect(server.orders.requests).toHaveLength(0);
  });

  test('what the API forbids goes through the table of failures', async () => {
    const asTool = await post(
      server.resource,
      message('tools/call', { name: 'getOrder', arguments: { id: 'forbidden' } }),
      { token },
    );
    const { status, headers } = await read('orders://orders/forbidden');

    expect(status).toBe(asTool.status);
    expect(headers.get('www-authenticate')).toBe(asTool.headers.get('www-authenticate'));
  });

  test('a policy of the class denies', async () => {
    const open = await read('orders://denied/open');
    const secret = await read('orders://denied/secret');

    expect(open.body.result).toBeDefined();
    expect(secret.body.error).toBeDefined();
    expect(server.orders.requests).toHaveLength(1);
  });

  test.each([
    ['orders://orders{?status}', 'status', '', ['open', 'paid', 'overdue']],
    ['orders://orders{?status}', 'status', 'o', ['open', 'overdue']],
    ['orders://orders{?late}', 'late', '', ['true', 'false']],
    ['orders://reports/{kind}{?year}', 'kind', 's', ['sales', 'stock']],
    ['orders://reports/{kind}{?year}', 'year', '', []],
    ['orders://orders/{id}', 'id', '', []],
    ['own://{kind}', 'kind', 'ot', ['other']],
  ])('%s completes %s', async (uri, name, value, expected) => {
    expect(await complete(uri, name, value)).toStrictEqual(expected);
  });

  test('what cannot be a resource is a line in the log', () => {
    const lines = server.log.lines.join('\n');

    expect(lines).toContain('has GET /lists/{ids}, which is no resource: it needs "ids"');
    expect(lines).toContain('has GET /tenants, which is no resource: it needs "Tenant"');
    expect(lines).toContain('has GET /curated, which is no resource: it has a method with @McpOperation');
  });
});

interface Answer {
  readonly result?: {
    readonly contents?: { uri: string; mimeType: string; text?: string; blob?: string }[];
    readonly completion?: { values: string[] };
  };
  readonly error?: { readonly code: number; readonly message: string };
}

describe('what cannot be resources stops the boot', () => {
  const start = async (changes: Partial<McpOpenApiOptions>): Promise<string> => {
    @McpOpenApi({ downstream: 'orders', document, ...changes })
    class Faulty {}
    return await startDownstreamServer({ providers: [Faulty] }).then(
      async (server) => {
        await server.close();
        return 'started';
      },
      (error: unknown) => (error as Error).message,
    );
  };

  test.each<[string, Partial<McpOpenApiOptions>, string]>([
    ['an unknown operation', { resources: 'getOrders' }, '`resources` of @McpOpenApi on Faulty has "getOrders"'],
    ['one that writes', { resources: ['createOrder'] }, 'has "createOrder", which is no GET operation'],
    ['one that is left out', { resources: 'getOrder', exclude: 'getOrder' }, 'has "getOrder", which is no GET'],
    ['one that no URI can name, under strict', { resources: 'getLists', strict: true }, 'it needs "ids"'],
    ['a bad scheme', { resources: 'getOrder', resourceScheme: 'My Orders' }, '`resourceScheme` has to be the scheme'],
  ])('%s', async (_fault, changes, problem) => {
    expect(await start(changes)).toContain(problem);
  });
});
