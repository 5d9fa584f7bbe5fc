import { describe, expect, test } from '@jest/globals';
import type { McpOpenApiOptions } from 'nestjs-mcp-auth';
import { loadDocument } from '../../../lib/openapi/documents/load-document.js';
import { DocumentOffers } from '../../../lib/openapi/offers/document-offers.js';

const ok = { responses: { 200: { description: 'OK' } } };
const query = (schema: object) => ({ ...ok, parameters: [{ in: 'query', name: 'q', schema }] });

async function offer(paths: object, include?: string[], more: Partial<McpOpenApiOptions> = {}) {
  const options = {
    downstream: 'orders',
    document: { openapi: '3.1.0', info: { title: 'Orders', version: '1' }, paths },
    ...(include && { include }),
    ...more,
  };
  const offers = new DocumentOffers(await loadDocument(options), options, {
    scopeMap: new Map(),
    fault: (option, message) => {
      throw new Error(`${option} ${message}`);
    },
  });
  const { offered, faulty } = offers.describeChosen();
  const dropped = offered.flatMap(({ input }) => input.dropped.map(({ place, keyword }) => `${place} ${keyword}`));
  return { names: offered.map(({ name }) => name), problems: faulty.map(({ problem }) => problem.message), dropped };
}

describe('the offers of a document', () => {
  test('an operation whose arguments cannot be described costs no other', async () => {
    const { names, problems } = await offer({
      '/a': { get: { ...query({ $ref: '#/components/schemas/None' }), operationId: 'broken' } },
      '/b': { get: { ...ok, operationId: 'sound' } },
    });
    expect(names).toEqual(['sound']);
    expect(problems).toEqual([expect.stringContaining('#/components/schemas/None')]);
  });

  test('an operation whose body leads nowhere costs no other, whatever `parameters` says', async () => {
    const schema = { $ref: '#/components/schemas/None' };
    const { names, problems } = await offer(
      {
        '/a': { post: { ...ok, operationId: 'broken', requestBody: { content: { 'application/json': { schema } } } } },
        '/b': { get: { ...query({ type: 'string' }), operationId: 'sound' } },
      },
      undefined,
      { parameters: { q: { value: 'acme' } } },
    );
    expect(names).toEqual(['sound']);
    expect(problems).toEqual([expect.stringContaining('#/components/schemas/None')]);
  });

  test('what is not chosen is not described', async () => {
    const { names, problems } = await offer(
      {
        '/a': { get: { ...query({ $ref: '#/components/schemas/None' }), operationId: 'broken' } },
        '/b': { get: { ...ok, operationId: 'sound' } },
      },
      ['sound'],
    );
    expect({ names, problems }).toEqual({ names: ['sound'], problems: [] });
  });

  test('a pattern that no validator takes is told of, with its place', async () => {
    const { names, dropped } = await offer({
      '/a': { get: { ...query({ type: 'string', pattern: '(' }), operationId: 'find' } },
    });
    expect(names).toEqual(['find']);
    expect(dropped).toEqual([expect.stringMatching(/paths\/~1a\/get\/parameters\/0\/schema pattern$/)]);
  });
});
