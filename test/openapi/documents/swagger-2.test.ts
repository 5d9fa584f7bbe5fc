import { beforeAll, describe, expect, test } from '@jest/globals';
import { loadDocument } from '../../../lib/openapi/documents/load-document.js';
import { locate, type OpenApiDocument } from '../../../lib/openapi/documents/open-api-document.js';
import type { ApiOperation } from '../../../lib/openapi/operations/api-operation.js';
import { listOperations } from '../../../lib/openapi/operations/list-operations.js';
import { createFolder } from './temporary-files.js';

const swagger = {
  swagger: '2.0',
  info: { title: 'Orders', version: '1' },
  host: 'api.example.com',
  basePath: 'v1',
  schemes: ['http', 'https'],
  consumes: ['application/xml', 'application/json'],
  produces: ['application/xml'],
  parameters: {
    limit: { name: 'limit', in: 'query', type: 'integer', minimum: 1, default: 10 },
    order: { name: 'order', in: 'body', required: true, schema: { $ref: '#/definitions/Order' } },
    file: { name: 'file', in: 'formData', type: 'file', required: true },
  },
  responses: { Missing: { description: 'None', schema: { $ref: '#/definitions/Order' } } },
  definitions: {
    Order: {
      type: 'object',
      discriminator: 'kind',
      properties: { kind: { type: 'string' }, note: { type: 'string', 'x-nullable': true } },
    },
  },
  securityDefinitions: {
    none: null,
    basic: { type: 'basic' },
    oauth: {
      type: 'oauth2',
      flow: 'accessCode',
      authorizationUrl: 'https://a',
      tokenUrl: 'https://b',
      scopes: { read: 'R' },
    },
  },
  paths: {
    '/lists': {
      'x-note': 'text',
      'x-none': null,
      parameters: [{ $ref: '#/parameters/limit' }],
      get: {
        operationId: 'list',
        produces: ['application/json'],
        parameters: [
          { name: 'csv', in: 'query', type: 'array', items: { type: 'string', enum: ['a'] } },
          { name: 'multi', in: 'query', type: 'array', collectionFormat: 'multi', items: { type: 'string' } },
          { name: 'ssv', in: 'query', type: 'array', collectionFormat: 'ssv', items: { type: 'string' } },
          { name: 'pipes', in: 'query', type: 'array', collectionFormat: 'pipes', items: { type: 'string' } },
          { name: 'x-ids', in: 'header', type: 'array', items: { type: 'string' } },
          { name: 'limit', in: 'query', type: 'integer', maximum: 5 },
        ],
        responses: {
          200: { description: 'OK', schema: { type: 'array' } },
          404: { $ref: '#/responses/Missing' },
          500: null,
        },
        security: [{ oauth: ['read'] }],
      },
    },
    '/orders': {
      post: { operationId: 'create', parameters: [{ $ref: '#/parameters/order' }], responses: {} },
      parameters: [{ name: 'x-tenant', in: 'header', type: 'string', required: true }],
    },
    '/bodies': {
      put: { operationId: 'put', consumes: [], responses: {} },
      parameters: [{ name: 'body', in: 'body', schema: { type: 'string' } }],
    },
    '/files': {
      post: {
        operationId: 'upload',
        parameters: [
          { $ref: '#/parameters/file' },
          {
            name: 'tags',
            in: 'formData',
            type: 'array',
            collectionFormat: 'multi',
            items: { type: 'string' },
            description: 'Tags',
          },
        ],
        responses: {},
      },
    },
    '/forms': {
      post: {
        operationId: 'form',
        consumes: ['multipart/form-data', 'application/x-www-form-urlencoded'],
        parameters: [{ name: 'size', in: 'formData', type: 'string', enum: ['s', 'm'], default: 's' }],
        responses: {},
      },
    },
    '/plain': {
      post: { operationId: 'plain', parameters: [{ name: 'a', in: 'formData', type: 'integer' }], responses: {} },
    },
    '/moved': {
      post: {
        operationId: 'moved',
        consumes: ['application/json'],
        parameters: [{ name: 'b', in: 'body', schema: { $ref: '#/paths/~1lists/get/responses/200/schema' } }],
        responses: {},
      },
    },
    '/wrong': { get: { operationId: 'wrong', parameters: [{ name: 'a', type: 'string' }], responses: {} } },
    '/lost': { get: { operationId: 'lost', parameters: [{ $ref: '#/parameters/none' }], responses: {} } },
    '/tabs': {
      get: {
        operationId: 'tabs',
        parameters: [{ name: 'a', in: 'query', type: 'array', collectionFormat: 'tsv', items: { type: 'string' } }],
        responses: {},
      },
    },
  },
};

let document: OpenApiDocument;
let operations: ReadonlyMap<string | undefined, ApiOperation>;
let problems: readonly string[];
beforeAll(async () => {
  document = await loadDocument({ document: structuredClone(swagger) as Record<string, unknown> });
  const listed = listOperations(document);
  operations = new Map(listed.operations.map((one) => [one.id, one]));
  problems = listed.faulty.map(({ problem }) => problem.message);
});

function find(id: string): ApiOperation {
  const operation = operations.get(id);
  if (!operation) throw new Error(`There is no ${id}`);
  return operation;
}

/** How a parameter is written. */
function describeParameter(id: string, name: string) {
  const parameter = find(id).parameters.find((one) => one.name === name);
  return parameter && [parameter.in, parameter.style, parameter.isExploded, parameter.schema.value];
}

describe('Swagger 2.0 is read as OpenAPI 3.0', () => {
  test.each([
    ['csv', ['query', 'form', false, { type: 'array', items: { type: 'string', enum: ['a'] } }]],
    ['multi', ['query', 'form', true, { type: 'array', items: { type: 'string' } }]],
    ['ssv', ['query', 'spaceDelimited', false, { type: 'array', items: { type: 'string' } }]],
    ['pipes', ['query', 'pipeDelimited', false, { type: 'array', items: { type: 'string' } }]],
    ['x-ids', ['header', 'simple', false, { type: 'array', items: { type: 'string' } }]],
    ['limit', ['query', 'form', true, { type: 'integer', maximum: 5 }]],
  ])('the parameter %s', (name, described) => {
    expect(describeParameter('list', name)).toStrictEqual(described);
  });

  test('parameters of a path that come after its operations', () => {
    expect(describeParameter('create', 'x-tenant')).toStrictEqual(['header', 'simple', false, { type: 'string' }]);
  });

  test.each([
    ['create', true, ['application/xml', 'application/json'], { $ref: '#/components/schemas/Order' }],
    ['put', false, ['application/xml', 'application/json'], { type: 'string' }],
    [
      'upload',
      true,
      ['multipart/form-data'],
      {
        type: 'object',
        properties: {
          file: { type: 'string', format: 'binary' },
          tags: { type: 'array', items: { type: 'string' }, description: 'Tags' },
        },
        required: ['file'],
      },
    ],
    [
      'form',
      false,
      ['application/x-www-form-urlencoded', 'multipart/form-data'],
      { type: 'object', properties: { size: { type: 'string', enum: ['s', 'm'], default: 's' } } },
    ],
    ['plain', false, ['application/x-www-form-urlencoded'], { type: 'object', properties: { a: { type: 'integer' } } }],
  ])('the body of %s', (id, isRequired, mediaTypes, schema) => {
    const { body } = find(id);

    expect(body?.isRequired).toBe(isRequired);
    expect(body?.media.map(({ mediaType }) => mediaType)).toStrictEqual(mediaTypes);
    expect(body?.media[0]?.schema.value).toStrictEqual(schema);
  });

  test('how lists in forms are written', () => {
    expect(find('upload').body?.media[0]?.encoding).toStrictEqual({ tags: { style: 'form', explode: true } });
  });

  test('a reference to a place that is not there any more', () => {
    const [media] = find('moved').body?.media ?? [];

    expect(media && document.follow(media.schema).value).toStrictEqual({ type: 'array' });
  });

  test('answers, with the media types of the operation', () => {
    const responses = locate(find('list').source, 'responses').value;

    expect(responses).toMatchObject({
      200: { content: { 'application/json': { schema: { type: 'array' } } } },
      404: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Order' } } } },
    });
  });

  test('schemas, security and servers', () => {
    expect(document.isBefore31).toBe(true);
    expect(document.root.value).toMatchObject({
      servers: [{ url: 'https://api.example.com/v1' }, { url: 'http://api.example.com/v1' }],
      components: {
        schemas: { Order: { discriminator: { propertyName: 'kind' }, properties: { note: { nullable: true } } } },
        securitySchemes: {
          basic: { type: 'http', scheme: 'basic' },
          oauth: { flows: { authorizationCode: { scopes: { read: 'R' } } } },
        },
      },
    });
    expect(locate(find('list').source, 'security').value).toStrictEqual([{ oauth: ['read'] }]);
  });

  test('what is wrong costs its operation alone', () => {
    expect(problems).toHaveLength(3);
    expect(problems.join('\n')).toMatch(/wrong.*no request has[^]*lost.*leads nowhere[^]*tabs.*collectionFormat/);
  });

  test('the document of the application stays as it is', async () => {
    const given = structuredClone(swagger);

    await loadDocument({ document: given as Record<string, unknown> });

    expect(given).toStrictEqual(swagger);
  });
});

describe('Swagger 2.0 that says little, or says it in its own way', () => {
  async function read(paths: unknown, more: object = {}) {
    const document = await loadDocument({ document: { swagger: '2.0', info: {}, paths, ...more } });
    return { document, ...listOperations(document) };
  }

  const post = (...parameters: unknown[]) => ({ post: { operationId: 'a', parameters } });
  const list = (place: string, collectionFormat: string) => ({
    ...{ name: 'l', in: place, type: 'array', items: { type: 'string' }, collectionFormat },
    ...(place === 'path' && { required: true }),
  });

  test.each([
    ['a path', 'path', 'csv', ['simple', false]],
    ['a header', 'header', 'multi', ['simple', false]],
    ['a query', 'query', 'strange', ['form', false]],
  ])('a list in %s (%s, %s)', async (_what, place, format, style) => {
    const { operations, faulty } = await read({
      '/a/{l}': post(list(place, format), ...(place === 'path' ? [] : [list('path', 'csv')])),
    });
    const parameter = operations[0]?.parameters.find((one) => one.in === place);

    expect(faulty.map(({ problem }) => problem.message)).toStrictEqual([]);
    expect([parameter?.style, parameter?.isExploded]).toStrictEqual(style);
  });

  test.each([
    ['a path', 'path', 'ssv'],
    ['a header', 'header', 'pipes'],
    ['a query', 'query', 'tsv'],
  ])('no list in %s as OpenAPI 3 cannot say it (%s, %s)', async (_what, place, format) => {
    const { faulty } = await read({ '/a/{l}': post(list('path', 'csv'), list(place, format)) });

    expect(faulty.map(({ problem }) => problem.problem)).toStrictEqual([
      'has a `collectionFormat` that no later version has there',
    ]);
  });

  test('bodies and forms without media types', async () => {
    const { operations } = await read({
      '/a': post({ name: 'b', in: 'body', schema: { type: 'string' } }),
      '/b': post({ name: 'f', in: 'formData', type: 'file' }),
    });

    expect(operations.map(({ body }) => body?.media.map(({ mediaType }) => mediaType))).toStrictEqual([
      ['application/json'],
      ['multipart/form-data'],
    ]);
  });

  test('answers without media types, or no answers', async () => {
    const { operations } = await read({
      '/a': {
        get: { responses: { 200: { description: 'OK', schema: { type: 'string' } } } },
        put: { operationId: 'b' },
      },
    });

    expect(operations.map(({ source }) => locate(source, 'responses').value)).toMatchObject([
      { 200: { content: { 'application/json': { schema: { type: 'string' } } } } },
      {},
    ]);
  });

  test('texts of a path are those of its operations', async () => {
    const { operations } = await read({ '/a': { summary: 'One.', description: 'More.', get: {} } });

    expect(operations).toMatchObject([{ summary: 'One.', description: 'More.' }]);
  });

  test('what is no path, and no parameter, costs itself alone', async () => {
    const { operations, faulty } = await read({
      'x-note': 'text',
      orders: { get: {} },
      '/lost': { $ref: '#/none' },
      '/text': 'text',
      '/wrong': post('text'),
      '/good': { get: {} },
    });

    expect(operations.map(({ path }) => path)).toStrictEqual(['/good']);
    expect(faulty.map(({ operation: { path }, problem }) => `${path} ${problem.problem}`)).toStrictEqual([
      'orders does not begin with "/". Write the whole path',
      '/lost `$ref` "#/none" leads nowhere',
      '/text is not a Path Item Object',
      '/wrong has no `name`',
    ]);
  });

  test('paths that are none', async () => {
    expect(await read('text')).toMatchObject({ operations: [], faulty: [] });
  });

  test('where the API is', async () => {
    const { document } = await read({}, { host: 'api.example.com', basePath: '/v1' });

    expect(document.root.value.servers).toStrictEqual([{ url: 'https://api.example.com/v1' }]);
  });

  test('references of other files are relative to them', async () => {
    const folder = await createFolder();
    try {
      await folder.write('parts/order.json', {
        Order: { properties: { own: { $ref: '#/Line' }, other: { $ref: 'item.json' } } },
        Line: { title: 'own' },
      });
      await folder.write('parts/item.json', { title: 'other' });
      const body = { name: 'b', in: 'body', schema: { $ref: 'parts/order.json#/Order' } };
      const parameters = { order: { $ref: 'parts/parameters.json' } };
      await folder.write('parts/parameters.json', {
        ...{ name: 'p', in: 'body' },
        schema: { properties: { own: { $ref: 'order.json#/Line' }, other: { $ref: './item.json#' } } },
      });
      const path = await folder.write('api.json', {
        ...{ swagger: '2.0', info: {}, parameters },
        paths: { '/a': post(body), '/b': post({ $ref: '#/parameters/order' }) },
      });
      const document = await loadDocument({ document: path });
      const schemas = listOperations(document).operations.flatMap(({ body }) => body?.media[0]?.schema ?? []);
      const titles = schemas.map((schema) => {
        const { properties } = document.follow(schema).value as { properties: object };
        return Object.keys(properties).map(
          (name) =>
            (document.follow(locate(document.follow(schema), 'properties', name)).value as { title: string }).title,
        );
      });

      expect(titles).toStrictEqual([
        ['own', 'other'],
        ['own', 'other'],
      ]);
    } finally {
      await folder.remove();
    }
  });
});
