import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Policy, PolicyRequest } from 'nestjs-mcp-auth';
import { startForeignServer, type ForeignServer } from '../foreign-servers/foreign-server.js';

/** What policies were asked about. */
const asked: { method: string; name: string | undefined }[] = [];

/** Knows the uses that it guards, and no other operations. */
class NotForBob implements Policy {
  permits({ caller, operation }: PolicyRequest) {
    asked.push({ method: operation.method, name: operation.name });
    return !['prompts/get', 'resources/read'].includes(operation.method) || caller?.subject !== 'bob';
  }
}

/** Whom it lets through takes an argument. */
class NotAda implements Policy {
  permits({ arguments: input }: PolicyRequest) {
    return (input as { name: string }).name !== 'Ada';
  }
}

const RULES = {
  prompts: { greet: { policies: [NotForBob] }, named: { policies: [NotAda] } },
  resources: { 'orders://one': { policies: [NotForBob] }, 'orders://{id}/lines': { policies: [NotForBob] } },
};

const argument = { name: 'name', value: 'A' };
const complete = (ref: object, context = {}) => ['completion/complete', { ref, argument, ...context }] as const;

describe.each(['express', 'fastify'] as const)('on %s, a policy of another server', (platform) => {
  let server: ForeignServer;
  beforeAll(async () => {
    server = await startForeignServer({ platform, rules: RULES, providers: [NotForBob, NotAda] });
  });
  afterAll(() => server.close());
  beforeEach(() => {
    asked.length = 0;
    server.reached.length = 0;
  });

  test.each([
    [...complete({ type: 'ref/prompt', name: 'greet' }), 'prompts/get', 'greet'],
    [...complete({ type: 'ref/resource', uri: 'orders://{id}/lines' }), 'resources/read', 'orders://{id}/lines'],
    ['prompts/get', { name: 'greet' }, 'prompts/get', 'greet'],
    ['resources/read', { uri: 'orders://7/lines' }, 'resources/read', 'orders://7/lines'],
    ['resources/subscribe', { uri: 'orders://one' }, 'resources/read', 'orders://one'],
    ['resources/unsubscribe', { uri: 'orders://7/lines' }, 'resources/read', 'orders://7/lines'],
  ])('of %s %j sees the use that it guards: %s %s', async (method, params, use, name) => {
    const refused = await server.send(method, params, { token: await server.token('', { sub: 'bob' }) });
    expect(refused.status).toBe(403);
    expect(server.reached).toEqual([]);
    expect(asked).toEqual([{ method: use, name }]);
    const allowed = await server.send(method, params, { token: await server.token('', { sub: 'alice' }) });
    expect(allowed.status).toBe(200);
  });

  test('that looks at an argument that nobody knows yet refuses the completion, and does not fail', async () => {
    const token = await server.token();
    const ref = { type: 'ref/prompt', name: 'named' };
    for (const context of [{}, { context: { arguments: { other: 'x' } } }, { context: { arguments: { name: 'Bea' } } }])
      expect((await server.send(...complete(ref, context), { token })).status).toBe(403);
    expect(server.reached).toEqual([]);
    expect(server.log.text).not.toContain('A policy failed');
    const other = { argument: { name: 'tone', value: '' }, context: { arguments: { name: 'Bea' } } };
    expect((await server.send('completion/complete', { ref, ...other }, { token })).status).toBe(200);
    const ada = { ...other, context: { arguments: { name: 'Ada' } } };
    expect((await server.send('completion/complete', { ref, ...ada }, { token })).status).toBe(403);
  });
});
