import { Injectable } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { McpTool } from 'nestjs-mcp-auth';
import { CallShares } from '../../lib/mcp/protocol/call-shares.js';
import { SubscriptionStreams } from '../../lib/mcp/protocol/subscription-streams.js';
import { beginConversation } from '../support/conversation.js';
import { takeFailedAnswers } from '../support/failed-answers.js';
import { message, post, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import type { Platform } from '../support/test-application.js';

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  fine() {
    return 'fine';
  }
}

/** Nobody but this server can answer any more when these fail. None of them should. */
const PARTS: readonly (readonly [
  name: string,
  fail: (failure: () => never) => void,
  send: (resource: string, token: string) => Promise<Response>,
])[] = [
  [
    'a call',
    (failure) => jest.spyOn(CallShares.prototype, 'take').mockImplementation(failure),
    (resource, token) => post(resource, toolCall('fine'), { token }),
  ],
  [
    'a stream',
    (failure) => jest.spyOn(SubscriptionStreams.prototype, 'listen').mockImplementation(failure),
    async (resource, token) => {
      const headers = await beginConversation(resource, token);
      return await fetch(resource, {
        headers: { ...headers, accept: 'text/event-stream', authorization: `Bearer ${token}` },
      });
    },
  ],
  [
    'a subscription',
    (failure) => jest.spyOn(SubscriptionStreams.prototype, 'answer').mockImplementation(failure),
    (resource, token) =>
      post(resource, message('subscriptions/listen', { notifications: { toolsListChanged: true } }), { token }),
  ],
];

describe.each<Platform>(['express', 'fastify'])(
  'what fails after the platform let go of the response, on %s',
  (platform) => {
    let server: ProtectedServer;

    beforeAll(async () => {
      server = await startProtectedServer({ platform, providers: [Tools] });
    });

    afterEach(() => {
      jest.restoreAllMocks();
    });

    afterAll(() => server.close());

    test.each(PARTS)('%s is answered with 500 and a reference that is in the log', async (_name, fail, send) => {
      fail(() => {
        throw new Error('the inside');
      });
      const response = await send(server.resource, await server.token());
      const { error } = (await response.json()) as { error: { message: string } };
      expect(response.status).toBe(500);
      expect(response.headers.get('cache-control')).toContain('no-store');
      expect(error.message).not.toContain('the inside');
      const [, reference = ''] = /^Internal error. Reference for support: (\S+)$/.exec(error.message) ?? [];
      expect(server.log.text).toContain(`A request failed [${reference}]`);
      expect(takeFailedAnswers()).toHaveLength(1);
    });
  },
);
