import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { connectInMemory, type AuditEvent } from 'nestjs-mcp-auth';
import { post } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import { argumentsOf, cancelled, effects, GOOD, PayingTools, WEAKER, weaken, type Rights } from './paying-tools.js';

const events: AuditEvent[] = [];

interface Answer {
  readonly status: number | undefined;
  readonly result?: {
    readonly taskId: string;
    readonly status: string;
    readonly inputRequests?: Record<string, unknown>;
  };
  readonly error?: { readonly message: string };
}

type Way = (server: ProtectedServer, body: Record<string, unknown>, token: string) => Promise<Answer>;

const overHttp: Way = async (server, body, token) => {
  const { params } = body as { params: { taskId?: string; name?: string } };
  const headers = { 'mcp-name': params.taskId ?? params.name ?? '' };
  const response = await post(server.resource, body, { token, headers });
  return { ...((await response.json()) as Answer), status: response.status };
};

const inMemory: Way = async (server, body, token) => {
  const transport = connectInMemory(server.app, { token });
  await transport.start();
  const answer = new Promise<Answer>((resolve) => {
    transport.onmessage = (message) => {
      if ('id' in message && message.id === body.id) resolve({ ...(message as object), status: undefined });
    };
  });
  await transport.send(body as never);
  const told = await answer;
  await transport.close();
  return told;
};

function bodyOf(method: string, params: Record<string, unknown>): Record<string, unknown> {
  const capabilities = { elicitation: { form: {} }, extensions: { 'io.modelcontextprotocol/tasks': {} } };
  const meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': capabilities,
  };
  return { jsonrpc: '2.0', id: randomUUID(), method, params: { ...params, _meta: meta } };
}

/** How HTTP says why a request is refused. What has no challenge is an error of the answer. */
const STATUSES: Readonly<Record<string, number>> = {
  insufficient_scope: 403,
  insufficient_user_authentication: 401,
  policy: 200,
  app_only: 200,
  client_not_allowed: 403,
};

const ROWS: typeof WEAKER = [
  ...WEAKER,
  ['the client is not allowed', 'of_clients', { claims: { client_id: 'other' } }, 'client_not_allowed'],
];

const METHODS = ['tasks/get', 'tasks/update', 'tasks/cancel'];

describe.each<[string, 'express' | 'fastify', Way]>([
  ['over HTTP on Express', 'express', overHttp],
  ['over HTTP on Fastify', 'fastify', overHttp],
  ['in memory', 'express', inMemory],
])('%s', (_way, platform, way) => {
  let server: ProtectedServer;

  beforeAll(async () => {
    server = await startProtectedServer({
      platform,
      providers: [PayingTools],
      trust: { clients: ['test-client'] },
      options: { observability: { auditSink: { record: (event: AuditEvent) => void events.push(event) } } },
    });
  });
  afterAll(() => server.close());
  beforeEach(() => {
    effects.length = 0;
    cancelled.length = 0;
    events.length = 0;
  });

  async function ask(
    method: string,
    params: Record<string, unknown>,
    { scope, claims }: Rights = GOOD,
  ): Promise<Answer> {
    return await way(server, bodyOf(method, params), await server.token(scope, claims));
  }

  /** Begins a task, which asks its user. */
  async function begin(tool: string): Promise<{ taskId: string; inputResponses: Record<string, unknown> }> {
    const { result, error } = await ask('tools/call', { name: tool, arguments: argumentsOf(tool) });
    if (!result) throw new Error(JSON.stringify(error));
    const { taskId } = result;
    for (;;) {
      const task = await ask('tasks/get', { taskId });
      const [key] = Object.keys(task.result?.inputRequests ?? {});
      if (key !== undefined)
        return { taskId, inputResponses: { [key]: { action: 'accept', content: { sure: true } } } };
    }
  }

  describe.each(ROWS)('where %s', (_what, tool, weaker, reason) => {
    test.each(METHODS)('%s is refused, once, and nothing comes of it', async (method) => {
      const { taskId, inputResponses } = await begin(tool);
      events.length = 0;
      const params = { taskId, ...(method === 'tasks/update' && { inputResponses }) };
      const answer = await ask(method, params, weaken(weaker));
      const status = STATUSES[reason];
      expect(answer).not.toHaveProperty('result');
      if (way === overHttp && status !== 200) expect(answer.status).toBe(status);
      else expect(answer.error?.message).toEqual(expect.any(String));
      expect(events).toEqual([
        expect.objectContaining({
          type: 'operation_denied',
          reason,
          // Of a client that does not own the task, nothing is looked up.
          operation: { method, name: reason === 'client_not_allowed' ? undefined : tool },
        }),
      ]);
      const { result } = await ask('tasks/get', { taskId });
      expect(result).toMatchObject({ status: 'input_required' });
      expect([...effects, ...cancelled]).toEqual([]);
      // It is the caller's own matter again once everything is there.
      await ask('tasks/update', { taskId, inputResponses });
      while (effects.length === 0) await new Promise((resolve) => setImmediate(resolve));
      expect(effects).toEqual([`${tool} has paid`]);
    });
  });
});
