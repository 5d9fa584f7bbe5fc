import { describe, expect, test } from '@jest/globals';
import { beginConversation } from '../support/conversation.js';
import { callTool, message, post, textOf, toolCall } from '../support/mcp-request.js';
import { startProtectedServer } from '../support/protected-server.js';
import { Slow } from '../support/slow-tool.js';
import type { TestIssuer } from '../support/test-issuer.js';
import type { Platform } from '../support/test-application.js';

const REQUESTS: readonly (readonly [
  name: string,
  send: (resource: string, token: string, conversation: Record<string, string>) => Promise<Response>,
])[] = [
  ['a list', (resource, token) => post(resource, message('tools/list'), { token })],
  ['a call', (resource, token) => post(resource, toolCall('slow'), { token })],
  ['a call without a token', (resource) => post(resource, toolCall('slow'))],
  [
    'a stream',
    (resource, token, conversation) =>
      fetch(resource, { headers: { ...conversation, accept: 'text/event-stream', authorization: `Bearer ${token}` } }),
  ],
  [
    'a subscription',
    (resource, token) => post(resource, message('subscriptions/listen', { notifications: {} }), { token }),
  ],
];

/** The issuer answers this path when it is told to. */
function holdAnswers(
  issuer: TestIssuer,
  path: string,
): { readonly asked: Promise<void>; readonly release: () => void } {
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const asked = new Promise<void>((resolve) => {
    issuer.answers.set(path, async (_request, response) => {
      resolve();
      await released;
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ keys: issuer.keys.map(({ publicJwk }) => publicJwk) }));
    });
  });
  return { asked, release };
}

describe.each<Platform>(['express', 'fastify'])('a request to a server that stops, on %s', (platform) => {
  test('is answered with 503, whatever it is, and what runs is finished', async () => {
    const slow = new Slow();
    const server = await startProtectedServer({ platform, providers: [{ provide: Slow, useValue: slow }] });
    const token = await server.token();
    const conversation = await beginConversation(server.resource, token);
    const calling = callTool(server.resource, token, 'slow');
    await slow.started;
    const closing = server.app.close();
    const answers = await Promise.all(
      REQUESTS.map(async ([name, send]) => {
        const response = await send(server.resource, token, conversation);
        const body = (await response.json()) as { error?: { message: string } };
        const { headers, status } = response;
        return [name, status, headers.get('retry-after'), headers.get('connection'), body.error?.message];
      }),
    );
    expect(answers).toEqual(REQUESTS.map(([name]) => [name, 503, '1', 'close', 'The server is stopping. Try again']));
    slow.finish();
    expect(textOf(await calling)).toBe('done');
    await closing;
    await server.close();
  });

  test('is served to the end if it came before, whatever was still to be decided about it', async () => {
    const server = await startProtectedServer({ platform, providers: [Slow] });
    const token = await server.token();
    // The keys are not there yet: the request waits for them while the server begins to stop.
    const keys = holdAnswers(server.issuer, '/jwks');
    const listing = post(server.resource, message('tools/list'), { token });
    await keys.asked;
    const closing = server.app.close();
    keys.release();
    expect((await listing).status).toBe(200);
    await closing;
    await server.close();
  });
});
