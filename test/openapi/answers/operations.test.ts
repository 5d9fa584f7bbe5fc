import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { McpOpenApi, McpOperation, type OperationCall } from 'nestjs-mcp-auth';
import { sendJson } from '../../support/test-issuer.js';
import { startDownstreamServer, type DownstreamServer } from '../../downstream/downstream-server.js';
import { callTool } from '../../support/mcp-request.js';

const list = (operationId: string) => ({
  get: { operationId, responses: { 200: { description: 'A list' } } },
});

const document = {
  openapi: '3.1.0',
  info: { title: 'Orders', version: '1' },
  paths: { '/orders': list('listOrders'), '/parts': list('listParts'), '/users': list('listUsers') },
};

@McpOpenApi({
  downstream: 'orders',
  document,
  answers: {
    maxSize: 1_000,
    structured: false,
    operations: { 'GET /parts': { maxSize: 1 }, listParts: { maxSize: 500 } },
  },
})
class OrdersApi {
  @McpOperation('listUsers', { answers: { maxSize: 2_000, structured: true } })
  listUsers(input: object, call: OperationCall) {
    return call(input);
  }
}

describe.each(['express', 'fastify'] as const)('what becomes of answers on %s', (platform) => {
  let server: DownstreamServer;

  beforeAll(async () => {
    server = await startDownstreamServer({ platform, providers: [OrdersApi] });
    for (const path of ['/v1/orders', '/v1/parts', '/v1/users'])
      server.orders.answers.set(path, (_request, response) => {
        sendJson(
          response,
          200,
          Array.from({ length: 1_000 }, (_one, index) => `item ${index}`),
        );
      });
  });
  afterAll(() => server.close());

  test.each([
    ['for all', 'listOrders', 1_000, false],
    ['for an operation by its name', 'listParts', 500, false],
    ['for an operation by its method', 'listUsers', 1_000, true],
  ])('is said %s', async (_where, tool, size, isStructured) => {
    const { content, structuredContent } = await callTool(server.resource, await server.token(), tool);

    const { length } = content[0]?.text ?? '';
    expect(length).toBeLessThanOrEqual(size);
    expect(length).toBeGreaterThan(size - 30);
    expect(structuredContent !== undefined).toBe(isStructured);
  });
});

test('settings for an operation that there is not stop the boot', async () => {
  @McpOpenApi({ downstream: 'orders', document, answers: { operations: { listOrder: { maxSize: 500 } } } })
  class FaultyApi {}

  await expect(startDownstreamServer({ providers: [FaultyApi] })).rejects.toThrow(
    '`answers.operations` of @McpOpenApi on FaultyApi has "listOrder", which is no operation of the document.',
  );
});
