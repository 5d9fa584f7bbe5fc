import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpAuthModule, McpTool } from 'nestjs-mcp-auth';
import { startApplication } from '../support/test-application.js';
import { describeWithKeycloak } from './keycloak.js';
import { startOrdersServer, type OrdersServer } from './orders-server.js';

@Injectable()
class Tools {
  @McpTool({ description: 'x', scopes: ['orders:read'], downstream: 'orders' })
  findOrder(): string {
    return 'found';
  }

  @McpTool({ description: 'x', scopes: ['orders:write'], downstream: 'ledger' })
  bookOrder(): string {
    return 'booked';
  }
}

describeWithKeycloak('the doctor', () => {
  let server: OrdersServer;

  beforeAll(async () => {
    server = await startOrdersServer();
  });
  afterAll(() => server.close());

  test('finds nothing wrong with a realm that was set up as the docs say', async () => {
    const { orders, ledger } = server.options.downstreams ?? {};
    if (!orders || !ledger) throw new Error('The server has other downstreams');
    const options = { ...server.options, downstreams: { orders, ledger }, doctor: true };
    const second = await startApplication({
      imports: () => [McpAuthModule.forRoot(options)],
      providers: [Tools],
    });
    const said = () => second.log.lines.filter((line) => line.includes('McpAuthDoctor') && !line.startsWith('debug'));
    while (said().length === 0) await new Promise(setImmediate);
    await second.close();
    expect(said()).toEqual([
      `log ${server.resource}: nothing is wrong with the configuration and the issuers. McpAuthDoctor`,
    ]);
  });
});
