import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { connectInMemory, type AuditEvent } from 'nestjs-mcp-auth';
import { post } from '../support/mcp-request.js';
import { startProtectedServer } from '../support/protected-server.js';
import type { Platform } from '../support/test-application.js';
import { TestIssuer } from '../support/test-issuer.js';
import { argumentsOf, cancelled, effects, GOOD, PayingTools, WEAKER, weaken, type Rights } from './paying-tools.js';

interface Answer {
  /** Over HTTP. */
  readonly status?: number;
  readonly result?: {
    readonly taskId: string;
    readonly status: string;
    readonly inputRequests?: Record<string, unknown>;
  };
  readonly error?: { readonly message: string };
}

interface Told {
  readonly effects: readonly string[];
  readonly cancelled: readonly string[];
  readonly events: readonly AuditEvent[];
}

type Body = Readonly<Record<string, unknown>>;

/** A server, and how it is asked. */
interface Way {
  readonly isHttp: boolean;
  token(rights: Rights): Promise<string>;
  send(body: Body, token: string): Promise<Answer>;
  /** What has happened so far. */
  tell(): Promise<Told>;
  forget(): Promise<unknown>;
  close(): Promise<void>;
}

async function startHere(platform: Platform, isHttp: boolean): Promise<Way> {
  const events: AuditEvent[] = [];
  const { app, resource, token, close } = await startProtectedServer({
    platform,
    providers: [PayingTools],
    trust: { clients: ['test-client'] },
    options: { observability: { auditSink: { record: (event: AuditEvent) => void events.push(event) } } },
  });
  return {
    isHttp,
    token: ({ scope, claims }) => token(scope, claims),
    send: async (body, bearer) => {
      if (!isHttp) return await askInMemory(connectInMemory(app, { token: bearer }), body);
      const { params } = body as { params: { taskId?: string; name?: string } };
      const headers = { 'mcp-name': params.taskId ?? params.name ?? '' };
      const response = await post(resource, body, { token: bearer, headers });
      return { ...((await response.json()) as Answer), status: response.status };
    },
    tell: () => Promise.resolve({ effects, cancelled, events }),
    forget: () => {
      for (const list of [effects, cancelled, events]) list.length = 0;
      return Promise.resolve();
    },
    close,
  };
}

async function askInMemory(transport: ReturnType<typeof connectInMemory>, body: Body): Promise<Answer> {
  await transport.start();
  const answer = new Promise<Answer>((resolve) => {
    transport.onmessage = (message) => {
      if ('id' in message && message.id === body.id) resolve(message as Answer);
    };
  });
  await transport.send(body as never);
  const told = await answer;
  await transport.close();
  return told;
}

/** A process of its own, on standard input and output. */
async function startProcess(): Promise<Way> {
  const issuer = await TestIssuer.start();
  const resource = 'https://mcp.example.com/mcp';
  const directory = await mkdtemp(join(tmpdir(), 'paying-'));
  const tokenFile = join(directory, 'token');
  const child = spawn(
    process.execPath,
    ['--import', './test/support/shared-modules/register.js', 'test/attacks/paying-process.ts'],
    {
      env: { ...process.env, ISSUER: issuer.issuer, RESOURCE: resource, TOKEN_FILE: tokenFile },
      stdio: ['pipe', 'pipe', 'ignore', 'ipc'],
    },
  );
  const { stdin, stdout } = child;
  if (!stdin || !stdout) throw new Error('It has no standard input and output');
  const lines = createInterface({ input: stdout });
  const ask = async (word: 'tell' | 'forget'): Promise<Told> => {
    child.send(word);
    const [told] = (await once(child, 'message')) as [Told];
    return told;
  };
  return {
    isHttp: false,
    token: ({ scope, claims }) => issuer.token({ aud: resource, scope, ...claims }),
    send: async (body, token) => {
      await writeFile(tokenFile, token);
      const line = once(lines, 'line');
      stdin.write(`${JSON.stringify(body)}\n`);
      const [text] = (await line) as [string];
      const answer = JSON.parse(text) as Answer & { id: unknown };
      expect(answer.id).toBe(body.id);
      return answer;
    },
    tell: () => ask('tell'),
    forget: () => ask('forget'),
    close: async () => {
      const isOver = once(child, 'exit');
      child.kill();
      await isOver;
      await issuer.close();
      await rm(directory, { recursive: true });
    },
  };
}

function bodyOf(method: string, params: Record<string, unknown>): Body {
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

describe.each<[string, () => Promise<Way>]>([
  ['over HTTP on Express', () => startHere('express', true)],
  ['over HTTP on Fastify', () => startHere('fastify', true)],
  ['in memory', () => startHere('express', false)],
  ['over standard input and output', startProcess],
])('%s', (_way, start) => {
  let way: Way;

  beforeAll(async () => {
    way = await start();
    await way.tell();
  });
  afterAll(() => way.close());
  beforeEach(() => way.forget());

  async function ask(method: string, params: Record<string, unknown>, rights = GOOD): Promise<Answer> {
    return await way.send(bodyOf(method, params), await way.token(rights));
  }

  /** Begins a task, which asks its user. */
  async function begin(tool: string): Promise<{ taskId: string; inputResponses: Record<string, unknown> }> {
    const { result, error } = await ask('tools/call', { name: tool, arguments: argumentsOf(tool) });
    if (!result) throw new Error(JSON.stringify(error));
    const { taskId } = result;
    for (;;) {
      const { result: task, error: refused } = await ask('tasks/get', { taskId });
      if (!task) throw new Error(JSON.stringify(refused));
      const [key] = Object.keys(task.inputRequests ?? {});
      if (key !== undefined)
        return { taskId, inputResponses: { [key]: { action: 'accept', content: { sure: true } } } };
    }
  }

  describe.each(ROWS)('where %s', (_what, tool, weaker, reason) => {
    test.each(METHODS)('%s is refused, once, and nothing comes of it', async (method) => {
      const { taskId, inputResponses } = await begin(tool);
      await way.forget();
      const params = { taskId, ...(method === 'tasks/update' && { inputResponses }) };
      const answer = await ask(method, params, weaken(weaker));
      const status = STATUSES[reason];
      expect(answer).not.toHaveProperty('result');
      if (way.isHttp && status !== 200) expect(answer.status).toBe(status);
      else expect(answer.error?.message).toEqual(expect.any(String));
      expect((await way.tell()).events).toEqual([
        expect.objectContaining({
          type: 'operation_denied',
          reason,
          // Of a client that does not own the task, nothing is looked up.
          operation: { method, name: reason === 'client_not_allowed' ? undefined : tool },
        }),
      ]);
      const { result } = await ask('tasks/get', { taskId });
      expect(result).toMatchObject({ status: 'input_required' });
      expect(await way.tell()).toMatchObject({ effects: [], cancelled: [] });
      // It is the caller's own matter again once everything is there.
      await ask('tasks/update', { taskId, inputResponses });
      while ((await way.tell()).effects.length === 0) await new Promise((resolve) => setImmediate(resolve));
      expect((await way.tell()).effects).toEqual([`${tool} has paid`]);
      expect(await ask('tasks/get', { taskId }, weaken(weaker))).not.toHaveProperty('result');
    });
  });

  test('a task is cancelled by its caller', async () => {
    const { taskId } = await begin('fixed');
    expect(await ask('tasks/cancel', { taskId })).toHaveProperty('result');
    expect((await ask('tasks/get', { taskId })).result?.status).toBe('cancelled');
    expect(await way.tell()).toMatchObject({ effects: [], cancelled: ['fixed'] });
  });
});
