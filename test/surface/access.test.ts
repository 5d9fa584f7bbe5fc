import { Injectable } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  Anonymous,
  Denial,
  DownstreamClient,
  McpCompletion,
  McpPrompt,
  McpResource,
  McpResourceList,
  McpResourceTemplate,
  McpTool,
  UsePolicy,
  type Policy,
  type PolicyRequest,
} from 'nestjs-mcp-auth';
import { z } from 'zod';
import { startDownstreamServer, type DownstreamServer } from '../downstream/downstream-server.js';
import { message, post } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

const asked: unknown[] = [];

@Injectable()
class OnlyOwn implements Policy {
  permits({ caller, operation, arguments: args }: PolicyRequest) {
    asked.push([operation.method, operation.name, args]);
    return caller?.subject === 'alice' || new Denial('These are not yours.');
  }
}

@Injectable()
class Offers {
  constructor(private readonly downstream: DownstreamClient) {}

  @Anonymous()
  @McpResource({ uri: 'open://news' })
  news() {
    return 'for everyone';
  }

  @Anonymous()
  @McpPrompt({ description: 'x' })
  openPrompt() {
    return 'for everyone';
  }

  @UsePolicy(OnlyOwn)
  @McpResourceTemplate({ uriTemplate: 'own://{id}', input: z.object({ id: z.coerce.number() }) })
  own({ id }: { id: number }) {
    return { id };
  }

  @McpResourceList({ resourceTemplate: 'own://{id}' })
  owned() {
    return [{ uri: 'own://7', name: 'seven' }];
  }

  @UsePolicy(OnlyOwn)
  @McpPrompt({ input: z.object({ city: z.string() }) })
  ownPrompt({ city }: { city: string }) {
    return city;
  }

  @McpCompletion({ prompt: 'own_prompt', argument: 'city' })
  cities() {
    return ['Bern'];
  }

  @McpResource({ uri: 'user://only', appOnly: 'deny' })
  user() {
    return 'x';
  }

  @McpPrompt({ description: 'x', acrValues: ['gold'] })
  strong() {
    return 'x';
  }

  @McpResourceTemplate({
    uriTemplate: 'order://{id}',
    scopes: (variables) => [`orders:${(variables as { id: string }).id}`],
    downstream: 'orders',
  })
  order({ id }: { id: string }) {
    return this.downstream.json(`/orders/${id}`);
  }

  @McpPrompt({ input: z.object({ id: z.string() }), downstream: 'orders' })
  async about({ id }: { id: string }) {
    return JSON.stringify(await this.downstream.json(`/orders/${id}`));
  }

  @McpResource({ uri: 'broken://x' })
  broken() {
    throw new Error('a secret of the database');
  }
}

interface Answer {
  readonly status: number;
  readonly challenge: string | null;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

async function ask(url: string, method: string, params: Record<string, unknown>, token?: string): Promise<Answer> {
  const name = params.uri as string | undefined;
  const headers = name === undefined ? {} : { 'mcp-name': name };
  const response = await post(url, message(method, params), { token, headers });
  const body = (await response.json()) as Omit<Answer, 'status' | 'challenge'>;
  return { ...body, status: response.status, challenge: response.headers.get('www-authenticate') };
}

describe('resources and prompts', () => {
  let server: DownstreamServer;
  beforeAll(async () => {
    server = await startDownstreamServer({ providers: [Offers, OnlyOwn] });
  });
  afterAll(() => server.close());

  const as = async (method: string, params: Record<string, unknown>, claims: Record<string, unknown> = {}) =>
    await ask(server.resource, method, params, await server.token(claims));

  test('that are anonymous are for everyone, and are all that strangers see', async () => {
    const { resource } = server;
    expect((await ask(resource, 'resources/read', { uri: 'open://news' })).result).toMatchObject({
      contents: [{ text: 'for everyone' }],
    });
    expect((await ask(resource, 'prompts/get', { name: 'open_prompt' })).status).toBe(200);
    expect((await ask(resource, 'resources/list', {})).result).toMatchObject({ resources: [{ uri: 'open://news' }] });
    expect((await ask(resource, 'prompts/list', {})).result).toMatchObject({ prompts: [{ name: 'open_prompt' }] });
    expect((await ask(resource, 'resources/templates/list', {})).result).toMatchObject({ resourceTemplates: [] });
    for (const uri of ['user://only', 'own://7', 'nothing://x']) {
      expect(await ask(resource, 'resources/read', { uri })).toMatchObject({ status: 401 });
    }
    expect((await ask(resource, 'prompts/get', { name: 'strong' })).status).toBe(401);
  });

  test('are under policies, which see the validated arguments', async () => {
    asked.length = 0;
    expect((await as('resources/read', { uri: 'own://7' })).result).toMatchObject({ contents: [{ text: '{"id":7}' }] });
    const denied = await as('resources/read', { uri: 'own://7' }, { sub: 'bob' });
    expect(denied.error).toMatchObject({ message: expect.stringContaining('These are not yours.') as unknown });
    expect(denied.error?.data).toMatchObject({ 'io.modelcontextprotocol/authorization': {} });
    const listed = async (sub: string) => JSON.stringify((await as('resources/list', {}, { sub })).result?.resources);
    expect(await listed('alice')).toContain('own://7');
    expect(await listed('bob')).not.toContain('own://7');
    const prompt = { name: 'own_prompt', arguments: { city: 'Bern' } };
    expect((await as('prompts/get', prompt)).result).toMatchObject({ messages: [{ content: { text: 'Bern' } }] });
    const forbidden = { message: expect.stringContaining('These are not yours.') as unknown };
    expect((await as('prompts/get', prompt, { sub: 'bob' })).error).toMatchObject(forbidden);
    const completion = { ref: { type: 'ref/prompt', name: 'own_prompt' }, argument: { name: 'city', value: 'B' } };
    expect((await as('completion/complete', completion)).result).toMatchObject({ completion: { values: ['Bern'] } });
    expect((await as('completion/complete', completion, { sub: 'bob' })).error).toMatchObject(forbidden);
    expect(asked.slice(0, 2)).toEqual([
      ['resources/read', 'own://7', { id: 7 }],
      ['resources/read', 'own://7', { id: 7 }],
    ]);
  });

  test('may be closed to clients without a user', async () => {
    const app = { sub: 'test-client', client_id: 'test-client' };
    expect((await as('resources/read', { uri: 'user://only' }, app)).error).toMatchObject({
      message: expect.stringContaining('has no user') as unknown,
    });
    expect((await as('resources/read', { uri: 'user://only' })).result).toMatchObject({ contents: [{ text: 'x' }] });
  });

  test('may take a stronger sign-in', async () => {
    const { status, challenge } = await as('prompts/get', { name: 'strong' });
    expect(status).toBe(401);
    expect(challenge).toMatch(/error="insufficient_user_authentication".*acr_values="gold"/);
    expect((await as('prompts/get', { name: 'strong' }, { acr: 'gold' })).status).toBe(200);
  });

  test('may take scopes that depend on their variables, and call APIs on behalf of the user', async () => {
    const { status, challenge } = await as('resources/read', { uri: 'order://7' }, { scope: 'orders:8' });
    expect(status).toBe(403);
    expect(challenge).toContain('scope="orders:7"');
    const read = await as('resources/read', { uri: 'order://7' }, { scope: 'orders:7' });
    expect(read.result).toMatchObject({
      contents: [{ uri: 'order://7', text: expect.stringContaining('"audience":"orders-api"') as unknown }],
    });
    const about = await as('prompts/get', { name: 'about', arguments: { id: '7' } }, { sub: 'bob' });
    expect(about.result).toMatchObject({
      messages: [{ content: { text: expect.stringContaining('"subject":"bob"') as unknown } }],
    });
    expect(server.orders.last.claims).toMatchObject({ sub: 'bob', aud: 'orders-api' });
  });

  test('that fail say no more than a reference', async () => {
    const { error } = await as('resources/read', { uri: 'broken://x' });
    expect(error?.code).toBe(-32603);
    expect(error?.message).toMatch(/^broken:\/\/x failed, for a reason that is not shown here\. Reference/);
  });

  test('that are asked for in odd ways are not there, and nothing breaks', async () => {
    const uris = ['', 'own://', 'own://%', 'own://%ff', `own://${'9'.repeat(9_000)}`, '__proto__', 'own://../7'];
    for (const uri of uris) {
      const { error, status } = await as('resources/read', { uri });
      expect(status).toBe(200);
      expect(error?.code).toBe(-32602);
    }
  });
});

describe("list: 'permitted'", () => {
  @Injectable()
  class Some {
    @McpTool({ description: 'x', scopes: ['secret'] })
    tool() {
      return 'x';
    }

    @McpResource({ uri: 'secret://x', scopes: ['secret'] })
    resource() {
      return 'x';
    }

    @McpResourceTemplate({ uriTemplate: 'secrets://{id}', scopes: ['secret'] })
    template() {
      return 'x';
    }

    @McpPrompt({ scopes: ['secret'] })
    prompt() {
      return 'x';
    }

    @McpResource({ uri: 'plain://x' })
    plain() {
      return 'x';
    }
  }

  let server: ProtectedServer;
  beforeAll(async () => {
    server = await startProtectedServer({ providers: [Some], options: { lists: { show: 'permitted' } } });
  });
  afterAll(() => server.close());

  test.each([
    ['tools/list', 'tools', 0],
    ['resources/list', 'resources', 1],
    ['resources/templates/list', 'resourceTemplates', 0],
    ['prompts/list', 'prompts', 0],
  ])('%s shows what the caller may use, to nobody else', async (method, key, others) => {
    const poor = await ask(server.resource, method, {}, await server.token());
    expect(poor.result?.[key]).toHaveLength(others);
    expect(poor.result?.cacheScope).toBe('private');
    const rich = await ask(server.resource, method, {}, await server.token('secret'));
    expect(rich.result?.[key]).toHaveLength(others + 1);
  });

  test('what is hidden is answered as if it were not there', async () => {
    const token = await server.token();
    const hidden = await ask(server.resource, 'resources/read', { uri: 'secret://x' }, token);
    const none = await ask(server.resource, 'resources/read', { uri: 'nothing://x' }, token);
    expect(hidden.error?.code).toBe(none.error?.code);
    expect(hidden.status).toBe(none.status);
    expect((await ask(server.resource, 'prompts/get', { name: 'prompt' }, token)).error?.code).toBe(-32602);
  });
});

describe('pages', () => {
  @Injectable()
  class Many {
    @McpResource({ uri: 'many://a' })
    a() {
      return 'x';
    }

    @McpResource({ uri: 'many://b' })
    b() {
      return 'x';
    }

    @McpResource({ uri: 'many://c' })
    c() {
      return 'x';
    }
  }

  let server: ProtectedServer;
  beforeAll(async () => {
    server = await startProtectedServer({ providers: [Many], options: { lists: { pageSize: 2 } } });
  });
  afterAll(() => server.close());

  test('are cut, in the order of names, and follow each other', async () => {
    const page = async (cursor?: unknown) =>
      await ask(server.resource, 'resources/list', cursor === undefined ? {} : { cursor }, await server.token());
    const first = (await page()).result as { resources: { uri: string }[]; nextCursor: string };
    expect(first.resources.map(({ uri }) => uri)).toEqual(['many://a', 'many://b']);
    const second = (await page(first.nextCursor)).result as { resources: { uri: string }[]; nextCursor?: string };
    expect(second.resources.map(({ uri }) => uri)).toEqual(['many://c']);
    expect(second).not.toHaveProperty('nextCursor');
    const beyond = await page(Buffer.from('after:many://z').toString('base64url'));
    expect(beyond.result).toMatchObject({ resources: [] });
    expect(beyond.result).not.toHaveProperty('nextCursor');
    for (const cursor of ['', 'nonsense', Buffer.from('x').toString('base64url')]) {
      expect((await page(cursor)).error?.code).toBe(-32602);
    }
  });
});
