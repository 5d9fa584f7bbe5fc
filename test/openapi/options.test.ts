import { describe, expect, test } from '@jest/globals';
import { McpOpenApi, type McpOpenApiOptions } from 'nestjs-mcp-auth';
import { startDownstreamServer } from '../downstream/downstream-server.js';
import { orderDocument } from './order-document.js';

const good = { downstream: 'orders', document: orderDocument };

/** Why an application with such a class does not start. */
async function bootWith(options: object): Promise<string> {
  @McpOpenApi(options as McpOpenApiOptions)
  class OrdersApi {}
  return await startDownstreamServer({ providers: [OrdersApi] }).then(
    async (server) => {
      await server.close();
      return 'started';
    },
    (error: unknown) => (error as Error).message,
  );
}

describe('faulty options of @McpOpenApi stop the boot', () => {
  test.each([
    [{ document: orderDocument }, '`downstream` is missing'],
    [{ downstream: 'orders' }, '`document` has to be a path, a URL, an OpenAPI document, or a function'],
    [{ ...good, exclude: [{ verb: 'GET' }] }, '`exclude[0].verb` is not an option'],
    [{ ...good, colour: 'red' }, '`colour` is not an option'],
    [
      { ...good, allowOrigins: ['https://api.example.com/v1'] },
      '`allowOrigins[0]` is no origin. Write "https://api.example.com"',
    ],
    [{ ...good, allowOrigins: ['api.example.com'] }, '`allowOrigins[0]` is'],
    [{ ...good, maxTools: 0 }, '`maxTools` has to be a positive number of tools'],
    [{ ...good, offer: 'find' }, '`offer` has to be "list" or "search"'],
    [
      { ...good, listed: 'listOrders' },
      "`listed` has no effect, because all operations are listed. Add `offer: 'search'`",
    ],
    [{ ...good, answers: { maxSize: 0 } }, '`answers.maxSize` has to be a positive number of characters'],
    [{ ...good, answers: { schema: 'strict' } }, '`answers.schema` has to be "declared" or "enforced"'],
    [{ ...good, answers: { fields: [] } }, '`answers.fields` has to name a member'],
    [{ ...good, answers: { maxFileSize: -1 } }, '`answers.maxFileSize` has to be a number of bytes, from 0'],
    [
      { ...good, answers: { operations: { getOrder: { size: 1 } } } },
      '`answers.operations.getOrder.size` is not an option',
    ],
  ])('%#', async (options, problem) => {
    const message = await bootWith(options);

    expect(message).toContain('@McpOpenApi on OrdersApi: ');
    expect(message).toContain(problem);
  });
});
