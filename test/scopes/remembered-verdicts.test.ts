import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpRegistry, McpResource, McpTool } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { ScopeHierarchy } from '../../lib/resource-server/access/scope-hierarchy.js';
import { fixRule, judgeScopes, type ScopeRule } from '../../lib/resource-server/access/scope-rule.js';
import { ScopeVerdicts } from '../../lib/resource-server/access/scope-verdicts.js';
import { HeardStream } from '../support/heard-stream.js';
import { message, post, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

const listOfFind: string[] = ['orders:read'];

@Injectable()
class Orders {
  @McpTool({ description: 'Finds', scopes: listOfFind })
  find() {
    return 'found';
  }

  @McpTool({ description: 'Moves', scopes: { allOf: ['orders:write'], anyOf: ['eu', 'us'] } })
  move() {
    return 'moved';
  }

  @McpTool({ description: 'Ships', input: z.object({ to: z.string() }), scopes: ({ to }) => [`to:${to}`] })
  ship() {
    return 'shipped';
  }

  @McpResource({ uri: 'orders://all', scopes: ['orders:read'] })
  all() {
    return 'none';
  }
}

async function isPermitted(answer: Response): Promise<boolean> {
  return (await answer.text()).includes('"result"');
}

/** Each verdict that is reached of a fixed rule. What is remembered is not reached again. */
let reached: jest.SpiedFunction<ScopeVerdicts['keep']>;

beforeEach(() => {
  reached = jest.spyOn(ScopeVerdicts.prototype, 'keep');
});
afterEach(() => {
  reached.mockRestore();
});

/** How often a verdict was reached of each rule. */
function countByRule(): readonly (readonly [rule: string, times: number])[] {
  const rules = reached.mock.calls.map(([rule]) => rule);
  return [...new Set(rules)].map((rule) => [JSON.stringify(rule), rules.filter((one) => one === rule).length] as const);
}

describe.each(['express', 'fastify'] as const)('the scopes of a caller, on %s', (platform) => {
  let server: ProtectedServer;

  beforeAll(async () => {
    server = await startProtectedServer({
      platform,
      providers: [Orders],
      options: { lists: { show: 'permitted' }, limits: { rate: { acceptUnlimitedRequests: true } } },
    });
  });
  afterAll(() => server.close());

  /**
   * Uses the server in each way in which the scopes of a caller are looked at.
   *
   * @returns what was permitted. To a caller without the scopes a tool is unknown here
   */
  async function use(token: string): Promise<readonly boolean[]> {
    const call = await post(server.resource, toolCall('find'), { token });
    const refused = await post(server.resource, toolCall('move'), { token });
    const ships = await post(server.resource, toolCall('ship', { to: 'eu' }), { token });
    const read = await post(server.resource, message('resources/read', { uri: 'orders://all' }), {
      token,
      headers: { 'mcp-name': 'orders://all' },
    });
    const list = await post(server.resource, message('tools/list'), { token });
    const stopping = new AbortController();
    const notifications = { toolsListChanged: true, resourceSubscriptions: ['orders://all'] };
    const listening = await post(server.resource, message('subscriptions/listen', { notifications }), {
      token,
      signal: stopping.signal,
    });
    const stream = new HeardStream(listening);
    await stream.hear(/acknowledged.*orders:\/\/all/);
    stopping.abort();
    await stream.over.catch(() => undefined);
    const permitted = await Promise.all([call, refused, ships, read, list].map(isPermitted));
    return [...permitted, listening.ok];
  }

  test('are judged once for each rule: by calls, reads, lists and streams, of all callers who hold the same', async () => {
    for (const [index, scope] of ['orders:read to:eu', 'to:eu orders:read', 'to:eu orders:read to:eu'].entries())
      for (const sub of [`ann-${index}`, `bob-${index}`])
        expect(await use(await server.token(scope, { sub }))).toEqual([true, false, true, true, true, true]);
    expect(countByRule().map(([, times]) => times)).toEqual(countByRule().map(() => 1));
    expect(countByRule().map(([rule]) => rule)).toEqual(
      expect.arrayContaining(['["orders:read"]', '{"allOf":["orders:write"],"anyOf":["eu","us"]}']),
    );
    // What depends on arguments is judged each time.
    expect(JSON.stringify(countByRule())).not.toContain('to:eu');
  });

  test('are judged by the rule of a tool that takes the place of another', async () => {
    const registry = server.app.get(McpRegistry);
    const token = await server.token('one');
    const permitted: boolean[] = [];
    for (const scopes of [['one'], ['two'], ['one']]) {
      const registration = await registry.registerTool({ name: 'replaced', description: 'x', scopes }, () => 1);
      permitted.push(await isPermitted(await post(server.resource, toolCall('replaced'), { token })));
      registration.remove();
    }
    expect(permitted).toEqual([true, false, true]);
  });

  test('are judged by the rule as it was declared, whatever the application makes of its list later', async () => {
    const token = await server.token('orders:read something');
    listOfFind.push('something:else');
    const answer = await post(server.resource, toolCall('find'), { token });
    listOfFind.pop();
    expect(await isPermitted(answer)).toBe(true);
  });
});

describe('a verdict', () => {
  const rule = fixRule(['read']);

  test('is the same object for equal sets, frozen or not, in any order', () => {
    const hierarchy = new ScopeHierarchy({ write: ['read'] });
    const verdicts = [['write', 'b'], Object.freeze(['b', 'write']), ['b', 'b', 'write']].map((held) =>
      judgeScopes(rule, held, hierarchy),
    );
    expect(new Set(verdicts)).toEqual(new Set([{ sufficient: true, needed: ['read'] }]));
    expect(new Set(verdicts).size).toBe(1);
    expect(reached).toHaveBeenCalledTimes(1);
  });

  test.each<[string, ScopeRule]>([
    ['a list', ['read']],
    ['alternatives', { anyOf: ['read'] }],
  ])('of a rule that could change is reached each time: %s', (_name, changing) => {
    const hierarchy = new ScopeHierarchy();
    judgeScopes(changing, ['read'], hierarchy);
    expect(reached).not.toHaveBeenCalled();
  });

  test('of a hierarchy that is a function follows the function', () => {
    let implied: readonly string[] = [];
    const hierarchy = new ScopeHierarchy(() => implied);
    const held = Object.freeze(['write']);
    expect(judgeScopes(rule, held, hierarchy).sufficient).toBe(false);
    implied = ['read'];
    expect(judgeScopes(rule, held, hierarchy).sufficient).toBe(true);
    expect(reached).not.toHaveBeenCalled();
  });

  test('of a hierarchy that is a map follows the map as it was', () => {
    const map: Record<string, string[]> = { write: ['read'] };
    const hierarchy = new ScopeHierarchy(map);
    map.write = [];
    map.other = ['read'];
    expect(judgeScopes(rule, ['write'], hierarchy).sufficient).toBe(true);
    expect(judgeScopes(rule, ['other'], hierarchy).sufficient).toBe(false);
  });

  test('of one hierarchy is not that of another', () => {
    const held = Object.freeze(['write']);
    const verdicts = [{}, { write: ['read'] }].map((map) => judgeScopes(rule, held, new ScopeHierarchy(map)));
    expect(verdicts.map(({ sufficient }) => sufficient)).toEqual([false, true]);
  });

  test('cannot be changed by one caller for the others', () => {
    const verdict = judgeScopes(fixRule({ anyOf: ['a', ['b', 'c']] }), ['b'], new ScopeHierarchy());
    expect(() => (verdict.needed as string[]).push('x')).toThrow(TypeError);
    expect(verdict).toEqual({ sufficient: false, needed: ['b', 'c'] });
    expect(Object.isFrozen(verdict)).toBe(true);
  });

  test('is right for more sets of scopes than are remembered, and large ones', () => {
    const hierarchy = new ScopeHierarchy({ write: ['read'] });
    for (const round of [1, 2])
      for (let index = 0; index < 1_500; index += 1) {
        const held = [`${round}`, `s${index}`, index % 2 === 0 ? 'write' : 'none', 'x'.repeat(index * 2)];
        expect(judgeScopes(rule, held, hierarchy).sufficient).toBe(index % 2 === 0);
      }
  });

  test('is right for more verdicts than are remembered', () => {
    const hierarchy = new ScopeHierarchy();
    const held = Object.freeze(['a']);
    const rules = Array.from({ length: 1_000 }, (_, index) => fixRule([index % 2 === 0 ? 'a' : 'b']));
    // Every set is another one, so that all are remembered for the longest time.
    const sets = Array.from({ length: 110 }, (_, index) => Object.freeze(['a', `${index}`]));
    for (const set of sets) for (const one of rules) judgeScopes(one, set, hierarchy);
    expect(rules.map((one) => judgeScopes(one, held, hierarchy).sufficient)).toEqual(
      rules.map((_, index) => index % 2 === 0),
    );
    // The first set was forgotten, and is judged anew.
    reached.mockClear();
    judgeScopes(rules[0] ?? [], sets[0] ?? [], hierarchy);
    judgeScopes(rules[0] ?? [], sets[109] ?? [], hierarchy);
    expect(reached).toHaveBeenCalledTimes(1);
  });
});
