import { Injectable } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { McpPrompt, McpResource, McpResourceTemplate, McpTool } from 'nestjs-mcp-auth';
import { Catalogue } from '../../lib/resource-server/catalogue/catalogue.js';
import type { Primitive } from '../../lib/resource-server/catalogue/primitive.js';
import { message, post } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

/** A tool, a prompt, a resource and a template. */
@Injectable()
class Models {
  @McpTool({ description: 'One', scopes: ['use'] })
  tool() {
    return 1;
  }

  @McpPrompt({ scopes: ['use'] })
  prompt() {
    return 'one';
  }

  @McpResource({ uri: 'one://0', scopes: ['use'] })
  resource() {
    return 'one';
  }

  @McpResourceTemplate({ uriTemplate: 'one://0/{id}', scopes: ['use'] })
  template() {
    return 'one';
  }
}

const MEMBERS: Readonly<Record<string, string>> = {
  'tools/list': 'tools',
  'prompts/list': 'prompts',
  'resources/list': 'resources',
  'resources/templates/list': 'resourceTemplates',
};
const ERAS = ['2026-07-28', '2025-11-25'];
const COPIES = 40;

/** What an answer lists, and the cursor of the next page. */
interface Page {
  readonly items: readonly { readonly name: string }[];
  readonly nextCursor: string | undefined;
}

describe.each([
  ['express', 'permitted'],
  ['express', 'all'],
  ['fastify', 'permitted'],
  ['fastify', 'all'],
] as const)('a list, on %s, of what is %s', (platform, show) => {
  let server: ProtectedServer;
  let token: string;
  const reads: (string | symbol)[] = [];

  beforeAll(async () => {
    server = await startProtectedServer({
      platform,
      providers: [Models],
      options: { lists: { show, pageSize: 30 }, limits: { rate: { acceptUnlimitedRequests: true } } },
    });
    token = await server.token('use');
    const catalogue = server.app.get(Catalogue, { strict: false });
    for (const model of catalogue.primitives)
      for (let copy = 1; copy <= COPIES; copy += 1) catalogue.add(copyOf(model, copy, reads), []);
  });
  afterAll(() => server.close());

  async function list(method: string, era: string, cursor?: string): Promise<Page> {
    const params = cursor === undefined ? {} : { cursor };
    const body = era === '2026-07-28' ? message(method, params) : { jsonrpc: '2.0', id: 1, method, params };
    const answer = await post(server.resource, body, { token, headers: { 'mcp-protocol-version': era } });
    // Where the SDK answers older clients, it does so in a stream.
    const text = (await answer.text()).replace(/^event: message\n.*data: /s, '');
    const { result } = JSON.parse(text) as { result: Record<string, unknown> };
    return { items: result[MEMBERS[method] ?? ''] as Page['items'], nextCursor: result.nextCursor as string };
  }

  test.each(Object.keys(MEMBERS).flatMap((method) => ERAS.map((era) => [method, era] as const)))(
    '%s in the era %s is made once, page by page: afterwards nothing is looked at',
    async (method, era) => {
      const first = await list(method, era);
      const second = await list(method, era, first.nextCursor);
      expect([first.items.length, second.items.length]).toEqual([30, COPIES + 1 - 30]);
      expect(reads.length).toBeGreaterThan(0);
      reads.length = 0;
      expect(await list(method, era)).toEqual(first);
      expect(await list(method, era, first.nextCursor)).toEqual(second);
      expect(reads.length).toBe(0);
    },
  );
});

/** One more of a kind, which notes what is read of it. */
function copyOf(model: Primitive, copy: number, reads: (string | symbol)[]): Primitive {
  const name = model.name.replace('0', String(copy)) === model.name ? `${model.name}_${copy}` : `one://${copy}`;
  const named = {
    ...model,
    name,
    listing: { ...model.listing, name, ...(model.kind === 'resource' && { uri: name }) },
  };
  return new Proxy(named as Primitive, {
    get: (target, member, receiver) => {
      reads.push(member);
      return Reflect.get(target, member, receiver) as unknown;
    },
  });
}
