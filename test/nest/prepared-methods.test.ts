import { Injectable, UseGuards, type CanActivate } from '@nestjs/common';
import { ExternalContextCreator } from '@nestjs/core';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { McpPrompt, McpResource, McpResourceTemplate, McpTool } from 'nestjs-mcp-auth';
import { callTool, message, post, textOf } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

@Injectable()
class Passing implements CanActivate {
  canActivate() {
    return true;
  }
}

@Injectable()
@UseGuards(Passing)
class Methods {
  @McpTool({ description: 'One' })
  tool() {
    return 'tool';
  }

  @McpPrompt({ description: 'One' })
  prompt() {
    return 'prompt';
  }

  @McpResource({ uri: 'one://resource' })
  resource() {
    return 'resource';
  }

  @McpResourceTemplate({ uriTemplate: 'one://template/{id}' })
  template() {
    return 'template';
  }
}

describe.each(['express', 'fastify'] as const)('methods, on %s', (platform) => {
  let create: jest.SpiedFunction<ExternalContextCreator['create']>;
  let server: ProtectedServer;
  let token: string;

  beforeAll(async () => {
    create = jest.spyOn(ExternalContextCreator.prototype, 'create');
    server = await startProtectedServer({ platform, providers: [Methods] });
    token = await server.token();
  });
  afterAll(async () => {
    create.mockRestore();
    await server.close();
  });

  test('are prepared when they are first called, and once', async () => {
    const listPrepared = () => create.mock.calls.map(([, , method]) => method);
    expect(listPrepared()).toEqual([]);
    for (let call = 0; call < 2; call += 1) {
      expect(textOf(await callTool(server.resource, token, 'tool'))).toBe('tool');
      expect(listPrepared()).toEqual(['tool']);
    }
    const others: readonly (readonly [string, string, Record<string, string>])[] = [
      ['prompt', 'prompts/get', { name: 'prompt' }],
      ['resource', 'resources/read', { uri: 'one://resource' }],
      ['template', 'resources/read', { uri: 'one://template/7' }],
    ];
    for (const [text, method, params] of others) {
      const headers = { 'mcp-name': params.uri ?? params.name ?? '' };
      const answer = await post(server.resource, message(method, params), { token, headers });
      expect(await answer.text()).toContain(`"text":"${text}"`);
    }
    expect(listPrepared()).toEqual(['tool', 'prompt', 'resource', 'template']);
  });
});
