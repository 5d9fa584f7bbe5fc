import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { McpOpenApi } from 'nestjs-mcp-auth';
import { startDownstreamServer, type DownstreamServer } from '../../downstream/downstream-server.js';
import { post, toolCall } from '../../support/mcp-request.js';
import { documentWith } from './security-document.js';

/** What an operation has as `security`, and what callers get: `done`, or the scopes of the challenge. */
const CASES: readonly (readonly [security: unknown, outcomes: Readonly<Record<string, string>>])[] = [
  // All scopes of an entry.
  [[{ oauth: ['a'] }], { '': 'a', b: 'a', a: 'done' }],
  [[{ oauth: ['a', 'b'] }], { '': 'a b', a: 'a b', 'b a': 'done' }],
  [[{ oauth: ['a'], oidc: ['b'] }], { a: 'a b', b: 'a b', 'a b': 'done' }],
  [[{ oauth: ['a'], referred: ['a'] }], { '': 'a', a: 'done' }],
  // One of the entries.
  [[{ oauth: ['a'] }, { oauth: ['b'] }], { '': 'a', c: 'a', b: 'done', a: 'done' }],
  [[{ oauth: ['a', 'b'] }, { oidc: ['c'] }], { '': 'a b', a: 'a b', b: 'a b', c: 'done', 'a b': 'done' }],
  [[{ oauth: ['a'] }, { oauth: ['b', 'c'] }], { '': 'a', c: 'b c', a: 'done', 'b c': 'done' }],
  [[{ oauth: ['a', 'b'] }, { oauth: ['a'] }], { '': 'a', b: 'a', a: 'done' }],
  // Every type of scheme.
  [[{ oidc: ['a'] }], { '': 'a', a: 'done' }],
  [[{ bearer: ['a'] }], { '': 'a', a: 'done' }],
  [[{ referred: ['a'] }], { '': 'a', a: 'done' }],
  [[{ bearer: [] }], { '': 'done' }],
  [[{ basic: [] }], { '': 'done' }],
  [[{ key: [] }], { '': 'done' }],
  [[{ key: ['a'] }], { '': 'done' }],
  [[{ mtls: [] }], { '': 'done' }],
  // A key or a certificate is not what callers have. It opens nothing to them.
  [[{ key: [] }, { oauth: ['a'] }], { '': 'a', a: 'done' }],
  [[{ basic: [] }, { mtls: [] }, { oidc: ['a'] }], { '': 'a', a: 'done' }],
  [[{ bearer: [] }, { oauth: ['a'] }], { '': 'a', a: 'done' }],
  [[{ key: [], oauth: ['a'] }], { '': 'a', a: 'done' }],
  [[{ mtls: [], oauth: ['a'] }, { key: [] }], { '': 'a', a: 'done' }],
  // Nothing is demanded.
  [[{ oauth: [] }], { '': 'done' }],
  [[{ oauth: ['a'] }, { oauth: [] }], { '': 'done' }],
  [[{}], { '': 'done' }],
  [[{ oauth: ['a'] }, {}], { '': 'done' }],
  [[], { '': 'done' }],
  // The document's own security counts where the operation has none.
  [undefined, { '': 'c', a: 'c', c: 'done' }],
  // Clients ask for it themselves, and several scopes may be written as one.
  [[{ oauth: ['a', 'offline_access'] }], { '': 'a', a: 'done' }],
  [[{ oauth: ['a b'] }], { '': 'a b', a: 'a b', 'a b': 'done' }],
];

const OUTCOMES = CASES.flatMap(([security, outcomes], index) =>
  Object.entries(outcomes).map(([held, outcome]) => ({ tool: `tool${index}`, security, held, outcome })),
);

@McpOpenApi({
  downstream: 'orders',
  document: documentWith(
    CASES.map(([security]) => security),
    { security: [{ oauth: ['c'] }] },
  ),
})
class Secured {}

describe.each(['express', 'fastify'] as const)('security of an operation on %s', (platform) => {
  let server: DownstreamServer;

  beforeAll(async () => {
    server = await startDownstreamServer({ platform, providers: [Secured] });
  });
  afterAll(() => server.close());

  test.each(OUTCOMES)('$security: a holder of "$held" gets $outcome', async ({ tool, held, outcome }) => {
    server.orders.requests.length = 0;

    const response = await post(server.resource, toolCall(tool), { token: await server.token({ scope: held }) });

    await response.text();
    const challenge = response.headers.get('www-authenticate') ?? '';
    const scope = /scope="([^"]*)"/.exec(challenge)?.[1];
    if (outcome === 'done') {
      expect(response.status).toBe(200);
      expect(server.orders.requests).toHaveLength(1);
    } else {
      expect([response.status, scope]).toStrictEqual([403, outcome]);
      expect(challenge).toContain('error="insufficient_scope"');
      expect(server.orders.requests).toHaveLength(0);
    }
  });

  test.each(CASES.map(([security], index) => ({ tool: `tool${index}`, security })))(
    '$security: takes a valid token',
    async ({ tool }) => {
      server.orders.requests.length = 0;

      const response = await post(server.resource, toolCall(tool));

      await response.text();
      expect(response.status).toBe(401);
      expect(server.orders.requests).toHaveLength(0);
    },
  );

  test('a stranger is asked for one alternative, and may step up with it', async () => {
    const refused = await post(server.resource, toolCall('tool5'));
    await refused.text();
    const scope = /scope="([^"]*)"/.exec(refused.headers.get('www-authenticate') ?? '')?.[1] ?? '';
    const response = await post(server.resource, toolCall('tool5'), { token: await server.token({ scope }) });
    await response.text();

    expect(scope).toBe('a b');
    expect(response.status).toBe(200);
  });
});
