import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  Denial,
  DownstreamClient,
  McpCompletion,
  McpPrompt,
  McpResourceTemplate,
  McpTool,
  UsePolicy,
  type McpAuthModuleOptions,
  type Policy,
} from 'nestjs-mcp-auth';
import { z } from 'zod';
import { startForeignServer } from '../foreign-servers/foreign-server.js';
import { message, post } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import { TestApi } from '../support/test-api.js';
import { sendJson } from '../support/test-issuer.js';
import { auditSink, events, tellingOptions, watchTelemetry } from './told-to-operators.js';

/** Arguments name people. Events, spans, metrics and logs are kept by others than the server, and for longer. */
const SECRET = '123-45-6789';

const DURATION = 'mcp.server.operation.duration';

class Never implements Policy {
  permits() {
    return new Denial('Not today.');
  }
}

const patient = z.object({ id: z.string().regex(/^\d{3}-\d\d-\d{4}$/), kind: z.enum(['note', 'scan']).optional() });

@Injectable()
class Ward {
  constructor(private readonly downstream: DownstreamClient) {}

  @McpResourceTemplate({ uriTemplate: 'patients://{id}', scopes: ['read'] })
  patient(): string {
    return 'fine';
  }
  @McpCompletion({ resourceTemplate: 'patients://{id}', argument: 'id' })
  ids(): string[] {
    return ['1'];
  }
  @UsePolicy(Never)
  @McpResourceTemplate({ uriTemplate: 'forbidden://{id}' })
  forbidden(): string {
    return 'fine';
  }
  @McpResourceTemplate({ uriTemplate: 'failing://{id}' })
  failing(): string {
    throw new Error('no');
  }
  @McpPrompt({ description: 'x', input: z.object({ id: z.string() }), scopes: ['read'] })
  letter(): string {
    return 'Dear';
  }
  @McpTool({ description: 'x', input: patient, scopes: ['read'] })
  find(): string {
    return 'found';
  }
  @McpTool({ description: 'x', input: patient, output: z.object({ id: z.literal('x') }) })
  odd({ id }: { id: string }) {
    return { id } as { id: 'x' };
  }
  @McpTool({ description: 'x', input: patient, downstream: 'ward' })
  async call({ id, kind }: z.infer<typeof patient>): Promise<void> {
    await this.downstream.json(`/patients/${id}?of=${id}${kind === undefined ? '' : `&kind=${kind}`}`);
  }
  @McpTool({ description: 'x', input: patient, downstream: 'ward' })
  async climb({ id }: { id: string }): Promise<void> {
    await this.downstream.json(`/../${id}`);
  }
  @McpTool({ description: 'x', input: patient, scopes: ({ kind }) => [kind ?? 'read'], task: true })
  slowly(): string {
    return 'done';
  }
}

type Row = readonly [name: string, method: string, params: Record<string, unknown>, scope?: string];

const uri = `patients://${SECRET}`;
const find = (args: Record<string, unknown>) => ({ name: 'find', arguments: args });

const ROWS: readonly Row[] = [
  ['a resource that is read', 'resources/read', { uri }],
  ['a resource without the scope', 'resources/read', { uri }, 'other'],
  ['a resource with a policy', 'resources/read', { uri: `forbidden://${SECRET}` }],
  ['a resource that fails', 'resources/read', { uri: `failing://${SECRET}` }],
  ['a resource that is not there', 'resources/read', { uri: `nowhere://${SECRET}` }],
  ['a resource that is subscribed to', 'resources/subscribe', { uri }],
  ['a resource that is subscribed to without the scope', 'resources/subscribe', { uri }, 'other'],
  ['a resource that is listened to', 'subscriptions/listen', { notifications: { resourceSubscriptions: [7, uri] } }],
  ['a prompt', 'prompts/get', { name: 'letter', arguments: { id: SECRET } }],
  ['a prompt without the scope', 'prompts/get', { name: 'letter', arguments: { id: SECRET } }, 'other'],
  ['a prompt with wrong arguments', 'prompts/get', { name: 'letter', arguments: { ip: SECRET } }],
  [
    'a completion',
    'completion/complete',
    { ref: { type: 'ref/resource', uri: 'patients://{id}' }, argument: { name: 'id', value: SECRET } },
  ],
  [
    'a completion without the scope',
    'completion/complete',
    { ref: { type: 'ref/resource', uri: 'patients://{id}' }, argument: { name: 'id', value: SECRET } },
    'other',
  ],
  [
    'a completion of a URI',
    'completion/complete',
    { ref: { type: 'ref/resource', uri }, argument: { name: 'id', value: '1' } },
  ],
  ['a tool', 'tools/call', find({ id: SECRET })],
  ['a tool without the scope', 'tools/call', find({ id: SECRET }), 'other'],
  ['a tool with a value that its schema quotes', 'tools/call', find({ id: '1', kind: SECRET })],
  ['a tool with a key that its schema quotes', 'tools/call', find({ [SECRET]: 1 })],
  ['a tool whose output its schema refuses', 'tools/call', { name: 'odd', arguments: { id: SECRET } }],
  ['a tool whose scopes come of it', 'tools/call', { name: 'slowly', arguments: { id: SECRET, kind: 'scan' } }],
  ['an API that answers', 'tools/call', { name: 'call', arguments: { id: SECRET } }],
  ['an API that redirects', 'tools/call', { name: 'call', arguments: { id: '302-00-0000' } }],
  ['an API that refuses', 'tools/call', { name: 'call', arguments: { id: '403-00-0000' } }],
  ['an API that has nothing', 'tools/call', { name: 'call', arguments: { id: '404-00-0000' } }],
  ['an API that fails', 'tools/call', { name: 'call', arguments: { id: '500-00-0000' } }],
  ['an API that answers with garbage', 'tools/call', { name: 'call', arguments: { id: '200-00-0000' } }],
  ['a path that leaves the API', 'tools/call', { name: 'climb', arguments: { id: SECRET } }],
  ['a task that is not there', 'tasks/get', { taskId: SECRET }],
];

const telemetry = watchTelemetry();

/** Everything that is told about requests. */
async function toldBy(server: ProtectedServer): Promise<string> {
  await telemetry.requests(1);
  const spans = telemetry.spans.map(({ name, attributes, events: more, links, status }) => [
    name,
    attributes,
    more,
    links,
    status,
  ]);
  return JSON.stringify([events, spans, await telemetry.counted(DURATION)]) + server.log.text;
}

describe.each(['express', 'fastify'] as const)('on %s, nothing tells the arguments of', (platform) => {
  let api: TestApi;
  let server: ProtectedServer;
  let other: ProtectedServer | undefined;

  beforeAll(async () => {
    api = await TestApi.start();
    for (const status of [200, 302, 403, 404, 500]) {
      const id = `${status}-00-0000`;
      api.answers.set(`/patients/${id}?of=${id}`, (_request, response) => {
        response.setHeader('Location', `http://${SECRET}.example.com/${SECRET}?${SECRET}`);
        if (status === 200) response.end(`no JSON of ${SECRET}`);
        else sendJson(response, status, { error: SECRET, patient: SECRET });
      });
    }
    server = await startProtectedServer({ platform, providers: [Ward], options: tellingOptions('ward', api.origin) });
  });
  afterEach(async () => {
    await other?.close();
    other = undefined;
  });
  afterAll(async () => {
    await server.close();
    await api.close();
  });

  test.each(ROWS)('%s', async (_name, method, params, scope = 'read') => {
    const body = message(method, params);
    const name = String(params.uri ?? params.name ?? params.taskId ?? '');
    const token = await server.token(scope);
    const abort = new AbortController();
    const answer = await post(server.resource, body, { token, headers: { 'mcp-name': name }, signal: abort.signal });
    if (method === 'subscriptions/listen') abort.abort();
    else await answer.text();
    expect(answer.status).toBeLessThan(500);
    expect(await toldBy(server)).not.toContain(SECRET);
  });

  test('a task, whose id is not told either', async () => {
    const meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': { extensions: { 'io.modelcontextprotocol/tasks': {} } },
    };
    const ask = async (method: string, params: Record<string, unknown>, scope: string, name: string) => {
      const body = { ...message(method, params), params: { ...params, _meta: meta } };
      return await post(server.resource, body, { token: await server.token(scope), headers: { 'mcp-name': name } });
    };
    const begun = await ask('tools/call', { name: 'slowly', arguments: { id: SECRET } }, 'read', 'slowly');
    const { result } = (await begun.json()) as { result: { taskId: string } };
    const { taskId } = result;
    for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel'])
      expect((await ask(method, { taskId }, 'other', taskId)).status).toBe(403);
    expect(events.map(({ operation }) => operation)).toEqual([
      { method: 'tools/call', name: 'slowly' },
      { method: 'tasks/get', name: 'slowly' },
      { method: 'tasks/update', name: 'slowly' },
      { method: 'tasks/cancel', name: 'slowly' },
    ]);
    const told = await toldBy(server);
    expect(told).not.toContain(taskId);
    expect(told).not.toContain(SECRET);
  });

  test.each<[string, boolean | undefined, Record<string, unknown>]>([
    ['the template stands for them', undefined, { name: 'patients://{id}' }],
    ['and the URI where it is wanted', true, { name: 'patients://{id}', uri }],
  ])('a resource: %s', async (_name, discloseResourceUris, named) => {
    const options: Partial<McpAuthModuleOptions> = {
      ...tellingOptions('ward', api.origin),
      observability: { auditSink, ...(discloseResourceUris && { discloseResourceUris }) },
    };
    other = await startProtectedServer({ platform, providers: [Ward], options });
    for (const scope of ['read', 'other']) {
      const token = await other.token(scope);
      await post(other.resource, message('resources/read', { uri }), { token, headers: { 'mcp-name': uri } });
    }
    expect(events.map(({ operation }) => operation)).toEqual([
      { method: 'resources/read', ...named },
      { method: 'resources/read', ...named },
    ]);
  });

  test.each<Row>([
    ['a resource', 'resources/read', { uri: `orders://${SECRET}/lines` }],
    ['a resource without the scope', 'resources/read', { uri: `orders://${SECRET}/lines` }, 'other'],
    ['a resource without a rule', 'resources/read', { uri: `orders://${SECRET}` }],
    ['a tool', 'tools/call', { name: 'run', arguments: { id: SECRET } }],
    ['a prompt', 'prompts/get', { name: 'greet', arguments: { name: SECRET } }],
  ])('%s of another server', async (_name, method, params, scope = 'read') => {
    const scopes = ['read'];
    const rules = {
      tools: { run: { scopes } },
      resources: { 'orders://{id}/lines': { scopes } },
      prompts: { greet: { scopes } },
    };
    const foreign = await startForeignServer({ platform, rules, options: { observability: { auditSink } } });
    other = foreign;
    await (await foreign.send(method, params, { token: await foreign.token(scope) })).text();
    expect(await toldBy(foreign)).not.toContain(SECRET);
  });
});
