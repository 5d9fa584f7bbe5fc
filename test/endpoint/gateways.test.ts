import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpTool, type McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { headersFor, toolCall } from '../support/mcp-request.js';
import { areExpected, ProxyProcess } from '../support/proxy-process.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  run(): string {
    return 'ran';
  }
}

const ORIGIN = 'https://gw.example.com';
const WELL_KNOWN = '/.well-known/oauth-protected-resource';

interface Gateway {
  readonly resource: string;
  readonly endpoint?: McpAuthModuleOptions['endpoint'];
  /** Where the document is for clients. */
  readonly metadata: string;
  /** What nginx has. `UP` stands for the origin of the application, and so does `http://mcp`. */
  readonly locations: string;
}

/** The gateway of `docs/operations.md`. */
const [, DOCUMENTED = ''] = /```nginx\n([^]*?)```/.exec(readFileSync('docs/operations.md', 'utf8')) ?? [];

const GATEWAYS: readonly (readonly [string, Gateway])[] = [
  [
    'is set up as documented, and knows the application by a name',
    {
      resource: '/orders/mcp',
      endpoint: { path: '/mcp' },
      metadata: `${WELL_KNOWN}/orders/mcp`,
      locations: DOCUMENTED.replaceAll('http://mcp:3000', 'http://mcp'),
    },
  ],
  [
    'takes a prefix away, and leaves the path of the document as it is',
    {
      resource: '/orders/mcp',
      endpoint: { path: '/mcp' },
      metadata: `${WELL_KNOWN}/orders/mcp`,
      locations: `location /orders/ { proxy_pass UP/; } location ${WELL_KNOWN}/orders/ { proxy_pass UP; }`,
    },
  ],
  [
    'takes a prefix away, from the path of the document, too',
    {
      resource: '/orders/mcp',
      endpoint: { path: '/mcp' },
      metadata: `${WELL_KNOWN}/orders/mcp`,
      locations: `location /orders/ { proxy_pass UP/; } location ${WELL_KNOWN}/orders/ { proxy_pass UP${WELL_KNOWN}/; }`,
    },
  ],
  [
    'passes on what is below its prefix alone, without the prefix',
    {
      resource: '/orders/mcp',
      endpoint: { path: '/mcp', metadataUrl: `${ORIGIN}/orders${WELL_KNOWN}/mcp` },
      metadata: `/orders${WELL_KNOWN}/mcp`,
      locations: 'location /orders/ { proxy_pass UP/; }',
    },
  ],
  [
    'passes on what is below its prefix alone, with the prefix',
    {
      resource: '/orders/mcp',
      endpoint: { metadataUrl: `${ORIGIN}/orders/metadata.json` },
      metadata: '/orders/metadata.json',
      locations: 'location /orders/ { proxy_pass UP; }',
    },
  ],
  [
    'has a document at another address below its prefix',
    {
      resource: '/orders/mcp',
      endpoint: { path: '/mcp', metadataUrl: `${ORIGIN}/orders/metadata.json` },
      metadata: '/orders/metadata.json',
      locations: 'location /orders/ { proxy_pass UP/; }',
    },
  ],
  [
    'takes the whole path away',
    {
      resource: '/orders',
      endpoint: { path: '/' },
      metadata: `${WELL_KNOWN}/orders`,
      locations: `location = /orders { proxy_pass UP/; } location ${WELL_KNOWN}/orders { proxy_pass UP${WELL_KNOWN}; }`,
    },
  ],
  [
    'puts a prefix before the path, and keeps the host',
    {
      resource: '/mcp',
      endpoint: { path: '/internal/mcp' },
      metadata: `${WELL_KNOWN}/mcp`,
      locations: `proxy_set_header Host $http_host; location /mcp { proxy_pass UP/internal/mcp; } location ${WELL_KNOWN} { proxy_pass UP; }`,
    },
  ],
];

const withNginx = areExpected('nginx') ? describe : describe.skip;

withNginx.each(['express', 'fastify'] as const)('on %s', (platform) => {
  describe.each(GATEWAYS)('a gateway that %s', (_name, { resource, endpoint, metadata, locations }) => {
    let server: ProtectedServer;
    let gateway: ProxyProcess;

    beforeAll(async () => {
      server = await startProtectedServer({
        platform,
        providers: [Tools],
        options: { resource: `${ORIGIN}${resource}`, ...(endpoint && { endpoint }) },
      });
      const upstream = `upstream mcp { server ${new URL(server.origin).host}; }`;
      gateway = await ProxyProcess.startNginx(locations.replaceAll('UP', server.origin), upstream);
    });
    afterAll(async () => {
      await gateway.close();
      await server.close();
    });

    test('leads a client to the document, and to the tools', async () => {
      const headers = { host: 'gw.example.com', ...headersFor(toolCall('run')) };
      const challenge = await gateway.send(resource, { body: toolCall('run'), headers });
      expect(challenge.status).toBe(401);
      const [, url = ''] = /resource_metadata="([^"]*)"/.exec(challenge.headers['www-authenticate'] ?? '') ?? [];
      expect(url).toBe(`${ORIGIN}${metadata}`);
      const document = await gateway.send(new URL(url).pathname, { method: 'GET' });
      expect(JSON.parse(document.text)).toMatchObject({ resource: `${ORIGIN}${resource}` });
      expect(document.headers['cache-control']).toContain('public');
      const token = await server.issuer.token({ aud: `${ORIGIN}${resource}` });
      const call = { ...headers, authorization: `Bearer ${token}` };
      expect((await gateway.send(resource, { body: toolCall('run'), headers: call })).text).toContain('ran');
    });
  });
});
