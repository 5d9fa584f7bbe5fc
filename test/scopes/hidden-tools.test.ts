import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Anonymous, McpTool } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { message, post, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

let runs = 0;

@Injectable()
class Tools {
  @McpTool({ description: 'x', input: z.object({ id: z.string() }), scopes: ['secret:use'], acrValues: ['mfa'] })
  secret(): string {
    runs++;
    return 'ran';
  }
  @McpTool({ description: 'x', scopes: ['public:use'] })
  known(): string {
    return 'ran';
  }
  @McpTool({ description: 'x' })
  @Anonymous()
  open(): string {
    return 'ran';
  }
}

/** All that a client can tell two answers apart by, with the name it asked for taken out. */
async function answer(response: Response, name: string): Promise<unknown> {
  const headers = Object.fromEntries([...response.headers].filter(([header]) => header !== 'date'));
  const body = (await response.text()).replaceAll(name, 'NAME');
  return { status: response.status, headers: { ...headers, 'content-length': undefined, etag: undefined }, body };
}

describe.each(['express', 'fastify'] as const)("list: 'permitted' on %s", (platform) => {
  let server: ProtectedServer;

  beforeAll(async () => {
    server = await startProtectedServer({ platform, providers: [Tools], options: { lists: { show: 'permitted' } } });
  });
  afterAll(() => server.close());

  test.each<[string, string | undefined, Record<string, unknown>]>([
    ['a caller without its scopes', 'public:use', {}],
    ['a caller without its scopes and with bad arguments', 'public:use', { id: 7 }],
    ['a caller without any scope', '', { id: 'x' }],
    ['a stranger', undefined, { id: 'x' }],
  ])('a denied and an unknown tool look the same to %s', async (_name, scope, args) => {
    const token = scope === undefined ? undefined : await server.token(scope);
    const ask = async (name: string) =>
      await answer(await post(server.resource, toolCall(name, args), { token }), name);
    const [denied, unknown] = [await ask('secret'), await ask('absent')];
    expect(denied).toEqual(unknown);
    expect(runs).toBe(0);
  });

  test('as a notification too', async () => {
    const token = await server.token('');
    const ask = async (name: string) => {
      const notification = { ...toolCall(name), id: undefined };
      return await answer(await post(server.resource, notification, { token }), name);
    };
    expect(await ask('secret')).toEqual(await ask('absent'));
    expect(runs).toBe(0);
  });

  test('the challenge for it is that for anything else', async () => {
    const challengeOf = async (body: unknown) => (await post(server.resource, body)).headers.get('www-authenticate');
    expect(await challengeOf(toolCall('secret'))).toBe(
      await challengeOf(message('resources/read', { uri: 'orders://7' })),
    );
  });

  test('whoever may see it is asked to step up', async () => {
    const response = await post(server.resource, toolCall('secret', { id: 'x' }), {
      token: await server.token('secret:use'),
    });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toContain('acr_values="mfa"');
  });
});
