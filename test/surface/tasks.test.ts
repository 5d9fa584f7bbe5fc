import { Injectable } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { McpTool, ToolError, type McpContext } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { post } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

const EXTENSION = 'io.modelcontextprotocol/tasks';

@Injectable()
class Tools {
  readonly aborted: string[] = [];
  finish: () => void = () => undefined;

  @McpTool({ description: 'Long', input: z.object({ n: z.number() }), scopes: ['work:do'], task: { ttlMs: 60_000 } })
  async long({ n }: { n: number }, context: McpContext) {
    await context.progress(1, 2, 'half way');
    await new Promise<void>((resolve) => {
      this.finish = resolve;
      context.signal.addEventListener('abort', () => {
        this.aborted.push(String(context.caller?.subject));
        resolve();
      });
    });
    return { n };
  }

  @McpTool({ description: 'Asks', scopes: ['work:do'], task: true })
  async asks(_input: unknown, context: McpContext) {
    const first = await context.elicit('Sure?', z.object({ sure: z.boolean() }));
    const second = await context.elicit('Quite?', z.object({ quite: z.boolean() }));
    return { first: first.action, second: second.action };
  }

  @McpTool({ description: 'Fails', scopes: ['work:do'], task: { support: 'required' } })
  fails(): string {
    throw new ToolError('That did not work.');
  }
}

interface Task {
  readonly taskId: string;
  readonly status: string;
  readonly statusMessage?: string;
  readonly resultType: string;
  readonly ttlMs: number;
  readonly result?: { readonly isError?: boolean; readonly content: unknown; readonly structuredContent?: unknown };
  readonly inputRequests?: Record<string, { readonly params: { readonly message: string } }>;
}

interface Answer {
  readonly result?: Task;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

let server: ProtectedServer;
let tools: Tools;

beforeAll(async () => {
  server = await startProtectedServer({ providers: [Tools] });
  tools = server.app.get(Tools);
});

afterAll(() => server.close());

async function ask(
  method: string,
  params: Record<string, unknown>,
  { sub = 'alice', scope = 'work:do', knows = true } = {},
): Promise<Answer & { readonly status: number; readonly challenge: string | null }> {
  const token = await server.token(scope, { sub });
  const body = {
    jsonrpc: '2.0',
    id: 1,
    method,
    params: {
      ...params,
      _meta: {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientCapabilities': {
          elicitation: { form: {} },
          ...(knows && { extensions: { [EXTENSION]: {} } }),
        },
      },
    },
  };
  const name = params.taskId ?? params.name;
  const headers = name === undefined ? {} : { 'mcp-name': name as string };
  const response = await post(server.resource, body, { token, headers });
  const answer = (await response.json()) as Answer;
  return { ...answer, status: response.status, challenge: response.headers.get('www-authenticate') };
}

async function begin(name: string, args: Record<string, unknown> = {}): Promise<Task> {
  const { result, error } = await ask('tools/call', { name, arguments: args });
  if (!result) throw new Error(JSON.stringify(error));
  return result;
}

async function until(taskId: string, status: string): Promise<Task> {
  for (;;) {
    const { result, error } = await ask('tasks/get', { taskId });
    if (!result) throw new Error(JSON.stringify(error));
    if (result.status === status) return result;
    if (['completed', 'failed', 'cancelled'].includes(result.status)) throw new Error(JSON.stringify(result));
  }
}

describe('a tool that goes on as a task', () => {
  test('is answered with a task, which says how far it is, and in the end has the result', async () => {
    const task = await begin('long', { n: 7 });
    expect(task).toMatchObject({ resultType: 'task', status: 'working', ttlMs: 60_000, pollIntervalMs: 2_000 });
    expect(task).not.toHaveProperty('content');
    expect(await until(task.taskId, 'working')).toMatchObject({ statusMessage: 'half way', resultType: 'complete' });
    tools.finish();
    const { result } = await until(task.taskId, 'completed');
    expect(result).toMatchObject({ structuredContent: { n: 7 } });
  });

  test('is waited for by clients that do not know tasks', async () => {
    const waiting = ask('tools/call', { name: 'asks', arguments: {} }, { knows: false });
    expect((await waiting).result).toMatchObject({ resultType: 'input_required' });
  });

  test('asks while it runs, each question once', async () => {
    const { taskId } = await begin('asks');
    const first = await until(taskId, 'input_required');
    const [key = ''] = Object.keys(first.inputRequests ?? {});
    expect(first.inputRequests?.[key]?.params.message).toBe('Sure?');
    await ask('tasks/update', {
      taskId,
      inputResponses: { other: {}, [key]: { action: 'accept', content: { sure: true } } },
    });
    let second = await until(taskId, 'input_required');
    while (Object.hasOwn(second.inputRequests ?? {}, key)) second = await until(taskId, 'input_required');
    const [next = ''] = Object.keys(second.inputRequests ?? {});
    await ask('tasks/update', { taskId, inputResponses: { [next]: { action: 'decline' } } });
    expect((await until(taskId, 'completed')).result).toMatchObject({
      structuredContent: { first: 'accept', second: 'decline' },
    });
  });

  test('is cancelled, and its method told', async () => {
    const { taskId } = await begin('long', { n: 1 });
    await until(taskId, 'working');
    expect((await ask('tasks/cancel', { taskId })).result).toMatchObject({ resultType: 'complete' });
    expect(await until(taskId, 'cancelled')).not.toHaveProperty('result');
    expect(tools.aborted).toContain('alice');
  });

  test('is completed, too, where its tool fails', async () => {
    const { taskId } = await begin('fails');
    expect((await until(taskId, 'completed')).result).toMatchObject({ isError: true });
  });

  test('takes the capability, where it is nothing to wait for', async () => {
    const { error } = await ask('tools/call', { name: 'fails', arguments: {} }, { knows: false });
    expect(error).toMatchObject({
      code: -32021,
      data: { requiredCapabilities: { extensions: { [EXTENSION]: {} } } },
    });
  });

  test('is nobody else’s, in any way', async () => {
    const { taskId } = await begin('asks');
    const task = await until(taskId, 'input_required');
    for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel']) {
      const inputResponses = Object.fromEntries(
        Object.keys(task.inputRequests ?? {}).map((key) => [key, { action: 'accept' }]),
      );
      const { error } = await ask(method, { taskId, inputResponses }, { sub: 'mallory' });
      expect(error).toMatchObject({ code: -32602, message: 'Unknown task' });
    }
    expect(await until(taskId, 'input_required')).toEqual(task);
  });

  test('takes the scopes of its tool still', async () => {
    const { taskId } = await begin('asks');
    const { status, challenge } = await ask('tasks/get', { taskId }, { scope: 'other' });
    expect(status).toBe(403);
    expect(challenge).toContain('scope="work:do"');
  });

  test('is not there under another id', async () => {
    expect((await ask('tasks/get', { taskId: 'nothing' })).error).toMatchObject({ code: -32602 });
  });

  test('stands among the capabilities', async () => {
    const { result } = await ask('server/discover', {});
    expect(result).toMatchObject({ capabilities: { extensions: { [EXTENSION]: {} } } });
  });
});
