import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { McpOpenApi } from 'nestjs-mcp-auth';
import { startDownstreamServer, type DownstreamServer } from '../../downstream/downstream-server.js';
import { callTool } from '../../support/mcp-request.js';

const text = { type: 'string' };
const note = {
  type: 'object',
  properties: { text, source: text, meta: { type: ['object', 'null'], properties: { by: text, at: text } } },
};

const document = {
  openapi: '3.1.0',
  info: { title: 'Notes', version: '1' },
  paths: {
    '/notes': {
      post: {
        operationId: 'addNote',
        requestBody: { content: { 'application/json': { schema: note } } },
        responses: {},
      },
      put: {
        operationId: 'replaceNotes',
        requestBody: { content: { 'application/json': { schema: { anyOf: [note, { type: 'array' }] } } } },
        responses: {},
      },
    },
  },
};

@McpOpenApi({
  downstream: 'orders',
  document,
  parameters: { source: { value: 'mcp' }, '/meta/by': { value: 'us' } },
})
class NotesApi {}

describe.each(['express', 'fastify'] as const)('what is filled into a body, on %s', (platform) => {
  let server: DownstreamServer;

  beforeAll(async () => {
    server = await startDownstreamServer({ platform, providers: [NotesApi] });
  });
  afterAll(() => server.close());

  test.each([
    ['makes one of its own', 'addNote', {}, { source: 'mcp' }],
    ['stands beside what is there', 'addNote', { text: 'a' }, { text: 'a', source: 'mcp' }],
    [
      'goes into an object that is there',
      'addNote',
      { meta: { at: 'noon', by: 'me' } },
      { meta: { at: 'noon', by: 'us' }, source: 'mcp' },
    ],
    ['goes into no other value', 'addNote', { meta: null }, { meta: null, source: 'mcp' }],
    ['goes into no list', 'replaceNotes', { body: [{ source: 'me' }] }, [{ source: 'me' }]],
  ])('%s', async (_what, tool, args, body) => {
    await callTool(server.resource, await server.token(), tool, args);

    expect(JSON.parse(server.orders.last.body)).toStrictEqual(body);
  });
});
