import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpTool, type McpContext } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { message, post } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

const form = z.object({ sure: z.boolean() });
let runs = 0;

const QUESTIONS: Readonly<Record<string, (context: McpContext) => Promise<unknown>>> = {
  form: (context) => context.elicit('Sure?', form),
  named: (context) => context.elicit('Sure?', form, { key: 'mine' }),
  page: (context) => context.elicitUrl('Log in', 'https://login.example/', { key: 'login' }),
  roots: (context) => context.listRoots(),
  several: async (context) => [await context.elicitUrl('Log in', 'https://login.example/'), await context.listRoots()],
  once: async (context) => {
    const value = await context.once('step', () => void (runs += 1));
    return [value, (await context.elicit('Sure?', form)).action];
  },
};

@Injectable()
class Asking {
  @McpTool({ description: 'x', input: z.object({ kind: z.string() }) })
  async ask({ kind }: { kind: string }, context: McpContext): Promise<string> {
    return JSON.stringify(await QUESTIONS[kind]?.(context));
  }
}

interface Result {
  readonly inputRequests?: Readonly<Record<string, unknown>>;
  readonly requestState?: string;
  readonly content?: readonly { readonly text: string }[];
  readonly isError?: boolean;
}

const accept = (content: unknown) => ({ action: 'accept', content });
const wrong = accept({ sure: 'perhaps' });
const right = accept({ sure: true });

describe.each(['express', 'fastify'] as const)('a question of a method on %s', (platform) => {
  let server: ProtectedServer;

  beforeAll(async () => {
    server = await startProtectedServer({ platform, providers: [Asking] });
  });
  beforeEach(() => {
    runs = 0;
  });
  afterAll(() => server.close());

  /** Calls until there is a result. @returns the keys of the questions, and what came in the end */
  async function converse(kind: string, answers: Readonly<Record<string, unknown>>): Promise<[string[], string]> {
    const asked: string[] = [];
    let further: Record<string, unknown> = {};
    for (;;) {
      const body = message('tools/call', { name: 'ask', arguments: { kind }, ...further });
      const { params } = body as { params: { _meta: Record<string, unknown> } };
      params._meta['io.modelcontextprotocol/clientCapabilities'] = {
        elicitation: { form: {}, url: {} },
        roots: {},
      };
      const response = await post(server.resource, body, { token: await server.token() });
      const { result, error } = (await response.json()) as { result?: Result; error?: { message: string } };
      if (!result) return [asked, error?.message ?? ''];
      if (!result.inputRequests) return [asked, result.content?.[0]?.text ?? ''];
      const keys = Object.keys(result.inputRequests);
      asked.push(...keys);
      further = {
        requestState: result.requestState,
        inputResponses: Object.fromEntries(keys.map((key) => [key, answers[key]])),
      };
    }
  }

  test.each<[what: string, kind: string, answers: Record<string, unknown>, asked: string[], told: string]>([
    [
      'is answered',
      'form',
      { 'elicitation-1': right },
      ['elicitation-1'],
      '{"action":"accept","content":{"sure":true}}',
    ],
    ['is declined', 'form', { 'elicitation-1': { action: 'decline' } }, ['elicitation-1'], '{"action":"decline"}'],
    ['is put away', 'form', { 'elicitation-1': { action: 'cancel' } }, ['elicitation-1'], '{"action":"cancel"}'],
    [
      'is asked again, if the answer does not fit',
      'form',
      { 'elicitation-1': wrong, 'elicitation-1.1': right },
      ['elicitation-1', 'elicitation-1.1'],
      '{"action":"accept","content":{"sure":true}}',
    ],
    [
      'is asked five times',
      'form',
      Object.fromEntries(['', '.1', '.2', '.3', '.4'].map((round) => [`elicitation-1${round}`, wrong])),
      ['elicitation-1', 'elicitation-1.1', 'elicitation-1.2', 'elicitation-1.3', 'elicitation-1.4'],
      'What was filled in did not fit the form.',
    ],
    ['has a key of its own', 'named', { mine: right }, ['mine'], '{"action":"accept","content":{"sure":true}}'],
    ['is a page that was opened', 'page', { login: { action: 'accept' } }, ['login'], '"accept"'],
    ['is a page that was not opened', 'page', { login: { action: 'decline' } }, ['login'], '"decline"'],
    [
      'is for roots',
      'roots',
      { 'roots-1': { roots: [{ uri: 'file:///home' }] } },
      ['roots-1'],
      '[{"uri":"file:///home"}]',
    ],
    ['is for roots, of which there are none', 'roots', { 'roots-1': {} }, ['roots-1'], '[]'],
    ['is for roots, which are none', 'roots', { 'roots-1': { roots: 'all' } }, ['roots-1'], '[]'],
    [
      'is answered in no known way',
      'form',
      { 'elicitation-1': { action: 'perhaps' } },
      ['elicitation-1'],
      '{"action":"cancel"}',
    ],
    [
      'is one of several',
      'several',
      { 'page-1': { action: 'cancel' }, 'roots-2': { roots: [] } },
      ['page-1', 'roots-2'],
      '["cancel",[]]',
    ],
    [
      'comes after what is done once',
      'once',
      { 'elicitation-1': { action: 'decline' } },
      ['elicitation-1'],
      '[null,"decline"]',
    ],
  ])('%s', async (_what, kind, answers, asked, told) => {
    expect(await converse(kind, answers)).toStrictEqual([asked, told]);
    expect(runs).toBe(kind === 'once' ? 1 : 0);
  });
});

describe.each(['express', 'fastify'] as const)('a client before 2026-07-28 on %s', (platform) => {
  let server: ProtectedServer;

  beforeAll(async () => {
    server = await startProtectedServer({ platform, providers: [Asking] });
  });
  afterAll(() => server.close());

  const sound = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'a', version: '1' } };

  test.each<[what: string, params: unknown, isGiven: boolean]>([
    ['says all of it', sound, true],
    ['has capabilities that nobody knows', { ...sound, capabilities: { roots: {}, own: {} } }, true],
    ['says nothing', undefined, false],
    ['has capabilities that are none', { ...sound, capabilities: 'all' }, true],
    ['does not say who it is', { ...sound, clientInfo: undefined }, false],
    ['has no name', { ...sound, clientInfo: { version: '1' } }, false],
    ['has no version of the protocol', { ...sound, protocolVersion: 7 }, false],
    ['has a name that no header carries', { ...sound, clientInfo: { name: 'a'.repeat(2_000), version: '1' } }, false],
  ])('has a conversation only if it can be read again: it %s', async (_what, params, isGiven) => {
    const response = await fetch(server.resource, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        authorization: `Bearer ${await server.token()}`,
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params }),
    });
    await response.text();

    const id = response.headers.get('mcp-session-id');
    expect(id !== null).toBe(isGiven);
    if (id !== null)
      expect(JSON.parse(Buffer.from(id, 'base64url').toString())).toMatchObject({
        clientInfo: { name: 'a', version: '1' },
      });
  });
});
