import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpTool } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { takeFailedAnswers } from '../support/failed-answers.js';
import { post, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

const MALFORMED: readonly (readonly [what: string, rule: unknown])[] = [
  ['an object without anything', {}],
  ['an object without values', { allOf: undefined, anyOf: undefined }],
  ['no alternative', { anyOf: [] }],
  ['no alternative besides scopes', { allOf: ['use'], anyOf: [] }],
  ['a word that nobody knows', { oneOf: ['use'] }],
  ['a word that nobody knows besides others', { allOf: ['use'], noneOf: ['use'] }],
  ['text in place of a list', { allOf: 'use' }],
  ['text', 'use'],
  ['nothing', undefined],
  ['null', null],
  ['a promise', Promise.resolve(['use'])],
  ['a list in a list', [['use']]],
  ['a number in a list', [7]],
  ['an alternative without scopes', { anyOf: ['use', []] }],
  ['a list in a list in a list', { anyOf: [[['use']]] }],
  ['a number in an alternative', { anyOf: [['use', 7]] }],
  ['a rule in an alternative', { anyOf: [{ allOf: ['use'] }] }],
  ['a list in `allOf`', { allOf: [['use']] }],
  ['a set', new Set(['use'])],
  ['a function', () => ['use']],
];

const RULES: readonly (readonly [what: string, rule: unknown, held: string, isEnough: boolean])[] = [
  ['all of two', { allOf: ['a', 'b'] }, '', false],
  ['all of two', { allOf: ['a', 'b'] }, 'a', false],
  ['all of two', { allOf: ['a', 'b'] }, 'b', false],
  ['all of two', { allOf: ['a', 'b'] }, 'a b', true],
  ['all of none', { allOf: [] }, '', true],
  ['one of two', { anyOf: ['a', 'b'] }, '', false],
  ['one of two', { anyOf: ['a', 'b'] }, 'b', true],
  ['all and one', { allOf: ['a'], anyOf: ['b', 'c'] }, 'a', false],
  ['all and one', { allOf: ['a'], anyOf: ['b', 'c'] }, 'b c', false],
  ['all and one', { allOf: ['a'], anyOf: ['b', 'c'] }, 'a c', true],
  ['one of two sets', { anyOf: [['a', 'b'], ['c']] }, 'a', false],
  ['one of two sets', { anyOf: [['a', 'b'], ['c']] }, 'b', false],
  ['one of two sets', { anyOf: [['a', 'b'], ['c']] }, 'b a', true],
  ['one of two sets', { anyOf: [['a', 'b'], ['c']] }, 'c', true],
  ['all and a set', { allOf: ['d'], anyOf: [['a', 'b'], 'c'] }, 'a b', false],
  ['all and a set', { allOf: ['d'], anyOf: [['a', 'b'], 'c'] }, 'a b d', true],
  ['a list', ['a', 'b'], 'a', false],
  ['a list', ['a', 'b'], 'b a', true],
];

const ran: string[] = [];

function toolWith(options: object) {
  @Injectable()
  class Tools {
    @McpTool({ description: 'x', ...options } as never)
    guarded() {
      ran.push('guarded');
      return 'done';
    }
  }
  return Tools;
}

describe('a rule that stands there', () => {
  test.each(MALFORMED.filter(([, rule]) => rule !== undefined && typeof rule !== 'function'))(
    'is refused at boot: %s',
    async (_what, scopes) => {
      await expect(startProtectedServer({ providers: [toolWith({ scopes })] })).rejects.toThrow(
        /`scopes` of @McpTool on Tools\.guarded/,
      );
    },
  );

  test.each(RULES)('means what it says: %s, %j, held "%s"', async (_what, scopes, held, isEnough) => {
    const server = await startProtectedServer({ providers: [toolWith({ scopes })] });
    const response = await post(server.resource, toolCall('guarded'), { token: await server.token(held) });
    expect(response.status).toBe(isEnough ? 200 : 403);
    await server.close();
  });
});

describe('a rule that a function computes', () => {
  let server: ProtectedServer;

  beforeAll(async () => {
    const input = z.object({ at: z.number() });
    const all = [...MALFORMED.map(([, rule]) => rule), ...RULES.map(([, rule]) => rule)];
    const scopes = ({ at }: { at: number }) => all[at];
    server = await startProtectedServer({ providers: [toolWith({ input, scopes })] });
  });
  afterAll(() => server.close());

  async function call(at: number, held: string): Promise<number> {
    ran.length = 0;
    const response = await post(server.resource, toolCall('guarded', { at }), { token: await server.token(held) });
    await response.text();
    return response.status;
  }

  test.each(MALFORMED.map(([what], at) => [what, at] as const))('lets nobody in: %s', async (_what, at) => {
    await call(at, 'use a b c');
    expect(ran).toEqual([]);
    // A function that computes no rule is a failure of the server.
    takeFailedAnswers();
  });

  test.each(RULES.map(([what, rule, held, isEnough], at) => [what, rule, held, isEnough, at] as const))(
    'means what it says: %s, %j, held "%s"',
    async (_what, _rule, held, isEnough, at) => {
      expect(await call(MALFORMED.length + at, held)).toBe(isEnough ? 200 : 403);
      expect(ran).toEqual(isEnough ? ['guarded'] : []);
    },
  );
});
