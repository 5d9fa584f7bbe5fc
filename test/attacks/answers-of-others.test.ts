import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { McpAuthModule, type AuditEvent } from 'nestjs-mcp-auth';
import { parseChallenge } from '../compliance/challenge-parameters.js';
import { beginConversation } from '../support/conversation.js';
import { HeardStream } from '../support/heard-stream.js';
import { LocalBus } from '../support/local-bus.js';
import { post } from '../support/mcp-request.js';
import { optionsFor } from '../support/module-options.js';
import { startApplication, type TestApplication } from '../support/test-application.js';
import { TestIssuer } from '../support/test-issuer.js';
import { argumentsOf, effects, GOOD, PayingTools, WEAKER, weaken, type Rights } from './paying-tools.js';

const events: AuditEvent[] = [];

/** How HTTP says why an answer is refused. */
const ANSWERS: Readonly<Record<string, readonly [status: number, error?: string]>> = {
  insufficient_scope: [403, 'insufficient_scope'],
  insufficient_user_authentication: [401, 'insufficient_user_authentication'],
  policy: [403],
  app_only: [403],
};

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  let issuer: TestIssuer;
  const apps: TestApplication[] = [];

  beforeAll(async () => {
    issuer = await TestIssuer.start();
    const replicas = { keys: [randomBytes(32)], bus: new LocalBus() };
    for (let count = 0; count < 2; count += 1) {
      const app = await startApplication({
        platform,
        providers: [PayingTools],
        imports: (origin) => {
          const resource = `${apps[0]?.origin ?? origin}/mcp`;
          const auditSink = { record: (event: AuditEvent) => void events.push(event) };
          const options = {
            resource,
            endpoint: { allowedHosts: 'any' },
            replicas,
            observability: { auditSink },
          } as const;
          return [McpAuthModule.forRoot(optionsFor(origin, issuer.issuer, options))];
        },
      });
      apps.push(app);
    }
  });
  afterEach(() => {
    effects.length = 0;
  });
  afterAll(async () => {
    for (const app of apps.splice(0)) await app.close();
    await issuer.close();
  });

  const at = (index: number) => `${apps[index]?.origin ?? ''}/mcp`;

  async function tokenOf({ scope, claims }: Rights = GOOD): Promise<string> {
    return await issuer.token({ aud: at(0), sub: 'alice', scope, ...claims });
  }

  /** A call that asks its user, at the first replica. */
  async function ask(tool: string, token: string | undefined) {
    const headers = await beginConversation(at(0), token, { elicitation: { form: {} } });
    const params = { name: tool, arguments: argumentsOf(tool) };
    const stream = new HeardStream(
      await post(at(0), { jsonrpc: '2.0', id: 'call', method: 'tools/call', params }, { token, headers }),
    );
    const [, asked = ''] = await stream.hear(/^data: (.*"elicitation\/create".*)\n/m);
    const { id: question } = JSON.parse(asked) as { id: string };
    return { headers, stream, question };
  }

  type Asked = Awaited<ReturnType<typeof ask>>;

  async function answer(replica: number, { headers, question }: Asked, token: string | undefined): Promise<Response> {
    const result = { action: 'accept', content: { sure: true } };
    return await post(at(replica), { jsonrpc: '2.0', id: question, result }, { token, headers });
  }

  describe.each([
    ['at the replica that asked', 0],
    ['at another replica', 1],
  ])('an answer %s', (_where, replica) => {
    test.each(WEAKER)('where %s is refused, once, and has no effect', async (_what, tool, weaker, reason) => {
      const [status, error] = ANSWERS[reason] ?? [0];
      const asked = await ask(tool, await tokenOf());
      events.length = 0;
      const refused = await answer(replica, asked, await tokenOf(weaken(weaker)));
      // Another replica does not know what the question was.
      expect(refused.status).toBe(replica === 0 ? status : 202);
      const challenge = refused.headers.get('www-authenticate');
      if (replica === 0 && error !== undefined) expect(parseChallenge(challenge ?? '').error).toBe(error);
      while (events.length === 0) await new Promise((resolve) => setImmediate(resolve));
      expect(events).toEqual([
        expect.objectContaining({
          type: 'operation_denied',
          reason,
          operation: expect.objectContaining({ method: 'tools/call', name: tool }),
        }),
      ]);
      expect(effects).toEqual([]);
      // The question is still open for whoever may answer.
      expect((await answer(replica, asked, await tokenOf())).status).toBe(202);
      await asked.stream.over;
      expect(effects).toEqual([`${tool} has paid`]);
    });

    test.each<[string, Record<string, unknown>]>([
      ['another user', { sub: 'mallory' }],
      ['another client', { client_id: 'other' }],
    ])('of %s is an answer to no question', async (_who, claims) => {
      const asked = await ask('fixed', await tokenOf());
      const token = await tokenOf(weaken({ claims }));
      expect((await answer(replica, asked, token)).status).toBe(202);
      expect(effects).toEqual([]);
      expect((await answer(replica, asked, await tokenOf())).status).toBe(202);
      await asked.stream.over;
      expect(effects).toEqual(['fixed has paid']);
    });

    test('of another conversation is an answer to no question', async () => {
      const asked = await ask('fixed', await tokenOf());
      const headers = await beginConversation(at(0), await tokenOf());
      expect((await answer(replica, { ...asked, headers }, await tokenOf())).status).toBe(202);
      expect(effects).toEqual([]);
      await answer(replica, asked, await tokenOf());
      await asked.stream.over;
    });

    test('with a token that has expired is refused', async () => {
      const asked = await ask('fixed', await tokenOf());
      const expired = await tokenOf(weaken({ claims: { exp: 1 } }));
      expect((await answer(replica, asked, expired)).status).toBe(401);
      expect((await answer(replica, asked, undefined)).status).toBe(202);
      expect(effects).toEqual([]);
      await answer(replica, asked, await tokenOf());
      await asked.stream.over;
    });

    test('counts once, though it comes many times at once', async () => {
      const asked = await ask('fixed', await tokenOf());
      const token = await tokenOf();
      await Promise.all(Array.from({ length: 4 }, () => answer(replica, asked, token)));
      await asked.stream.over;
      expect(effects).toEqual(['fixed has paid']);
    });

    test('to a tool for everyone needs no token', async () => {
      const asked = await ask('of_anyone', undefined);
      expect((await answer(replica, asked, await tokenOf())).status).toBe(202);
      expect(effects).toEqual([]);
      expect((await answer(replica, asked, undefined)).status).toBe(202);
      await asked.stream.over;
      expect(effects).toEqual(['of_anyone has paid']);
    });
  });

  test.each<[string, number, Record<string, unknown>]>([
    ['another user', 0, { sub: 'mallory' }],
    ['another client', 0, { client_id: 'other' }],
    ['another user, at another replica', 1, { sub: 'mallory' }],
    ['another client, at another replica', 1, { client_id: 'other' }],
  ])('%s cannot cancel a call', async (_who, replica, claims) => {
    const asked = await ask('fixed', await tokenOf());
    const body = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'call' } };
    const token = await tokenOf(weaken({ claims }));
    expect((await post(at(replica), body, { token, headers: asked.headers })).status).toBe(202);
    await answer(0, asked, await tokenOf());
    await asked.stream.over;
    expect(effects).toEqual(['fixed has paid']);
  });
});
