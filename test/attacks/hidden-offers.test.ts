import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  McpCompletion,
  McpPrompt,
  McpResource,
  McpResourceList,
  McpResourceTemplate,
  McpTool,
  type McpAuthModuleOptions,
} from 'nestjs-mcp-auth';
import { z } from 'zod';
import { headersFor, message } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

/** Two servers: one has secrets, and the other does not. Whoever may not see the secrets cannot tell them apart. */

@Injectable()
class Plain {
  @McpTool({ description: 'x' })
  plain(): string {
    return 'plain';
  }
}

const scopes = ['secret:use'];

@Injectable()
class Secrets {
  @McpTool({ description: 'x', scopes, annotations: { readOnlyHint: true } })
  fire(): string {
    return 'fired';
  }
  @McpTool({
    description: 'x',
    scopes,
    task: true,
    input: z.object({ at: z.string().meta({ 'x-mcp-header': 'At' }) }),
    acrValues: ['mfa'],
  })
  launch(): string {
    return 'launched';
  }
  @McpResource({ uri: 'codes://today', scopes })
  today(): string {
    return '0000';
  }
  @McpResourceTemplate({ uriTemplate: 'codes://{day}', scopes })
  code(): string {
    return '0000';
  }
  @McpResourceList({ resourceTemplate: 'codes://{day}' })
  codes() {
    return [{ uri: 'codes://monday', name: 'monday' }];
  }
  @McpCompletion({ resourceTemplate: 'codes://{day}', argument: 'day' })
  days(): string[] {
    return ['monday'];
  }
  @McpPrompt({ description: 'x', scopes, input: z.object({ day: z.enum(['monday', 'friday']) }) })
  brief(): string {
    return 'Go';
  }
}

interface Row {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: Record<string, unknown>;
}

const tasks = { 'io.modelcontextprotocol/tasks': {} };
const document = '/.well-known/oauth-protected-resource';
const legacy = { 'mcp-protocol-version': '2025-11-25' };
const old = (method: string, params: object = {}): Row => ({
  body: { jsonrpc: '2.0', id: 1, method, params },
  headers: legacy,
});
const ref = { type: 'ref/resource', uri: 'codes://{day}' };

function modern(method: string, params: Record<string, unknown> = {}, headers: Record<string, string> = {}): Row {
  const { uri, name, taskId } = params;
  return { body: message(method, params), headers: { 'mcp-name': String(uri ?? name ?? taskId ?? ''), ...headers } };
}

function withTasks(name: string): Row {
  const { params, ...rest } = message('tools/call', { name, arguments: {} });
  const meta = (params as { _meta: object })._meta;
  const capabilities = { 'io.modelcontextprotocol/clientCapabilities': { extensions: tasks } };
  return { body: { ...rest, params: { name, arguments: {}, _meta: { ...meta, ...capabilities } } } };
}

const ROWS: readonly (readonly [name: string, row: Row])[] = [
  ['the document', { method: 'GET', path: `${document}/mcp` }],
  ['the document at the root', { method: 'GET', path: document }],
  ['a preflight', { method: 'OPTIONS' }],
  ['GET', { method: 'GET' }],
  ['server/discover', modern('server/discover')],
  [
    'initialize',
    old('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'x', version: '1' } }),
  ],
  ['tools/list', modern('tools/list')],
  ['prompts/list', modern('prompts/list')],
  ['resources/list', modern('resources/list')],
  ['resources/templates/list', modern('resources/templates/list')],
  ['tools/list, before', old('tools/list')],
  ['prompts/list, before', old('prompts/list')],
  ['resources/list, before', old('resources/list')],
  ['a tool', modern('tools/call', { name: 'fire', arguments: {} })],
  ['a tool, before', old('tools/call', { name: 'fire', arguments: {} })],
  ['a tool with wrong arguments', modern('tools/call', { name: 'launch', arguments: { at: 7 } })],
  [
    'a tool with a header',
    modern('tools/call', { name: 'launch', arguments: { at: 'dawn' } }, { 'mcp-param-at': 'dusk' }),
  ],
  ['a tool without its header', modern('tools/call', { name: 'launch', arguments: { at: 'dawn' } })],
  ['a tool as a task', withTasks('launch')],
  ['a tool as a notification', { body: { ...message('tools/call', { name: 'fire' }), id: undefined } }],
  ['a resource', modern('resources/read', { uri: 'codes://today' })],
  ['a resource, before', old('resources/read', { uri: 'codes://today' })],
  ['a resource of a template', modern('resources/read', { uri: 'codes://friday' })],
  ['a resource in other letters', modern('resources/read', { uri: 'codes://%66riday' })],
  ['a resource that is subscribed to, before', old('resources/subscribe', { uri: 'codes://today' })],
  ['a resource that is unsubscribed from, before', old('resources/unsubscribe', { uri: 'codes://today' })],
  ['a prompt', modern('prompts/get', { name: 'brief', arguments: { day: 'monday' } })],
  ['a prompt with wrong arguments', modern('prompts/get', { name: 'brief', arguments: { day: 'never' } })],
  ['a prompt, before', old('prompts/get', { name: 'brief', arguments: {} })],
  ['a completion', modern('completion/complete', { ref, argument: { name: 'day', value: '' } })],
  ['a completion of nothing', modern('completion/complete', { ref, argument: { name: 'night', value: '' } })],
  ['a completion, before', old('completion/complete', { ref, argument: { name: 'day', value: '' } })],
  [
    'a completion of a prompt',
    modern('completion/complete', {
      ref: { type: 'ref/prompt', name: 'brief' },
      argument: { name: 'day', value: 'm' },
    }),
  ],
  ['a task', modern('tasks/get', { taskId: '0ad06f0c-6852-464c-adfc-c584177055f8' })],
  ['logging/setLevel, before', old('logging/setLevel', { level: 'info' })],
  ['an unknown method', modern('secrets/list')],
];

/** All that a client can tell two answers apart by. */
async function ask(
  server: ProtectedServer,
  { method = 'POST', path = '/mcp', headers = {}, body }: Row,
  token?: string,
) {
  const response = await fetch(`${server.origin}${path}`, {
    method,
    headers: {
      ...(body && headersFor(body)),
      ...headers,
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const told = [...response.headers].filter(([name]) => !['date', 'etag', 'mcp-session-id'].includes(name));
  const text = `${JSON.stringify(told)} ${await response.text()}`;
  return {
    status: response.status,
    told: text.replaceAll(server.origin, 'ORIGIN').replaceAll(server.issuer.issuer, 'ISSUER'),
  };
}

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  let secretive: ProtectedServer;
  let plain: ProtectedServer;

  beforeAll(async () => {
    const options: Partial<McpAuthModuleOptions> = { lists: { show: 'permitted' } };
    secretive = await startProtectedServer({ platform, providers: [Plain, Secrets], options });
    plain = await startProtectedServer({ platform, providers: [Plain], options });
  });
  afterAll(async () => {
    await secretive.close();
    await plain.close();
  });

  describe.each<[string, (server: ProtectedServer) => Promise<string | undefined>]>([
    ['a stranger', () => Promise.resolve(undefined)],
    ['a bad token', (server) => server.token('secret:use', { aud: 'other' })],
    ['a caller without the scope', (server) => server.token('other')],
  ])('%s cannot tell', (_name, tokenOf) => {
    test.each(ROWS)('by %s that there is a secret', async (_what, row) => {
      const [hiding, without] = [
        await ask(secretive, row, await tokenOf(secretive)),
        await ask(plain, row, await tokenOf(plain)),
      ];
      expect(hiding).toEqual(without);
      expect(hiding.told).not.toContain('secret:use');
    });
  });

  test('whoever has the scope sees all of it', async () => {
    const token = await secretive.token('secret:use');
    const { told } = await ask(secretive, modern('tools/list'), token);
    expect(told).toContain('launch');
    expect((await ask(secretive, modern('resources/list'), token)).told).toContain('codes://monday');
  });

  test('scopes that clients should start with can be stated', async () => {
    const stated = await startProtectedServer({
      platform,
      providers: [Plain, Secrets],
      options: { lists: { show: 'permitted' }, scopes: { initial: ['basic'] } },
    });
    const { told } = await ask(stated, { method: 'GET', path: `${document}/mcp` });
    const challenged = await ask(stated, modern('tools/call', { name: 'fire' }));
    await stated.close();
    expect(told).toContain('"scopes_supported":["basic"]');
    expect(challenged.told).toContain('scope=\\"basic\\"');
  });
});
