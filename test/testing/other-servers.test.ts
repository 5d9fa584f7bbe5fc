import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, inputRequired, McpServer } from '@modelcontextprotocol/server';
import { McpAuthModule, McpTool } from 'nestjs-mcp-auth';
import { TestClient, TestIssuer } from 'nestjs-mcp-auth/testing';
import 'nestjs-mcp-auth/testing/jest';
import { z } from 'zod';
import { listen, type Listener } from '../support/listen.js';

let issuer: TestIssuer;

beforeAll(async () => {
  issuer = await TestIssuer.start();
});

afterAll(() => issuer.close());

describe('a server of the SDK', () => {
  let listener: Listener;

  beforeAll(async () => {
    const handler = toNodeHandler(
      createMcpHandler(() => {
        const server = new McpServer({ name: 'notes', version: '1.0.0' });
        server.registerResource('note', 'note://1', {}, ({ href }) => ({ contents: [{ uri: href, text: 'a note' }] }));
        server.registerPrompt('greet', { argsSchema: z.object({ name: z.string() }) }, ({ name }) => ({
          messages: [{ role: 'user', content: { type: 'text', text: `Greet ${name}` } }],
        }));
        server.registerTool('ask', { inputSchema: z.object({}) }, (_args, { mcpReq }) => {
          const answer = mcpReq.inputResponses?.sure as { action: string } | undefined;
          if (answer) return { content: [{ type: 'text', text: answer.action }] };
          const form = { message: 'Sure?', requestedSchema: { type: 'object' as const, properties: {} } };
          return inputRequired({ inputRequests: { sure: inputRequired.elicit(form) } });
        });
        return server;
      }),
    );
    listener = await listen((request, response) => void handler(request as Parameters<typeof handler>[0], response));
  });

  afterAll(() => listener.close());

  test.each(['2026-07-28', '2025-11-25'] as const)('its resources are read, and its prompts got (%s)', async (era) => {
    const caller = TestClient.for(listener.origin, issuer, { era }).as();
    const { contents } = await caller.readResource('note://1');
    expect(contents).toMatchObject([{ text: 'a note' }]);
    const { messages } = await caller.getPrompt('greet', { name: 'Ada' });
    expect(messages).toMatchObject([{ content: { text: 'Greet Ada' } }]);
    await expect(caller.readResource('note://2')).rejects.toThrow('note://2');
  });

  test('options and handlers are those of the official client', async () => {
    const client = TestClient.for(new URL(listener.origin), issuer, {
      client: { capabilities: { elicitation: { form: {} } } },
      configure: (official) => {
        official.setRequestHandler('elicitation/create', ({ params }) => ({
          action: params.message === 'Sure?' ? 'decline' : 'cancel',
        }));
      },
    });
    expect((await client.as().callTool('ask')).value).toBe('decline');
  });
});

class Tools {
  @McpTool({ description: 'Says hello', scopes: ['greet'] })
  hello() {
    return 'hello';
  }
}

/** An application whose endpoint is at the root, or not. */
function applicationAt(resource: string) {
  @Module({
    imports: [
      McpAuthModule.forRoot({
        server: { name: 'greeter', version: '1.0.0' },
        resource,
        issuers: [{ issuer: issuer.issuer }],
        doctor: false,
      }),
    ],
    providers: [Tools],
  })
  class AppModule {}
  return AppModule;
}

test.each(['https://mcp.acme.example', 'https://mcp.acme.example/deep/er/mcp'])(
  'an application on Fastify is called where it is, for %s, by many at once',
  async (resource) => {
    const app = await NestFactory.create(applicationAt(resource), new FastifyAdapter(), { logger: false });
    const callers = ['ann', 'ben', 'cat'].map((sub) => TestClient.for(app, issuer).as({ sub, scopes: ['greet'] }));
    const calls = await Promise.all(callers.map((caller) => caller.callTool([Tools, 'hello'])));
    expect(calls.map(({ value }) => value)).toEqual(['hello', 'hello', 'hello']);
    await app.close();
  },
);

test('an application that listens already is left where it is', async () => {
  const app = await NestFactory.create(applicationAt('https://mcp.acme.example/mcp'), { logger: false });
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const caller = TestClient.for(app, issuer).as({ scopes: ['greet'] });
  expect((await caller.callTool([Tools, 'hello'])).value).toBe('hello');
  expect(await app.getUrl()).toBe(url);
  await app.close();
});

test('the audience of the tokens can be another', async () => {
  const app = await NestFactory.create(applicationAt('https://mcp.acme.example/mcp'), { logger: false });
  const stranger = TestClient.for(app, issuer, { audience: 'https://elsewhere.example' }).as({ scopes: ['greet'] });
  await expect(stranger.callTool([Tools, 'hello'])).toRequireAuthentication();
  await app.close();
});

test('a server that is not there is no refusal', async () => {
  const gone = await listen();
  await gone.close();
  const call = TestClient.for(gone.origin, issuer).as().callTool('x');
  await expect(call).rejects.not.toThrow('The server refused');
});
