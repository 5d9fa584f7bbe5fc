import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpTool } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { callTool, message, post, textOf, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import { challengeOf } from './challenge-parameters.js';

@Injectable()
class OrderTools {
  @McpTool({ description: 'x', scopes: ['orders:read'], annotations: { readOnlyHint: true } })
  find(): string {
    return 'found';
  }
  @McpTool({ description: 'x', scopes: ['orders:write', 'audit'] })
  create(): string {
    return 'created';
  }
  @McpTool({
    description: 'x',
    input: z.object({ region: z.string() }),
    scopes: ({ region }) => [`ship:${region}`, 'ship'],
  })
  ship(): string {
    return 'shipped';
  }
}

let server: ProtectedServer;

beforeAll(async () => {
  server = await startProtectedServer({
    providers: [OrderTools],
    options: { scopes: { hierarchy: { 'orders:admin': ['orders:write', 'orders:read'] } } },
  });
});
afterAll(() => server.close());

describe('MCP authorization, error handling', () => {
  test('MUST answer 401 where authorization is required, without an error code (RFC 6750 section 3.1)', async () => {
    const response = await post(server.resource, toolCall('find'));
    expect(response.status).toBe(401);
    expect(challengeOf(response).error).toBeUndefined();
  });

  test('MUST answer 401 and invalid_token where the token is invalid or expired', async () => {
    for (const token of ['x', await server.token('', { exp: Math.floor(Date.now() / 1000) - 60 })]) {
      const response = await post(server.resource, toolCall('find'), { token });
      expect(response.status).toBe(401);
      expect(challengeOf(response).error).toBe('invalid_token');
    }
  });

  test('MUST answer 403 and insufficient_scope where scopes are missing', async () => {
    const response = await post(server.resource, toolCall('find'), { token: await server.token('') });
    expect(response.status).toBe(403);
    expect(challengeOf(response).error).toBe('insufficient_scope');
  });

  test('MUST answer 400 and invalid_request where the authorization is malformed', async () => {
    const response = await post(`${server.resource}?access_token=x`, toolCall('find'));
    expect(response.status).toBe(400);
    expect(challengeOf(response).error).toBe('invalid_request');
  });
});

describe('MCP authorization, scopes in challenges', () => {
  test('SHOULD name scopes in the challenge of a 401', async () => {
    expect(challengeOf(await post(server.resource, message('tools/list'))).scope).toBe('orders:read');
  });

  test('SHOULD name, in a 403, the scopes of the operation, the metadata and a description', async () => {
    const response = await post(server.resource, toolCall('find'), { token: await server.token('profile') });
    expect(challengeOf(response)).toEqual({
      scheme: 'Bearer',
      error: 'insufficient_scope',
      error_description: expect.stringMatching(/scope/),
      scope: 'orders:read',
      resource_metadata: `${server.origin}/.well-known/oauth-protected-resource/mcp`,
    });
  });

  test('SHOULD name all scopes of the operation in one challenge, those of its arguments too', async () => {
    const token = await server.token('ship');
    const response = await post(server.resource, toolCall('ship', { region: 'eu' }), { token });
    expect(challengeOf(response).scope).toBe('ship:eu ship');
  });

  test('SHOULD be consistent: the same request, the same challenge', async () => {
    const ask = async () =>
      challengeOf(await post(server.resource, toolCall('create'), { token: await server.token() }));
    expect(await ask()).toEqual(await ask());
  });

  test('2025-11-25: MAY include what the client holds already', async () => {
    const union = await startProtectedServer({ providers: [OrderTools], options: { scopes: { challenge: 'union' } } });
    const response = await post(union.resource, toolCall('create'), { token: await union.token('orders:read') });
    expect(challengeOf(response).scope).toBe('orders:write audit orders:read');
    await union.close();
  });

  test('MUST account for scope hierarchies', async () => {
    expect(textOf(await callTool(server.resource, await server.token('orders:admin'), 'find'))).toBe('found');
    const response = await post(server.resource, toolCall('find'), { token: await server.token('orders:write') });
    expect(response.status).toBe(403);
  });

  test('security best practices: SHOULD accept tokens of reduced scope, and log the elevation with a correlation id', async () => {
    // Nest's logger is one for all applications of a process: that of the last.
    const logged = await startProtectedServer({ providers: [OrderTools] });
    expect((await post(logged.resource, message('tools/list'), { token: await logged.token('') })).status).toBe(200);
    await post(logged.resource, toolCall('create'), { token: await logged.token('audit', { sub: 'carol' }) });
    await logged.close();
    const line = logged.log.lines.findLast((one) => one.includes('carol')) ?? '';
    expect(JSON.parse(line.slice(line.indexOf('{'), line.lastIndexOf('}') + 1))).toMatchObject({
      type: 'operation_denied',
      reason: 'insufficient_scope',
      scopes: ['orders:write', 'audit'],
      scopesHeld: ['audit'],
      correlationId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });
});
