import { describe, expect, test } from '@jest/globals';
import { McpOpenApi, type McpOpenApiOptions } from 'nestjs-mcp-auth';
import { startDownstreamServer } from '../../downstream/downstream-server.js';
import { message, post } from '../../support/mcp-request.js';
import { createLargeDocument } from './large-document.js';

/** Offers documents of so many operations. @returns the names of the tools, or why the boot stopped */
async function offer(...classes: Partial<McpOpenApiOptions>[]): Promise<readonly string[] | string> {
  const providers = classes.map((options) => {
    @McpOpenApi({ downstream: 'orders', document: createLargeDocument(61), ...options })
    class Api {}
    return Api;
  });
  const server = await startDownstreamServer({ providers }).catch((error: unknown) => (error as Error).message);
  if (typeof server === 'string') return server;
  try {
    const response = await post(server.resource, message('tools/list'), { token: await server.token() });
    const { result } = (await response.json()) as { result: { tools: { name: string }[] } };
    return result.tools.map(({ name }) => name);
  } finally {
    await server.close();
  }
}

describe('more tools than `maxTools`', () => {
  test('stop the boot, with the ways to choose', async () => {
    const stopped = await offer({});

    expect(stopped).toContain('`maxTools` of @McpOpenApi is 60, but 61 operations would be tools: Api 61. ');
    expect(stopped).toContain(
      'by tag: "group 0" (13), "group 1" (12), "group 2" (12), "group 3" (12), "group 4" (12);',
    );
    expect(stopped).toContain("`offer: 'search'`");
  });

  test('of several classes are counted together', async () => {
    const stopped = await offer(
      { include: 'GET /items/0' },
      { include: ['GET /items/1', 'GET /items/2'], maxTools: 2 },
    );

    expect(stopped).toContain('is 2, but 3 operations would be tools: Api 1, Api 2. ');
  });

  test.each<[string, Partial<McpOpenApiOptions>[], number]>([
    ['what is chosen fits', [{ exclude: 'GET /items/60' }], 60],
    ['the number is raised', [{ maxTools: 61 }], 61],
    ['one class of two raises it', [{ include: 'GET /items/1' }, { exclude: 'GET /items/1', maxTools: 61 }], 61],
  ])('do not, where %s', async (_name, classes, count) => {
    const tools = await offer(...classes);

    expect(tools).toHaveLength(count);
  });

  test('are named by their paths where a document has no tags', async () => {
    const stopped = await offer({ document: createLargeDocument(61, { tags: false }) });

    expect(stopped).toContain('by path: "/items/**" (61);');
  });
});
