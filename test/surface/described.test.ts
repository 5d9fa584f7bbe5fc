import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { McpPrompt, McpResource, McpResourceTemplate, McpTool } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { message, post } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

const icons = [{ src: 'https://acme.example/icon.png' }];
const meta = { 'acme.example/team': 'orders' };
const annotations = { audience: ['user' as const], priority: 0.5 };
const common = { title: 'Orders', description: 'All of them', icons };

const described = { title: 'Orders', description: 'All of them', icons, _meta: meta };
const read = { ...described, annotations, mimeType: 'text/plain' };

class Described {
  @McpTool({ ...common, meta })
  all() {
    return 'x';
  }

  @McpPrompt({
    ...common,
    meta,
    input: z.object({ month: z.string().meta({ title: 'Month' }), year: z.string().describe('Year').optional() }),
  })
  report() {
    return 'x';
  }

  @McpPrompt({})
  bare() {
    return 'x';
  }

  @McpResource({ ...common, meta, annotations, uri: 'orders://all', mimeType: 'text/plain', size: 5 })
  resource() {
    return 'x';
  }

  @McpResourceTemplate({ ...common, meta, annotations, uriTemplate: 'orders://{id}', mimeType: 'text/plain' })
  template() {
    return 'x';
  }
}

describe.each(['express', 'fastify'] as const)('all that is said of an offer is listed, on %s', (platform) => {
  let server: ProtectedServer;
  beforeAll(async () => {
    server = await startProtectedServer({
      platform,
      providers: [Described],
      options: {
        server: { name: 'shop', version: '2', title: 'Shop', icons, websiteUrl: 'https://acme.example/' },
      },
    });
  });
  afterAll(() => server.close());

  async function ask(method: string): Promise<Record<string, unknown>> {
    const response = await post(server.resource, message(method), { token: await server.token() });
    return ((await response.json()) as { result: Record<string, unknown> }).result;
  }

  test.each<[string, string, readonly unknown[]]>([
    [
      'tools/list',
      'tools',
      [{ ...described, name: 'all', inputSchema: { type: 'object', additionalProperties: false } }],
    ],
    [
      'prompts/list',
      'prompts',
      [
        { name: 'bare' },
        {
          ...described,
          name: 'report',
          arguments: [
            { name: 'month', title: 'Month', required: true },
            { name: 'year', description: 'Year', required: false },
          ],
        },
      ],
    ],
    ['resources/list', 'resources', [{ ...read, name: 'resource', uri: 'orders://all', size: 5 }]],
    ['resources/templates/list', 'resourceTemplates', [{ ...read, name: 'template', uriTemplate: 'orders://{id}' }]],
  ])('%s', async (method, member, listed) => {
    expect((await ask(method))[member]).toStrictEqual(listed);
  });

  test('server/discover', async () => {
    const { _meta: said } = await ask('server/discover');

    expect(said).toStrictEqual({
      'io.modelcontextprotocol/serverInfo': {
        name: 'shop',
        version: '2',
        title: 'Shop',
        icons,
        websiteUrl: 'https://acme.example/',
      },
    });
  });
});
