import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { IsInt } from 'class-validator';
import { McpPrompt, McpTool } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { message, post, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

class Counts {
  @IsInt({ each: true })
  readonly counts: readonly number[] = [];
}

@Injectable()
class Tools {
  @McpTool({ description: 'x', input: z.object({ names: z.array(z.string()) }) })
  list() {
    return 'done';
  }
  @McpTool({ description: 'x', input: z.strictObject({}) })
  strict() {
    return 'done';
  }
  @McpTool({ description: 'x', input: Counts })
  count() {
    return 'done';
  }
  @McpPrompt({
    description: 'x',
    input: z.object({ name: z.string().regex(/^a$/, { error: ({ input }) => `${String(input)} is no name` }) }),
  })
  greet() {
    return 'Hello';
  }
}

const MANY = 20_000;
const LONG = 'x'.repeat(60_000);
/** More than anybody reads, and far less than what was sent. */
const MAX_SIZE = 10_000;

describe.each(['express', 'fastify'] as const)('on %s, a refusal is short, however much was wrong:', (platform) => {
  let server: ProtectedServer;
  let token: string;

  beforeAll(async () => {
    server = await startProtectedServer({ platform, providers: [Tools] });
    token = await server.token();
  });
  afterAll(async () => {
    await server.close();
  });

  test.each<[string, Record<string, unknown>, string]>([
    ['an array of numbers for texts', toolCall('list', { names: Array.from({ length: MANY }, () => 1) }), 'names.0: '],
    [
      'arguments that a tool does not have',
      toolCall('strict', Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`unknown-${index}`, 1]))),
      'unknown-0',
    ],
    ['one argument with a long name', toolCall('strict', { [LONG]: 1 }), 'xxx'],
    [
      'texts for the numbers of a class',
      toolCall('count', { counts: Array.from({ length: MANY }, () => '') }),
      'counts',
    ],
    [
      'a message of the schema that repeats its input',
      message('prompts/get', { name: 'greet', arguments: { name: LONG } }),
      'name: xxx',
    ],
  ])('%s', async (_name, body, told) => {
    const name = String((body.params as { name: string }).name);
    const response = await post(server.resource, body, { token, headers: { 'mcp-name': name } });
    const text = await response.text();
    expect(text).toContain(told);
    expect(text.length).toBeLessThan(MAX_SIZE);
  });

  test('the number of the other faults is told', async () => {
    const response = await post(server.resource, toolCall('list', { names: Array.from({ length: MANY }, () => 1) }), {
      token,
    });
    expect(await response.text()).toContain(`and ${MANY - 20} more`);
  });
});
