import { Injectable } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { inputRequired } from '@modelcontextprotocol/server';
import { McpTool, type McpContext } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { stopClocks } from '../support/clocks.js';
import { post } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

const ran: string[] = [];

@Injectable()
class Tools {
  @McpTool({ description: 'x', input: z.object({ amount: z.number() }) })
  async pay({ amount }: { amount: number }, context: McpContext) {
    const secret = await context.once('secret', () => 'sesame-of-the-server');
    const answer = await context.elicit(`Pay ${amount}?`, z.object({ yes: z.boolean() }));
    ran.push(`paid ${amount}`);
    return { answer: answer.action, known: secret.length };
  }

  @McpTool({ description: 'x', input: z.object({ amount: z.number() }) })
  async refund({ amount }: { amount: number }, context: McpContext) {
    const { action } = await context.elicit(`Pay ${amount}?`, z.object({ yes: z.boolean() }));
    return action;
  }

  @McpTool({ description: 'x' })
  own(_input: unknown, context: McpContext) {
    if (context.requestState !== undefined) return `${context.requestState} ${JSON.stringify(context.inputResponses)}`;
    const name = inputRequired.elicit({ message: 'Name?', requestedSchema: z.object({ name: z.string() }) });
    return inputRequired({ inputRequests: { name }, requestState: 'round 1' });
  }

  @McpTool({ description: 'x' })
  async swallows(_input: unknown, context: McpContext) {
    try {
      await context.elicit('Sure?', z.object({ yes: z.boolean() }));
    } catch {
      return 'went on';
    }
    return 'answered';
  }
}

interface Result {
  readonly resultType: string;
  readonly inputRequests?: Record<string, unknown>;
  readonly requestState?: string;
  readonly content?: { readonly text: string }[];
  readonly structuredContent?: unknown;
}

let server: ProtectedServer;
beforeAll(async () => {
  server = await startProtectedServer({ providers: [Tools] });
});
afterAll(() => server.close());

async function call(
  name: string,
  args: Record<string, unknown>,
  more: Record<string, unknown> = {},
  claims: Record<string, unknown> = {},
): Promise<{ result?: Result; error?: { code: number; data?: unknown } }> {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} } },
  };
  const body = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args, ...more, _meta } };
  const response = await post(server.resource, body, { token: await server.token('', claims) });
  return (await response.json()) as { result?: Result };
}

const yes = { 'elicitation-1': { action: 'accept', content: { yes: true } } };

describe('what a call remembers between two rounds', () => {
  let requestState: string;
  beforeAll(async () => {
    const { result } = await call('pay', { amount: 7 });
    expect(result?.resultType).toBe('input_required');
    requestState = result?.requestState ?? '';
  });

  test('is good for the call that it is of', async () => {
    const { result } = await call('pay', { amount: 7 }, { requestState, inputResponses: yes });
    expect(result?.structuredContent).toEqual({ answer: 'accept', known: 20 });
  });

  test('shows its client nothing', () => {
    const bytes = Buffer.from(requestState, 'base64').toString('latin1');
    expect(`${requestState} ${bytes}`).not.toMatch(/sesame|answers|expiresAt/);
  });

  const wrong: [string, Record<string, unknown>, string, Record<string, unknown>][] = [
    ['other arguments', { amount: 8 }, 'pay', {}],
    ['another tool', { amount: 7 }, 'refund', {}],
    ['another user', { amount: 7 }, 'pay', { sub: 'mallory' }],
    ['another client', { amount: 7 }, 'pay', { client_id: 'other' }],
  ];
  test.each(wrong)('is no good for %s', async (_what, args, name, claims) => {
    ran.length = 0;
    const { error } = await call(name, args, { requestState, inputResponses: yes }, claims);
    expect(error).toMatchObject({ code: -32602, data: { reason: 'invalid_request_state' } });
    expect(ran).toEqual([]);
  });

  test.each([
    ['changed', () => `${requestState.slice(0, -6)}AAAAAA`],
    ['cut', () => requestState.slice(0, 20)],
    ['made up', () => Buffer.from('{"answers":{}}').toString('base64')],
    ['empty', () => ''],
  ])('is no good when it is %s', async (_what, state) => {
    const { error } = await call('pay', { amount: 7 }, { requestState: state(), inputResponses: yes });
    expect(error).toMatchObject({ code: -32602 });
  });

  test('is no good for ever', async () => {
    const late = await startProtectedServer({
      providers: [Tools],
      options: { calls: { requestStateLifetimeMs: 1_000 } },
    });
    const before = server;
    server = late;
    try {
      const clock = stopClocks();
      const { result } = await call('pay', { amount: 7 });
      clock.moveTo(clock.start + 1_001);
      const again = { requestState: result?.requestState, inputResponses: yes };
      expect((await call('pay', { amount: 7 }, again)).error).toMatchObject({ code: -32602 });
    } finally {
      jest.restoreAllMocks();
      server = before;
      await late.close();
    }
  });

  test('is needed: an answer to no question is none', async () => {
    ran.length = 0;
    const { result } = await call('pay', { amount: 7 }, { inputResponses: yes });
    expect(result?.resultType).toBe('input_required');
    expect(ran).toEqual([]);
  });

  test('is not what was said to another question', async () => {
    const other = { 'elicitation-1': { action: 'accept', content: { yes: 'no boolean' } } };
    const { result } = await call('pay', { amount: 7 }, { requestState, inputResponses: other });
    expect(result?.resultType).toBe('input_required');
    expect(Object.keys(result?.inputRequests ?? {})).toEqual(['elicitation-1.1']);
  });
});

test('a method may ask by the means of the SDK, and gets its own state back', async () => {
  const first = await call('own', {});
  expect(first.result).toMatchObject({ resultType: 'input_required', inputRequests: { name: {} } });
  expect(first.result?.requestState).not.toBe('round 1');
  const inputResponses = { name: { action: 'accept', content: { name: 'Ada' } } };
  const second = await call('own', {}, { requestState: first.result?.requestState, inputResponses });
  expect(second.result?.content?.[0]?.text).toBe(`round 1 ${JSON.stringify(inputResponses)}`);
});

test('a method that swallows what ends it has asked all the same', async () => {
  expect((await call('swallows', {})).result?.resultType).toBe('input_required');
});
