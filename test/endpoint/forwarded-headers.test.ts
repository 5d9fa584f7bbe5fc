import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpAuthModule, McpTool } from 'nestjs-mcp-auth';
import { send } from '../proof/send.js';
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
}

const FIRST = 'https://first.example.com/mcp';
const SECOND = 'https://second.example.com/mcp';
const DOCUMENT = '/.well-known/oauth-protected-resource';

describe.each<[Platform, boolean]>([
  ['express', true],
  ['express', false],
  ['fastify', true],
  ['fastify', false],
])('what proxies say of a request, on %s, believed by the platform: %s', (platform, trustProxy) => {
  let issuer: TestIssuer;
  let application: TestApplication;

  beforeAll(async () => {
    issuer = await TestIssuer.start();
    application = await startApplication({
      platform,
      trustProxy,
      imports: (origin) =>
        Object.entries({ first: FIRST, second: SECOND }).map(([name, resource]) =>
          McpAuthModule.forRoot(optionsFor(origin, issuer.issuer, { server: { name, version: '1' }, resource })),
        ),
      providers: [Tools],
    });
  });
  afterAll(async () => {
    await application.close();
    await issuer.close();
  });

  test.each<[string, Record<string, string>, string | undefined]>([
    ['first.example.com', {}, FIRST],
    ['first.example.com', { 'x-forwarded-host': 'second.example.com' }, FIRST],
    ['first.example.com', { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'http' }, FIRST],
    ['first.example.com', { 'x-forwarded-host': 'second.example.com, evil.example' }, FIRST],
    ['first.example.com', { forwarded: 'host=second.example.com;proto=http' }, FIRST],
    ['first.example.com', { 'x-forwarded-prefix': '/x', 'x-original-url': '/x', 'x-rewrite-url': '/x' }, FIRST],
    ['second.example.com:443', { 'x-forwarded-host': 'first.example.com' }, SECOND],
    ['second.example.com', { 'x-forwarded-host': '', 'x-forwarded-port': '1' }, SECOND],
    ['evil.example', { 'x-forwarded-host': 'first.example.com' }, undefined],
    ['evil.example', { 'x-forwarded-host': 'second.example.com', 'x-forwarded-proto': 'https' }, undefined],
    ['evil.example', { forwarded: 'host=first.example.com;proto=https' }, undefined],
    ['evil.example', { 'x-host': 'first.example.com', 'x-original-host': 'first.example.com' }, undefined],
  ])('does not decide for which server a request to %s with %j is', async (host, headers, resource) => {
    const ask = async (audience?: string) =>
      await send(`${application.origin}/mcp`, {
        body: toolCall('run'),
        headers: {
          host,
          ...headers,
          authorization: audience === undefined ? undefined : `Bearer ${await issuer.token({ aud: audience })}`,
        },
      });
    for (const audience of [FIRST, SECOND]) {
      const { status } = await ask(audience);
      expect(status).toBe(resource === undefined ? 403 : audience === resource ? 200 : 401);
    }
    if (resource === undefined) return;
    const { origin } = new URL(resource);
    expect((await ask()).headers['www-authenticate']).toContain(`resource_metadata="${origin}${DOCUMENT}/mcp"`);
    const document = await send(`${application.origin}${DOCUMENT}/mcp`, {
      method: 'GET',
      headers: { host, ...headers },
    });
    expect(JSON.parse(document.text)).toMatchObject({ resource });
  });
});
