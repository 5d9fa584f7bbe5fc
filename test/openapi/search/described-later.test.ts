import { afterEach, describe, expect, test } from '@jest/globals';
import { McpOpenApi, McpOperation, type McpOpenApiOptions, type OperationCall } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { startDownstreamServer, type DownstreamServer } from '../../downstream/downstream-server.js';
import { callTool, toolCall, post } from '../../support/mcp-request.js';

const broken = { name: 'id', in: 'path', required: true, schema: { $ref: '#/components/schemas/Missing' } };
const responses = { 200: { description: 'Done' } };
const document = {
  openapi: '3.1.0',
  info: { title: 'Things', version: '1' },
  paths: {
    '/things': { get: { operationId: 'listThings', responses } },
    '/things/{id}': { get: { operationId: 'getThing', parameters: [broken], responses } },
  },
};

describe('what is only searched is described when it is used', () => {
  let server: DownstreamServer | undefined;
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });

  async function start(options: Partial<McpOpenApiOptions>): Promise<DownstreamServer> {
    @McpOpenApi({ downstream: 'orders', document, offer: 'search', ...options })
    class Things {}
    server = await startDownstreamServer({ providers: [Things] });
    return server;
  }

  test('so that an operation whose schema leads nowhere costs no other', async () => {
    const { resource, token, orders } = await start({});

    const good = await callTool(resource, await token(), 'call_operation', { name: 'listThings' });
    const described = await callTool(resource, await token(), 'describe_operation', { name: 'getThing' });
    const called = await callTool(resource, await token(), 'call_operation', {
      name: 'getThing',
      arguments: { id: '7' },
    });

    expect(good.isError).not.toBe(true);
    expect(described.isError).toBe(true);
    expect(called.isError).toBe(true);
    expect(orders.requests.map(({ path }) => path)).toStrictEqual(['/v1/things']);
  });

  test('while one that is listed is left out at boot', async () => {
    const { resource, token } = await start({ listed: 'getThing' });

    const response = await post(resource, toolCall('getThing', { id: '7' }), { token: await token() });

    expect(await response.text()).toContain('Unknown tool: getThing');
  });

  test('and what a method says of its own arguments is checked at boot', async () => {
    @McpOpenApi({ downstream: 'orders', document, offer: 'search' })
    class Things {
      @McpOperation('listThings', { input: z.string() as never })
      list(_input: unknown, call: OperationCall) {
        return call({});
      }
    }

    await expect(startDownstreamServer({ providers: [Things] })).rejects.toThrow('does not describe an object');
  });
});
