import { describe, expect, test } from '@jest/globals';
import { documentOf, offer } from './offered-tools.js';

const responses = {};
const text = { type: 'string' };

/** What a document says of an operation, and the properties of its arguments. */
const INPUTS: readonly (readonly [what: string, operation: Record<string, unknown>, properties: unknown])[] = [
  ['a body that is none', { requestBody: 'order' }, {}],
  ['a body without content', { requestBody: { required: true } }, {}],
  ['a body whose content is none', { requestBody: { content: 'order' } }, {}],
  ['a body of no type', { requestBody: { content: {} } }, {}],
  [
    'a body whose type says nothing',
    { requestBody: { content: { 'text/plain': 'order' } } },
    { body: { type: 'string', description: 'The content, as text/plain' } },
  ],
  ['parameters that are no list', { parameters: { a: text } }, {}],
  [
    'examples, some of which have no value',
    {
      parameters: [
        {
          name: 'a',
          in: 'query',
          examples: { one: { value: 'x' }, other: { externalValue: 'https://a.example' }, no: 7 },
        },
      ],
    },
    { a: { examples: ['x'] } },
  ],
  [
    'a query string that demands some of its properties',
    {
      parameters: [
        {
          in: 'querystring',
          content: {
            'application/x-www-form-urlencoded': {
              schema: { type: 'object', properties: { b: text, a: text }, required: ['a'] },
            },
          },
        },
      ],
    },
    { a: text, b: text },
  ],
];

describe('an operation', () => {
  test('has arguments, whatever is odd about it', async () => {
    const paths = INPUTS.map(([, operation], index) => [
      `/${index}`,
      { post: { operationId: `tool${index}`, responses, ...operation } },
    ]);
    const { tools } = await offer(documentOf(Object.fromEntries(paths) as Record<string, unknown>));

    expect(
      INPUTS.map(([what], index) => [what, tools.find(({ name }) => name === `tool${index}`)?.inputSchema.properties]),
    ).toStrictEqual(INPUTS.map(([what, , properties]) => [what, properties]));
  });

  test('may have a scheme of security by its address', async () => {
    const get = { operationId: 'tool', responses, security: [{ '#/x-schemes/login': ['read'] }] };
    const document = documentOf(
      { '/a': { get } },
      { openapi: '3.2.0', 'x-schemes': { login: { type: 'oauth2', flows: {} } } },
    );

    const { tools } = await offer(document, { strict: true });

    expect(tools.map(({ name }) => name)).toStrictEqual(['tool']);
  });
});

test('paths that are extensions are none', async () => {
  const get = { operationId: 'tool', responses };

  const { tools, log } = await offer(documentOf({ 'x-paths': { get }, '/a': { get } }), { strict: true });

  expect(tools.map(({ name }) => name)).toStrictEqual(['tool']);
  expect(log.join('\n')).not.toContain('x-paths');
});

test.each([
  ['webhooks alone', { openapi: '3.1.0', info: { title: 'A', version: '1' }, webhooks: {} }],
  ['paths that are none', documentOf([] as never)],
])('a document with %s has no tools', async (_what, document) => {
  const { tools } = await offer(document);

  expect(tools).toStrictEqual([]);
});

test('a choice that leaves nothing of a document stops the boot', async () => {
  const paths = { '/orders': { get: { responses } } };

  await expect(offer(documentOf(paths), { exclude: '/**' })).rejects.toThrow(
    'leaves no operation: `exclude` takes all of them out. Choose at least one.',
  );
});

test('documents without names are searched by paths', async () => {
  const paths = { '/orders': { get: { responses } }, '/lines': { get: { responses } } };

  await expect(offer(documentOf(paths), { include: 'listOrders' })).rejects.toThrow(
    'has "listOrders", which is no operation of the document. Check its spelling, or remove it.',
  );
  await expect(offer(documentOf(paths), { include: 'GET /order' })).rejects.toThrow('Did you mean "GET /orders"');
});
