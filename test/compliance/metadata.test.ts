import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpTool } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { message, post, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import { challengeOf } from './challenge-parameters.js';

@Injectable()
class OrderTools {
  @McpTool({ description: 'x', scopes: ['orders:read'], annotations: { readOnlyHint: true } })
  find(): string {
    return 'found';
  }
  @McpTool({ description: 'x', input: z.object({}), scopes: () => ['orders:write', 'offline_access'] })
  create(): string {
    return 'created';
  }
}

let server: ProtectedServer;

beforeAll(async () => {
  server = await startProtectedServer({ providers: [OrderTools] });
});
afterAll(() => server.close());

const documentAt = async (path: string) => {
  const response = await fetch(`${server.origin}${path}`);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toMatch(/^application\/json/);
  return (await response.json()) as Record<string, unknown>;
};
const PATH_INSERTED = '/.well-known/oauth-protected-resource/mcp';
const ROOT = '/.well-known/oauth-protected-resource';

describe('MCP authorization, protected resource metadata', () => {
  test('MUST implement RFC 9728, with at least one authorization server', async () => {
    expect(await documentAt(PATH_INSERTED)).toMatchObject({
      resource: server.resource,
      authorization_servers: [server.issuer.issuer],
    });
  });

  test('MUST be found by resource_metadata in the challenge of a 401', async () => {
    const response = await post(server.resource, message('tools/list'));
    expect(response.status).toBe(401);
    expect(challengeOf(response).resource_metadata).toBe(`${server.origin}${PATH_INSERTED}`);
  });

  test('MUST be found at the well-known address with the path of the endpoint, and at the one without', async () => {
    expect(await documentAt(ROOT)).toEqual(await documentAt(PATH_INSERTED));
  });

  test('MUST name the resource as configured, whatever Host says', async () => {
    const { port } = new URL(server.origin);
    const response = await fetch(`http://localhost:${port}${PATH_INSERTED}`);
    expect(await response.json()).toMatchObject({ resource: server.resource });
  });

  test('MUST name authorization servers byte for byte as their metadata does', async () => {
    const { authorization_servers } = await documentAt(PATH_INSERTED);
    const metadata = await fetch(`${server.issuer.origin}/.well-known/oauth-authorization-server`);
    expect(authorization_servers).toEqual([((await metadata.json()) as { issuer: string }).issuer]);
  });

  test('MAY name several authorization servers, for the client to choose', async () => {
    const issuers = [{ issuer: 'https://a.example' }, { issuer: 'https://b.example/' }];
    const several = await startProtectedServer({ providers: [OrderTools], options: { issuers } });
    const response = await fetch(`${several.origin}${PATH_INSERTED}`);
    expect(await response.json()).toMatchObject({ authorization_servers: ['https://a.example', 'https://b.example/'] });
    await several.close();
  });

  test('SHOULD name the minimal set of scopes, not all there are', async () => {
    expect((await documentAt(PATH_INSERTED)).scopes_supported).toEqual(['orders:read']);
  });

  test('SHOULD NOT name offline_access, in the document or in a challenge', async () => {
    expect(JSON.stringify(await documentAt(PATH_INSERTED))).not.toContain('offline_access');
    const token = await server.token('offline_access');
    for (const response of [
      await post(server.resource, message('tools/list')),
      await post(server.resource, toolCall('find')),
      await post(server.resource, toolCall('create'), { token }),
    ]) {
      expect(response.headers.get('www-authenticate')).not.toContain('offline_access');
    }
  });

  test('RFC 9728 section 3.2: SHOULD be open to pages of every origin', async () => {
    const response = await fetch(`${server.origin}${PATH_INSERTED}`, { headers: { origin: 'https://any.example' } });
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
  });

  test('the canonical URI MUST NOT have a fragment, and SHOULD be in lower case and without a trailing slash', async () => {
    for (const resource of ['https://a.example/mcp#x', 'HTTPS://A.example/mcp', 'https://a.example/mcp/']) {
      await expect(startProtectedServer({ providers: [OrderTools], options: { resource } })).rejects.toThrow(
        '`resource`',
      );
    }
  });

  test('all addresses of authorization servers MUST be https, off loopback', async () => {
    const issuers = [{ issuer: 'http://id.example.com' }];
    await expect(startProtectedServer({ providers: [OrderTools], options: { issuers } })).rejects.toThrow(/Use https/);
  });
});
