import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpAuthModule, McpTool, type McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { send, type Answer } from '../proof/send.js';
import { toolCall } from '../support/mcp-request.js';
import { optionsFor } from '../support/module-options.js';
import { startApplication, type Platform, type TestApplication } from '../support/test-application.js';
import { TestIssuer } from '../support/test-issuer.js';

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  run(): string {
    return 'ran';
  }

  @McpTool({ description: 'x', server: 'second' })
  second(): string {
    return 'second';
  }
}

const FIRST = 'https://first.example.com/mcp';
const SECOND = 'https://second.example.com/mcp';
const OTHER = 'https://second.example.com/other/mcp';

let issuer: TestIssuer;

beforeAll(async () => {
  issuer = await TestIssuer.start();
});
afterAll(() => issuer.close());

async function start(
  platform: Platform,
  servers: Record<string, Partial<McpAuthModuleOptions>>,
): Promise<TestApplication> {
  return await startApplication({
    platform,
    imports: (origin) =>
      Object.entries(servers).map(([name, options]) =>
        McpAuthModule.forRoot(optionsFor(origin, issuer.issuer, { server: { name, version: '1' }, ...options })),
      ),
    providers: [Tools],
  });
}

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  describe('servers of one path and different hosts', () => {
    let application: TestApplication;

    beforeAll(async () => {
      application = await start(platform, {
        first: { resource: FIRST },
        second: { resource: SECOND, endpoint: { allowedHosts: ['inside.example.com:8080'] } },
        other: { resource: OTHER },
      });
    });
    afterAll(() => application.close());

    async function ask(host: string, path: string, audience?: string, tool = 'run'): Promise<Answer> {
      const authorization = audience === undefined ? undefined : `Bearer ${await issuer.token({ aud: audience })}`;
      return await send(`${application.origin}${path}`, { body: toolCall(tool), headers: { host, authorization } });
    }

    async function readMetadata(host: string, path: string): Promise<unknown> {
      const answer = await send(`${application.origin}${path}`, { method: 'GET', headers: { host } });
      return answer.status === 200 ? JSON.parse(answer.text) : answer.status;
    }

    test.each([
      ['first.example.com', '/mcp', FIRST],
      ['FIRST.example.com.:443', '/mcp', FIRST],
      ['127.0.0.1', '/mcp', FIRST],
      ['second.example.com', '/mcp', SECOND],
      ['Second.Example.com:443', '/mcp', SECOND],
      ['second.example.com.', '/mcp/', SECOND],
      ['inside.example.com:8080', '/mcp', SECOND],
      ['second.example.com', '/other/mcp', OTHER],
    ])('a request to %s%s is for %s', async (host, path, resource) => {
      const challenge = await ask(host, path);
      expect(challenge.status).toBe(401);
      const { origin, pathname } = new URL(resource);
      expect(challenge.headers['www-authenticate']).toContain(
        `resource_metadata="${origin}/.well-known/oauth-protected-resource${pathname}"`,
      );
      for (const audience of [FIRST, SECOND, OTHER])
        expect((await ask(host, path, audience)).status).toBe(audience === resource ? 200 : 401);
    });

    test.each([
      ['first.example.com', '/.well-known/oauth-protected-resource/mcp', FIRST],
      ['first.example.com', '/.well-known/oauth-protected-resource', FIRST],
      ['second.example.com', '/.well-known/oauth-protected-resource/mcp', SECOND],
      ['second.example.com:443', '/.well-known/oauth-protected-resource', SECOND],
      ['second.example.com', '/.well-known/oauth-protected-resource/other/mcp', OTHER],
    ])('the document of %s%s is about %s', async (host, path, resource) => {
      expect(await readMetadata(host, path)).toMatchObject({ resource });
    });

    test('each has its own tools', async () => {
      expect((await ask('second.example.com', '/mcp', SECOND, 'second')).text).toContain('second');
      expect((await ask('first.example.com', '/mcp', FIRST, 'second')).text).toContain('error');
    });

    test.each(['evil.example', 'first.example.com.evil.example', 'second.example.com.evil.example'])(
      'a request to %s is for none',
      async (host) => {
        expect((await ask(host, '/mcp', FIRST)).status).toBe(403);
      },
    );
  });

  test.each<[string, Record<string, Partial<McpAuthModuleOptions>>]>([
    ['one resource', { first: { resource: FIRST }, second: { resource: FIRST } }],
    ['ports that differ', { first: { resource: FIRST }, second: { resource: 'https://first.example.com:8443/mcp' } }],
    [
      'letters that differ in case',
      { first: { resource: FIRST }, second: { resource: 'https://first.example.com/MCP' } },
    ],
    [
      'an allowed host in common',
      {
        first: { resource: FIRST, endpoint: { allowedHosts: ['inside.example.com'] } },
        second: { resource: SECOND, endpoint: { allowedHosts: ['inside.example.com:8080'] } },
      },
    ],
    [
      'a path behind a gateway in common',
      { first: { resource: FIRST }, second: { resource: `https://first.example.com/x`, endpoint: { path: '/mcp' } } },
    ],
  ])('two servers of one path do not start: %s', async (_name, servers) => {
    await expect(start(platform, servers)).rejects.toThrow(
      /`resource` of the server "second" \(.*\) is at the same host and path as that of "first".*Give them different paths/s,
    );
  });
});
