import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { McpResource, McpResourceTemplate } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { OpenExchanges } from '../../lib/mcp/protocol/open-exchanges.js';
import { relay, type EndBody } from '../../lib/mcp/protocol/relayed-response.js';
import { callerLimits } from '../support/caller-limits.js';
import { message, post } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

describe('a relayed body', () => {
  test('is over once, whoever ends it', async () => {
    const piece = new TextEncoder().encode('piece ');
    const source = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        controller.enqueue(piece);
      },
    });
    let end: EndBody = () => undefined;
    let over = 0;
    const onStart = (given: EndBody) => (end = given);
    const relayed = relay(new Response(source), { onStart, onOver: () => (over += 1) });
    end(new TextEncoder().encode('farewell'));
    end(new TextEncoder().encode('again'));

    expect(await relayed.text()).toMatch(/^(?:piece )*farewell$/);
    end();
    expect(over).toBe(1);
  });

  test('is as it was if there is none', () => {
    const response = new Response(null, { status: 204 });

    expect(relay(response, {})).toBe(response);
  });
});

describe('a client before 2026-07-28', () => {
  test('answers a question once, even at once', async () => {
    const exchanges = new OpenExchanges(callerLimits().of('openQuestions'));
    const delivered: unknown[] = [];
    const id = exchanges.expect(
      'party',
      undefined,
      () => Promise.resolve(undefined),
      (answer) => delivered.push(answer),
    );
    const answer = (result: Record<string, unknown>) =>
      exchanges.answer('party', { jsonrpc: '2.0', id, result }, undefined);

    expect(await Promise.all([answer({ a: 1 }), answer({ a: 2 })])).toStrictEqual(['delivered', 'unknown']);
    expect(delivered).toStrictEqual([{ jsonrpc: '2.0', id, result: { a: 1 } }]);
  });

  test('cancels nothing without the id of a call', () => {
    const exchanges = new OpenExchanges(callerLimits().of('openQuestions'));
    exchanges.begin('party', 'null', () => undefined);

    expect(exchanges.cancel('party', { jsonrpc: '2.0', method: 'notifications/cancelled' })).toBe(false);
  });
});

class Files {
  @McpResource({ uri: 'files://root/secret', scopes: ['admin'] })
  secret() {
    return 'secret';
  }

  @McpResourceTemplate({ uriTemplate: 'files://root{/path*}' })
  file({ path }: { path: string | string[] }) {
    return JSON.stringify(path);
  }

  @McpResource({ uri: 'orders://9', scopes: ['admin'] })
  ninth() {
    return 'secret';
  }

  @McpResourceTemplate({ uriTemplate: 'orders://{id}', input: z.object({ id: z.coerce.number().min(3) }) })
  order({ id }: { id: number }) {
    return JSON.stringify(id);
  }

  @McpResourceTemplate({ uriTemplate: 'raw://{+path}' })
  raw({ path }: { path: string }) {
    return path;
  }
}

describe.each(['express', 'fastify'] as const)('the values of a template, on %s', (platform) => {
  let server: ProtectedServer;
  beforeAll(async () => {
    server = await startProtectedServer({ platform, providers: [Files] });
  });
  afterAll(() => server.close());

  async function read(uri: string): Promise<unknown> {
    const response = await post(server.resource, message('resources/read', { uri }), {
      token: await server.token(),
      headers: { 'mcp-name': uri },
    });
    const { result, error } = (await response.json()) as {
      result?: { contents: { text: string }[] };
      error?: { message: string };
    };
    return result?.contents[0]?.text ?? error?.message;
  }

  test.each<[string, string]>([
    ['files://root/a', '"a"'],
    ['files://root/a/b', '["a","b"]'],
    ['files://root/a//b', 'Resource not found: files://root/a//b'],
    ['orders://7', '7'],
    ['orders://07', '7'],
    ['orders://0x7', '7'],
    ['orders://09', 'Resource not found: orders://09'],
    ['orders://1', 'Invalid arguments for orders://{id}:\n- id: Too small: expected number to be >=3'],
    ['raw://a/b', 'a/b'],
    ['raw://a%2Fb', 'Resource not found: raw://a%2Fb'],
    ['raw://a%FF', 'Resource not found: raw://a%FF'],
  ])('%s', async (uri, text) => {
    expect(await read(uri)).toBe(text);
  });

  test('a subscription takes the session of initialize', async () => {
    const body = { jsonrpc: '2.0', id: 1, method: 'resources/subscribe', params: { uri: 'raw://a' } };
    const response = await post(server.resource, body, {
      token: await server.token(),
      headers: { 'mcp-protocol-version': '2025-11-25' },
    });

    expect(await response.text()).toContain('Subscriptions take the Mcp-Session-Id of initialize');
  });
});
