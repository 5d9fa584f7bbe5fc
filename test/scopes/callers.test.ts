import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpTool } from 'nestjs-mcp-auth';
import { callTool, message, post, textOf, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

const ran: string[] = [];

@Injectable()
class Tools {
  @McpTool({ description: 'x', appOnly: 'deny' })
  forUsers(): string {
    ran.push('for_users');
    return 'ran';
  }
  @McpTool({ description: 'x', appOnly: 'allow' })
  forAll(): string {
    return 'ran';
  }
  @McpTool({ description: 'x' })
  byDefault(): string {
    return 'ran';
  }
}

const APP = { sub: 'test-client' };

describe('a token that stands for no user', () => {
  let lenient: ProtectedServer;
  let strict: ProtectedServer;

  beforeAll(async () => {
    lenient = await startProtectedServer({ providers: [Tools] });
    strict = await startProtectedServer({ providers: [Tools], options: { access: { appOnly: 'deny' } } });
  });
  afterAll(async () => {
    await lenient.close();
    await strict.close();
  });

  test.each<[string, Record<string, unknown>]>([
    ['its subject is its client', APP],
    ['idtyp says so', { idtyp: 'app' }],
    ['gty says so', { gty: 'client-credentials' }],
  ])('is known by: %s', async (_name, claims) => {
    ran.length = 0;
    const result = await callTool(lenient.resource, await lenient.token('', claims), 'for_users');
    expect(result).toMatchObject({
      isError: true,
      _meta: {
        'io.modelcontextprotocol/authorization': { reason: 'insufficient_authorization', remediation: 'unavailable' },
      },
    });
    expect(textOf(result)).toMatch(/^This tool acts for a user/);
    expect(ran).toEqual([]);
  });

  test.each([
    ['lenient', 'for_all', undefined],
    ['lenient', 'by_default', undefined],
    ['lenient', 'for_users', true],
    ['strict', 'for_all', undefined],
    ['strict', 'by_default', true],
    ['strict', 'for_users', true],
  ])('a %s server lets it call %s: the tool comes first', async (name, tool, isError) => {
    const server = name === 'strict' ? strict : lenient;
    expect((await callTool(server.resource, await server.token('', APP), tool)).isError).toBe(isError);
    expect((await callTool(server.resource, await server.token(), tool)).isError).toBeUndefined();
  });
});

describe('an issuer with a list of clients', () => {
  let server: ProtectedServer;

  beforeAll(async () => {
    server = await startProtectedServer({ providers: [Tools], trust: { clients: ['desktop', 'web'] } });
  });
  afterAll(() => server.close());

  test.each(['desktop', 'web'])('serves %s', async (client_id) => {
    expect(textOf(await callTool(server.resource, await server.token('', { client_id }), 'for_all'))).toBe('ran');
  });

  test.each<[string, Record<string, unknown>]>([
    ['another one', { client_id: 'other' }],
    ['one that begins alike', { client_id: 'desktop2' }],
    ['one in capitals', { client_id: 'WEB' }],
    ['nobody in particular', { client_id: undefined }],
    ['another one with a good azp', { client_id: 'other', azp: 'web' }],
  ])('does not serve %s, whatever it wants, and no other token would help', async (_name, claims) => {
    const token = await server.token('', claims);
    for (const body of [toolCall('for_all'), message('tools/list'), message('server/discover')]) {
      const response = await post(server.resource, body, { token });
      expect(response.status).toBe(403);
      expect(response.headers.get('www-authenticate')).toBeNull();
      expect(JSON.stringify(await response.json())).not.toContain('other');
    }
  });
});
