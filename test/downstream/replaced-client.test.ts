import { Injectable } from '@nestjs/common';
import { describe, expect, test } from '@jest/globals';
import { clientSecretBasic, DownstreamClient, McpAuthModule, McpTool } from 'nestjs-mcp-auth';
import { callTool } from '../support/mcp-request.js';
import { optionsFor } from '../support/module-options.js';
import { startApplication, type Platform } from '../support/test-application.js';
import { TestIssuer } from '../support/test-issuer.js';

@Injectable()
class Tools {
  constructor(private readonly downstream: DownstreamClient) {}

  @McpTool({ description: 'x', downstream: 'orders' })
  async order() {
    return await this.downstream.json<object>('/orders/7');
  }
}

@Injectable()
class FakeClient {
  json() {
    return Promise.resolve({ id: 'fake' });
  }
}

const replacements: readonly [string, Parameters<typeof startApplication>[0]['override']][] = [
  ['a value', (testing) => testing.overrideProvider(DownstreamClient).useValue(new FakeClient())],
  ['a class', (testing) => testing.overrideProvider(DownstreamClient).useClass(FakeClient)],
  [
    'a factory',
    (testing) => testing.overrideProvider(DownstreamClient).useFactory({ factory: () => new FakeClient() }),
  ],
];

const onBothPlatforms = replacements.flatMap(([how, override]) =>
  (['express', 'fastify'] as const).map((platform): [string, Platform, typeof override] => [how, platform, override]),
);

describe.each(onBothPlatforms)('a client that a test replaces by %s, on %s', (_how, platform, override) => {
  test('is called, and no token is exchanged for it', async () => {
    const issuer = await TestIssuer.start();
    const server = await startApplication({
      platform,
      ...(override && { override }),
      providers: [Tools],
      imports: (origin) => [
        McpAuthModule.forRoot(
          optionsFor(origin, issuer.issuer, {
            client: { id: 'mcp', authentication: clientSecretBasic('secret') },
            downstreams: { orders: { baseUrl: 'https://orders.example.com', audience: 'orders' } },
          }),
        ),
      ],
    });
    const resource = `${server.origin}/mcp`;
    const token = await issuer.token({ aud: resource, scope: '' });
    expect((await callTool(resource, token, 'order')).structuredContent).toEqual({ id: 'fake' });
    expect(issuer.exchanges).toEqual([]);
    await server.close();
    await issuer.close();
  });
});
