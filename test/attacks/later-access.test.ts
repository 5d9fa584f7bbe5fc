import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  connectInMemory,
  Denial,
  McpTool,
  UsePolicy,
  type AuditEvent,
  type McpContext,
  type Policy,
  type PolicyRequest,
} from 'nestjs-mcp-auth';
import { z } from 'zod';
import { post } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

const effects: string[] = [];
const events: AuditEvent[] = [];

class ByDay implements Policy {
  permits({ caller, operation, arguments: args }: PolicyRequest) {
    const isAsked = operation.method === 'tools/call' && operation.name === 'by_day' && args !== undefined;
    return isAsked && caller?.claims.night !== true ? true : new Denial('Not by night.');
  }
}

const amount = z.object({ amount: z.number() });

@Injectable()
class Tools {
  @McpTool({ description: 'x', scopes: ['pay'], task: true })
  async fixed(_input: unknown, context: McpContext) {
    return await pay('fixed', context);
  }
  @McpTool({
    description: 'x',
    input: amount,
    scopes: ({ amount: much }) => [much > 10 ? 'pay:much' : 'pay'],
    task: true,
  })
  async computed(_input: unknown, context: McpContext) {
    return await pay('computed', context);
  }
  @McpTool({ description: 'x', acrValues: ['mfa'], task: true })
  async strong(_input: unknown, context: McpContext) {
    return await pay('strong', context);
  }
  @McpTool({ description: 'x', maxAgeMs: 600_000, task: true })
  async recent(_input: unknown, context: McpContext) {
    return await pay('recent', context);
  }
  @UsePolicy(ByDay)
  @McpTool({ description: 'x', task: true })
  async byDay(_input: unknown, context: McpContext) {
    return await pay('by_day', context);
  }
  @McpTool({ description: 'x', appOnly: 'deny', task: true })
  async ofUsers(_input: unknown, context: McpContext) {
    return await pay('of_users', context);
  }
  @McpTool({ description: 'x', task: true })
  async ofClients(_input: unknown, context: McpContext) {
    return await pay('of_clients', context);
  }
}

/** Pays once the user has said so. */
async function pay(tool: string, context: McpContext): Promise<string> {
  context.signal.addEventListener('abort', () => effects.push(`${tool} was cancelled`));
  const { action } = await context.elicit('Sure?', z.object({ sure: z.boolean() }));
  if (action === 'accept') effects.push(`${tool} has paid`);
  return 'the secret result';
}

interface Answer {
  readonly status: number | undefined;
  readonly result?: {
    readonly taskId: string;
    readonly status: string;
    readonly inputRequests?: Record<string, unknown>;
  };
  readonly error?: { readonly message: string };
}

interface Token {
  readonly scope: string;
  readonly claims: Record<string, unknown>;
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

const GOOD: Token = { scope: 'pay pay:much', claims: { acr: 'mfa', auth_time: Math.floor(Date.now() / 1000) } };

/** What is weaker now than it was when the task began, why that is refused, and how HTTP says so. */
const WEAKER: readonly (readonly [
  what: string,
  tool: string,
  weaker: Partial<Token>,
  reason: string,
  status: number,
])[] = [
  ['the scope is gone', 'fixed', { scope: 'other' }, 'insufficient_scope', 403],
  ['the scope is not that of the arguments', 'computed', { scope: 'pay' }, 'insufficient_scope', 403],
  ['the sign-in is weak', 'strong', { claims: { acr: 'pwd' } }, 'insufficient_user_authentication', 401],
  ['the sign-in is old', 'recent', { claims: { auth_time: 1 } }, 'insufficient_user_authentication', 401],
  ['a policy objects', 'by_day', { claims: { night: true } }, 'policy', 200],
  ['no user is there', 'of_users', { claims: { idtyp: 'app' } }, 'app_only', 200],
  ['the client is not allowed', 'of_clients', { claims: { client_id: 'other' } }, 'client_not_allowed', 403],
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
      providers: [Tools],
      trust: { clients: ['test-client'] },
      options: { observability: { auditSink: { record: (event: AuditEvent) => void events.push(event) } } },
    });
  });
  afterAll(() => server.close());
  beforeEach(() => {
    effects.length = 0;
    events.length = 0;
  });

  async function ask(
    method: string,
    params: Record<string, unknown>,
    { scope, claims }: Token = GOOD,
  ): Promise<Answer> {
    return await way(server, bodyOf(method, params), await server.token(scope, claims));
  }

  /** Begins a task, which asks its user. */
  async function begin(tool: string): Promise<{ taskId: string; inputResponses: Record<string, unknown> }> {
    const args = tool === 'computed' ? { amount: 11 } : {};
    const { result, error } = await ask('tools/call', { name: tool, arguments: args });
    if (!result) throw new Error(JSON.stringify(error));
    const { taskId } = result;
    for (;;) {
      const task = await ask('tasks/get', { taskId });
      const [key] = Object.keys(task.result?.inputRequests ?? {});
      if (key !== undefined)
        return { taskId, inputResponses: { [key]: { action: 'accept', content: { sure: true } } } };
    }
  }

  describe.each(WEAKER)('where %s', (_what, tool, weaker, reason, status) => {
    test.each(METHODS)('%s is refused, once, and nothing comes of it', async (method) => {
      const { taskId, inputResponses } = await begin(tool);
      events.length = 0;
      const token = { scope: weaker.scope ?? GOOD.scope, claims: { ...GOOD.claims, ...weaker.claims } };
      const params = { taskId, ...(method === 'tasks/update' && { inputResponses }) };
      const answer = await ask(method, params, token);
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
      expect(effects).toEqual([]);
      // It is the caller's own matter again once everything is there.
      await ask('tasks/update', { taskId, inputResponses });
      while (effects.length === 0) await new Promise((resolve) => setImmediate(resolve));
      expect(effects).toEqual([`${tool} has paid`]);
    });
  });
});
