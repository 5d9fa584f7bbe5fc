import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Anonymous, McpResourceTemplate } from 'nestjs-mcp-auth';
import { UriPattern } from '../../lib/resource-server/resource-uris/uri-pattern.js';
import { startFilesServer } from '../foreign-servers/files-server.js';
import { send } from '../proof/send.js';
import { message } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

/** All of them match the same URIs, so that each has to be looked at. */
const TEMPLATES = ['files://{+a}/{+b}/{+c}!', 'files://{+d}/{+e}/{+f}!', 'files://{+g}.{+h}.{+i}!'];

@Injectable()
class Documents {
  @McpResourceTemplate({ uriTemplate: 'files://{+a}/{+b}/{+c}!', scopes: ['read'] })
  first() {
    return 'first';
  }
  @McpResourceTemplate({ uriTemplate: 'files://{+d}/{+e}/{+f}!', scopes: ['read'] })
  second() {
    return 'second';
  }
  @McpResourceTemplate({ uriTemplate: 'files://{+g}.{+h}.{+i}!', scopes: ['read'] })
  third() {
    return 'third';
  }
  @Anonymous()
  @McpResourceTemplate({ uriTemplate: 'open://{name}' })
  open() {
    return 'open';
  }
}

const rules = { resources: Object.fromEntries(TEMPLATES.map((template) => [template, { scopes: ['read'] }])) };

const SERVERS = {
  'the endpoint of the module': (platform: 'express' | 'fastify') =>
    startProtectedServer({ platform, providers: [Documents] }),
  'another server behind @ProtectedMcp': (platform: 'express' | 'fastify') =>
    startFilesServer('SDK 2.x', rules, platform),
};

const WORST = `files://${'./'.repeat(4_000)}`;

const CASES = (['express', 'fastify'] as const).flatMap((platform) =>
  (Object.keys(SERVERS) as (keyof typeof SERVERS)[]).map((of) => ({ platform, of })),
);

describe.each(CASES)('$of on $platform', ({ platform, of }) => {
  let server: ProtectedServer;
  let matched: jest.SpiedFunction<UriPattern['match']>;

  beforeAll(async () => {
    server = await SERVERS[of](platform);
    matched = jest.spyOn(UriPattern.prototype, 'match');
  });
  afterAll(() => server.close());
  beforeEach(() => {
    matched.mockClear();
  });

  const ask = async (uri: string, headers: Record<string, string>, method = 'resources/read') => {
    const body = method === 'subscriptions/listen' ? { notifications: { resourceSubscriptions: [uri] } } : { uri };
    return await send(server.resource, { body: message(method, body), headers: { 'mcp-name': 'x', ...headers } });
  };

  test.each([
    ['of another host', { host: 'evil.example' }, 403],
    ['of another origin', { origin: 'https://evil.example' }, 403],
  ])('matches nothing for a request %s', async (_what, headers, status) => {
    const authorization = `Bearer ${await server.token('read')}`;
    for (const uri of [WORST, 'files://a/b/c!', 'open://x'])
      expect((await ask(uri, { authorization, ...headers })).status).toBe(status);
    expect(matched).not.toHaveBeenCalled();
  });

  test('matches nothing for a body that is too large', async () => {
    const uri = `files://${'a/'.repeat(600_000)}`;
    expect((await ask(uri, {})).status).toBe(413);
    expect(matched).not.toHaveBeenCalled();
  });

  test.each(['resources/read', 'resources/subscribe', 'resources/unsubscribe', 'subscriptions/listen'])(
    'looks at each template once at most for %s without a token, or with a bad one',
    async (method) => {
      for (const authorization of ['', 'Bearer bad', 'Bearer a.b.c']) {
        matched.mockClear();
        expect((await ask(WORST, authorization === '' ? {} : { authorization }, method)).status).toBe(401);
        expect(matched.mock.calls.length).toBeLessThanOrEqual(TEMPLATES.length + 1);
      }
    },
  );

  test.each([9_000, 64_000])('matches nothing with a URI of %i characters, for nobody', async (length) => {
    const uri = `files://${'a/'.repeat(length / 2)}!`;
    expect((await ask(uri, {})).status).toBe(401);
    const { status, text } = await send(server.resource, {
      body: { jsonrpc: '2.0', id: 1, method: 'resources/read', params: { uri } },
      headers: { authorization: `Bearer ${await server.token('read')}`, 'mcp-protocol-version': '2025-11-25' },
    });
    expect(status === 403 || text.includes('-32602')).toBe(true);
    expect(matched).not.toHaveBeenCalled();
  });

  test('looks at each template a few times for a caller, however the URI is spelled', async () => {
    const uri = `files://U@H:1/${'%2525252F'.repeat(200)}/B/C!?x=1#y`;
    await ask(uri, { authorization: `Bearer ${await server.token('read')}` });
    expect(matched.mock.calls.length).toBeGreaterThan(0);
    expect(matched.mock.calls.length).toBeLessThanOrEqual(20 * (TEMPLATES.length + 1));
  });
});
