import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Injectable, UseGuards, type CanActivate } from '@nestjs/common';
import { McpOpenApi, McpOperation, type OperationCall } from 'nestjs-mcp-auth';
import { startDownstreamServer, type DownstreamServer } from '../downstream/downstream-server.js';
import { callTool, message, post } from '../support/mcp-request.js';
import { orderDocument } from './order-document.js';

const activated: string[] = [];

@Injectable()
class Recorder implements CanActivate {
  canActivate(): boolean {
    activated.push('Recorder');
    return true;
  }
}

@McpOpenApi({ downstream: 'orders', document: orderDocument })
@UseGuards(Recorder)
class OrdersApi {
  @McpOperation('createOrder', { description: 'Places an order. Ask the user first.' })
  create(input: { item: string; quantity?: number }, call: OperationCall) {
    return call({ ...input, quantity: input.quantity ?? 1 });
  }
}

describe.each(['express', 'fastify'] as const)('operations of an OpenAPI document on %s', (platform) => {
  let server: DownstreamServer;

  beforeAll(async () => {
    server = await startDownstreamServer({ platform, providers: [OrdersApi, Recorder] });
  });
  beforeEach(() => {
    activated.length = 0;
    server.orders.requests.length = 0;
  });
  afterAll(() => server.close());

  test('are tools', async () => {
    const token = await server.token();

    const response = await post(server.resource, message('tools/list'), { token });

    const { result } = (await response.json()) as { result: { tools: { name: string; description: string }[] } };
    expect(result.tools.map(({ name, description }) => [name, description])).toStrictEqual([
      ['createOrder', 'Places an order. Ask the user first.'],
      ['listOrders', 'Lists orders.'],
    ]);
  });

  test('are called on behalf of the caller, behind the guards of the class', async () => {
    const token = await server.token({ sub: 'alice', scope: 'orders:read' });

    const result = await callTool(server.resource, token, 'listOrders', { status: 'open' });

    expect(result.structuredContent).toMatchObject({ subject: 'alice', audience: 'orders-api' });
    expect(server.orders.last).toMatchObject({ method: 'GET', path: '/v1/orders?status=open' });
    expect(activated).toStrictEqual(['Recorder']);
  });

  test('can be curated by a method', async () => {
    const token = await server.token({ scope: 'orders:write' });

    await callTool(server.resource, token, 'createOrder', { item: 'tea' });

    expect(JSON.parse(server.orders.last.body)).toStrictEqual({ item: 'tea', quantity: 1 });
    expect(activated).toStrictEqual(['Recorder']);
  });
});
