import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { McpTool, UsePolicy, type Policy, type PolicyRequest } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { callTool } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

/** What a schema may make of the arguments. */
interface Made {
  readonly map: Map<string, { owner: string }>;
  readonly set: Set<string>;
  readonly date: Date;
  readonly bytes: Uint8Array;
  readonly list: { owner: string }[];
  readonly self: { owner: string; again?: unknown };
}

function make(owner: string): Made {
  const self: Made['self'] = { owner };
  self.again = self;
  return {
    map: new Map([['order', { owner }]]),
    set: new Set([owner]),
    date: new Date(0),
    bytes: new Uint8Array([1, 2]),
    list: [{ owner }],
    self,
  };
}

type Change = (made: Made) => void;

const CHANGES: Readonly<Record<string, Change>> = {
  'a map': ({ map }) => map.set('order', { owner: 'mallory' }),
  'what a map holds': ({ map }) => Object.assign(map.get('order') ?? {}, { owner: 'mallory' }),
  'a set': ({ set }) => set.add('mallory'),
  'a date': ({ date }) => date.setTime(1),
  bytes: ({ bytes }) => bytes.fill(9),
  'a list': ({ list }) => list.push({ owner: 'mallory' }),
  'what a list holds': ({ list }) => Object.assign(list[0] ?? {}, { owner: 'mallory' }),
  'an object in itself': ({ self }) => Object.assign(self.again as object, { owner: 'mallory' }),
};

let change: Change | undefined;
let seen: Made | undefined;

class Meddling implements Policy {
  permits({ arguments: input }: PolicyRequest): boolean {
    seen = input as Made;
    try {
      change?.(seen);
    } catch (error) {
      // It is frozen.
      if (!(error instanceof TypeError)) throw error;
    }
    return true;
  }
}

class Tools {
  @UsePolicy(Meddling)
  @McpTool({ description: 'x', input: z.object({ owner: z.string() }).transform(({ owner }) => make(owner)) })
  find({ map, set, date, bytes, list, self }: Made) {
    return {
      owners: [map.get('order'), list[0], self.again].map((one) => (one as { owner: string }).owner),
      set: [...set],
      entries: map.size + list.length,
      time: date.getTime(),
      bytes: [...bytes],
    };
  }
}

describe('what a policy does to its copy of the arguments never reaches the method', () => {
  let server: ProtectedServer;

  beforeAll(async () => {
    server = await startProtectedServer({ providers: [Tools] });
  });
  afterAll(async () => {
    await server.close();
  });

  test.each(Object.keys(CHANGES))('to %s', async (name) => {
    change = CHANGES[name];
    const { structuredContent } = await callTool(server.resource, await server.token(), 'find', { owner: 'alice' });
    expect(structuredContent).toEqual({
      owners: ['alice', 'alice', 'alice'],
      set: ['alice'],
      entries: 2,
      time: 0,
      bytes: [1, 2],
    });
  });

  test('though it sees all of them', async () => {
    change = undefined;
    await callTool(server.resource, await server.token(), 'find', { owner: 'alice' });
    expect(seen).toEqual(make('alice'));
    expect(seen?.self.again).toBe(seen?.self);
  });
});
