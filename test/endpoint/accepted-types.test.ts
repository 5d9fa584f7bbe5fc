import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpTool, type McpContext } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { request as requestHttp, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { send, type Answer } from '../proof/send.js';
import { beginConversation } from '../support/conversation.js';
import { headersFor, message, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

@Injectable()
class Tools {
  @McpTool({ description: 'Answers' })
  run(): string {
    return 'ran\u2028on';
  }

  @McpTool({ description: 'Tells how far it is' })
  async count(_args: unknown, context: McpContext): Promise<string> {
    await context.progress(1, 2);
    return 'counted';
  }

  @McpTool({ description: 'Asks the user' })
  async ask(_args: unknown, context: McpContext): Promise<string> {
    const answer = await context.elicit('Your name?', z.object({ name: z.string() }));
    return answer.action;
  }

  @McpTool({ description: 'For nobody', scopes: ['none'] })
  guarded(): string {
    return 'ran';
  }
}

/** Sends a request without a body, and closes the connection when the head of the answer is there. */
async function open(
  url: string,
  method: string,
  headers: Record<string, string | undefined>,
): Promise<IncomingMessage> {
  const sent = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
  const asked = requestHttp(url, { method, agent: false, headers: sent as Record<string, string> }).end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  response.destroy();
  return response;
}

type Era = '2025-11-25' | '2026-07-28';

/** Of an answer of either form, its one result. */
function readResult({ headers, text }: Answer): unknown {
  const isStream = headers['content-type']?.startsWith('text/event-stream') === true;
  const messages = isStream ? Array.from(text.matchAll(/^data: ([^\n]*)$/gm), ([, data = '']) => data) : [text];
  return messages.map((one) => JSON.parse(one) as { result?: unknown }).find(({ result }) => result)?.result;
}

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  let server: ProtectedServer;
  let conversation: Record<string, string>;

  beforeAll(async () => {
    server = await startProtectedServer({ platform, providers: [Tools] });
    conversation = await beginConversation(server.resource, await server.token(), { elicitation: {} });
  });
  afterAll(() => server.close());

  async function ask(era: Era, accept: string | undefined, body: Record<string, unknown>): Promise<Answer> {
    const { params } = body as { params: Record<string, unknown> };
    const meta = { ...(params._meta as Record<string, unknown>), progressToken: 1 };
    const sent =
      era === '2026-07-28'
        ? { ...body, params: { ...params, _meta: meta } }
        : { ...body, params: { ...params, _meta: { progressToken: 1 } } };
    const { accept: _both, ...headers } = headersFor(sent, await server.token());
    return await send(server.resource, {
      body: sent,
      headers: { ...headers, ...(era === '2025-11-25' && conversation), accept },
    });
  }

  describe.each<Era>(['2025-11-25', '2026-07-28'])('a client of %s', (era) => {
    test.each<[string | undefined, RegExp]>([
      [undefined, /json|event-stream/],
      ['', /json|event-stream/],
      ['*/*', /json|event-stream/],
      ['application/json, text/event-stream', /json|event-stream/],
      ['text/event-stream;q=0.9, application/json;q=0.1', /json|event-stream/],
      ['APPLICATION/JSON , Text/Event-Stream', /json|event-stream/],
      ['application/json, text/plain, */*', /json|event-stream/],
      ['text/html, */*;q=0.1', /json|event-stream/],
      ['application/json', /json/],
      ['application/*', /json/],
      ['application/json; charset=utf-8', /json/],
      ['application/json, text/event-stream;q=0', /json/],
      ['*/*, text/event-stream;q=0', /json/],
      ['text/event-stream', /event-stream/],
      ['text/*', /event-stream/],
      ['text/event-stream, application/json;q=0.0', /event-stream/],
    ])('that accepts "%s" can read the answer', async (accept, type) => {
      const answer = await ask(era, accept, toolCall('run'));
      expect(answer.status).toBe(200);
      expect(answer.headers['content-type']).toMatch(type);
      expect(readResult(answer)).toMatchObject({ content: [{ type: 'text', text: 'ran\u2028on' }] });
    });

    test('that reads no streams does without the notifications', async () => {
      const answer = await ask(era, 'application/json', toolCall('count'));
      expect(answer.headers['content-type']).toMatch(/^application\/json/);
      expect(JSON.parse(answer.text)).toMatchObject({ id: 1, result: { content: [{ text: 'counted' }] } });
    });

    test.each(['text/html', 'image/*', 'application/json;q=0, text/html'])(
      'that accepts "%s" can read no answer',
      async (accept) => {
        const answer = await ask(era, accept, toolCall('run'));
        expect(answer.status).toBe(406);
        expect(JSON.parse(answer.text)).toMatchObject({ id: 1, error: { code: -32_000 } });
      },
    );

    test.each([undefined, 'application/json', 'text/event-stream'])(
      'that accepts "%s" is challenged as any other',
      async (accept) => {
        const answer = await ask(era, accept, toolCall('guarded'));
        expect(answer.status).toBe(403);
        expect(answer.headers['www-authenticate']).toContain('insufficient_scope');
      },
    );
  });

  test('a client that reads no streams is not asked what it could not hear', async () => {
    const answer = await ask('2025-11-25', 'application/json', toolCall('ask'));
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
    expect(JSON.parse(answer.text)).toMatchObject({
      id: 1,
      result: { isError: true, content: [{ text: expect.stringContaining('did not declare') }] },
    });
  });

  test('a subscription needs a stream', async () => {
    const listen = message('subscriptions/listen', { notifications: { toolsListChanged: true } });
    expect((await ask('2026-07-28', 'application/json', listen)).status).toBe(406);
  });

  const ACCEPTS: readonly (readonly [string | undefined, boolean])[] = [
    [undefined, true],
    ['', true],
    ['*/*', true],
    ['text/event-stream', true],
    ['Text/Event-Stream; charset=utf-8', true],
    ['application/json, text/event-stream', true],
    ['text/event-stream;q=0.1, application/json', true],
    ['text/*', true],
    ['application/json', false],
    ['application/*', false],
    ['text/html', false],
    ['*/*, text/event-stream;q=0', false],
  ];

  test.each(ACCEPTS)('a GET that accepts "%s" of a client that has said hello', async (accept, isStream) => {
    const headers = { ...conversation, authorization: `Bearer ${await server.token()}`, accept };
    const answer = await open(server.resource, 'GET', headers);
    expect(answer.statusCode).toBe(isStream ? 200 : 405);
    expect(answer.headers['content-type']).toContain(isStream ? 'text/event-stream' : 'application/json');
  });

  test.each(ACCEPTS)('a GET that accepts "%s" of anybody else', async (accept) => {
    const authorization = `Bearer ${await server.token()}`;
    const answer = await open(server.resource, 'GET', { authorization, accept });
    expect(answer.statusCode).toBe(405);
    expect(answer.headers.allow).toBe('POST, OPTIONS');
    const challenged = await open(server.resource, 'GET', { ...conversation, accept });
    expect(challenged.statusCode).toBe(401);
    expect(challenged.headers['www-authenticate']).toContain('resource_metadata=');
  });

  test.each(ACCEPTS)('a DELETE that accepts "%s" ends nothing', async (accept) => {
    const authorization = `Bearer ${await server.token()}`;
    for (const [said, allowed] of [
      [conversation, 'GET, POST, OPTIONS'],
      [{}, 'POST, OPTIONS'],
    ] as const) {
      const answer = await open(server.resource, 'DELETE', { ...said, authorization, accept });
      expect(answer.statusCode).toBe(405);
      expect(answer.headers.allow).toBe(allowed);
    }
    expect((await open(server.resource, 'DELETE', { ...conversation, accept })).statusCode).toBe(401);
  });
});
