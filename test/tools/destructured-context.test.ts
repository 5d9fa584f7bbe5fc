import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Injectable } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { McpContext, McpInput, McpTool } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { message, post, type ToolResult } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

type Era = '2025' | '2026';
type Member = keyof McpContext;

const form = z.object({ sure: z.boolean() });
const CONVERSATION = { messages: [{ role: 'user' as const, content: { type: 'text' as const, text: '2+2?' } }] };

/** What is done with each member, as users write it, and what comes of it in both eras and in a task. */
const USES: Readonly<Record<Member, readonly [use: (context: McpContext) => unknown, wanted: unknown]>> = {
  caller: [({ caller }) => caller?.subject, 'alice'],
  user: [({ user }) => user?.subject, 'alice'],
  correlationId: [({ correlationId }) => correlationId.length > 10, true],
  signal: [({ signal }) => signal.aborted, false],
  operation: [({ operation }) => operation.name, expect.stringMatching(/^use/)],
  client: [({ client: { capabilities } }) => Object.keys(capabilities).includes('elicitation'), true],
  meta: [({ meta }) => meta['acme.example/trace'], 'trace-7'],
  inputResponses: [({ inputResponses }) => typeof inputResponses, 'undefined'],
  requestState: [({ requestState }) => typeof requestState, 'undefined'],
  progress: [async ({ progress }) => typeof (await progress(1, 2, 'half')), 'undefined'],
  log: [async ({ log }) => typeof (await log('error', { loud: true }, 'surface')), 'undefined'],
  elicit: [async ({ elicit }) => await elicit('Sure?', form), { action: 'accept', content: { sure: true } }],
  elicitUrl: [async ({ elicitUrl }) => await elicitUrl('Sign', 'https://acme.example/sign'), 'accept'],
  sample: [async ({ sample }) => (await sample({ ...CONVERSATION, maxTokens: 9 })).model, 'model'],
  listRoots: [async ({ listRoots }) => await listRoots(), [{ uri: 'file:///home' }]],
  once: [async ({ once }) => await once('step', () => 'done'), 'done'],
};
const MEMBERS = Object.keys(USES) as Member[];

@Injectable()
class Tools {
  @McpTool({ description: 'x', input: z.object({ member: z.enum(MEMBERS) }) })
  async use({ member }: { member: Member }, context: McpContext): Promise<unknown> {
    return { got: await USES[member][0](context) };
  }

  @McpTool({ description: 'x' })
  same(_input: unknown, context: McpContext): unknown {
    const read = () => MEMBERS.map((member) => context[member]).filter((value) => typeof value === 'function');
    const [first, second] = [read(), read()];
    return { got: [first.length, first.every((method, index) => method === second[index])] };
  }

  @McpTool({ description: 'x', input: z.object({ member: z.enum(MEMBERS) }), task: { support: 'required' } })
  async useInTask({ member }: { member: Member }, context: McpContext): Promise<unknown> {
    return await this.use({ member }, context);
  }

  @McpTool({ description: 'x' })
  async everything(
    _input: unknown,
    { progress, log, elicit, elicitUrl, sample, listRoots, once }: McpContext,
  ): Promise<unknown> {
    await progress(1, 2, 'half');
    await log('error', 'loud');
    const first = await elicit('Sure?', form);
    const second = await elicitUrl('Sign', 'https://acme.example/sign');
    const [third, fourth] = [await sample({ ...CONVERSATION, maxTokens: 9 }), await listRoots()];
    return { got: [first.action, second, third.model, fourth.length, await once('step', () => 'done')] };
  }

  @McpTool({ description: 'x', input: z.object({ member: z.enum(MEMBERS) }) })
  async decorated(
    @McpInput('member') member: string,
    @McpContext('elicit') elicit: McpContext['elicit'],
    @McpContext('once') once: McpContext['once'],
  ): Promise<unknown> {
    return { got: [member, (await elicit('Sure?', form)).action, await once('step', () => 'done')] };
  }
}

const ANSWERS: Readonly<Record<string, object>> = {
  'elicitation/create': { action: 'accept', content: { sure: true } },
  'sampling/createMessage': { role: 'assistant', model: 'model', content: { type: 'text', text: '4' } },
  'roots/list': { roots: [{ uri: 'file:///home' }] },
};
const CAPABILITIES = { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} };

interface Task {
  readonly taskId: string;
  readonly status: string;
  readonly result?: ToolResult;
  readonly inputRequests?: Readonly<Record<string, { readonly method: string }>>;
}

describe.each(['express', 'fastify'] as const)('the context of a call, taken apart, on %s', (platform) => {
  let server: ProtectedServer;
  let token: string;
  const clients: Partial<Record<Era, Client>> = {};
  const before: unknown[] = [];

  beforeAll(async () => {
    server = await startProtectedServer({ platform, providers: [Tools] });
    token = await server.token();
    for (const era of ['2025', '2026'] as const) clients[era] = await connect(era);
  });
  afterAll(async () => {
    for (const client of Object.values(clients)) await client.close();
    await server.close();
  });

  async function connect(era: Era): Promise<Client> {
    const mode = era === '2025' ? 'legacy' : { pin: '2026-07-28' };
    const client = new Client(
      { name: 'x', version: '1' },
      { capabilities: CAPABILITIES, versionNegotiation: { mode } },
    );
    client.setRequestHandler('elicitation/create', () => ANSWERS['elicitation/create'] as never);
    client.setRequestHandler('sampling/createMessage', () => ANSWERS['sampling/createMessage'] as never);
    client.setRequestHandler('roots/list', () => ANSWERS['roots/list'] as never);
    client.setNotificationHandler('notifications/message', ({ params }) => void before.push(params));
    const requestInit = { headers: { authorization: `Bearer ${token}` } };
    await client.connect(new StreamableHTTPClientTransport(new URL(server.resource), { requestInit }));
    return client;
  }

  async function call(era: Era, name: string, member?: Member): Promise<unknown> {
    before.length = 0;
    const onprogress = (one: { total?: number | undefined }) => void (one.total !== undefined && before.push(one));
    const meta = {
      'acme.example/trace': 'trace-7',
      ...(era === '2026' && { 'io.modelcontextprotocol/logLevel': 'debug' }),
    };
    const result = await clients[era]?.callTool({ name, arguments: { member }, _meta: meta }, { onprogress });
    return (result?.structuredContent as { got?: unknown } | undefined)?.got ?? result;
  }

  async function ask(method: string, params: Record<string, unknown>): Promise<Task> {
    const body = message(method, params) as { params: { _meta: Record<string, unknown> } };
    Object.assign(body.params._meta, {
      'acme.example/trace': 'trace-7',
      'io.modelcontextprotocol/clientCapabilities': {
        ...CAPABILITIES,
        extensions: { 'io.modelcontextprotocol/tasks': {} },
      },
    });
    const response = await post(server.resource, body, {
      token,
      headers: { 'mcp-name': String(params.taskId ?? params.name) },
    });
    return ((await response.json()) as { result: Task }).result;
  }

  async function callInTask(member: Member): Promise<unknown> {
    const { taskId } = await ask('tools/call', { name: 'use_in_task', arguments: { member } });
    for (;;) {
      const { status, result, inputRequests } = await ask('tasks/get', { taskId });
      if (status !== 'working' && status !== 'input_required') return result?.structuredContent?.got ?? result;
      const answers = Object.entries(inputRequests ?? {}).map(([key, { method }]) => [key, ANSWERS[method]]);
      if (answers.length > 0) await ask('tasks/update', { taskId, inputResponses: Object.fromEntries(answers) });
    }
  }

  test.each(MEMBERS)('%s', async (member) => {
    const [, wanted] = USES[member];
    for (const era of ['2025', '2026'] as const) {
      expect([era, await call(era, 'use', member)]).toEqual([era, wanted]);
      if (member === 'progress') expect(before).toMatchObject([{ progress: 1, total: 2, message: 'half' }]);
      if (member === 'log') expect(before).toEqual([{ level: 'error', data: { loud: true }, logger: 'surface' }]);
    }
    expect(['task', await callInTask(member)]).toEqual(['task', wanted]);
  });

  test.each(['2025', '2026'] as const)('all at once, in the signature of a method, era %s', async (era) => {
    expect(await call(era, 'everything')).toEqual(['accept', 'accept', 'model', 1, 'done']);
  });

  test.each(['2025', '2026'] as const)('by @McpContext() of a parameter, era %s', async (era) => {
    expect(await call(era, 'decorated', 'once')).toEqual(['once', 'accept', 'done']);
  });

  test.each(['2025', '2026'] as const)('a method is the same each time, era %s', async (era) => {
    expect(await call(era, 'same')).toEqual([7, true]);
  });
});
