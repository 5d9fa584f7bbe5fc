import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Controller, HttpCode, Injectable, Post, VersioningType, type INestApplication } from '@nestjs/common';
import { clientSecretBasic, McpTool, ProtectedMcp, type McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { headersFor, toolCall } from '../support/mcp-request.js';
import { areExpected, ProxyProcess } from '../support/proxy-process.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  run(): string {
    return 'ran';
  }

  @McpTool({ description: 'x', downstream: 'crm' })
  contacts(): string {
    return 'contacts';
  }
}

/** A server that was there before. */
@Controller('mcp')
@ProtectedMcp({ tools: { run: { scopes: [] } } })
class ForeignController {
  @Post()
  @HttpCode(200)
  handle() {
    return { jsonrpc: '2.0', id: 1, result: { content: [{ type: 'text', text: 'ran' }] } };
  }
}

const ORIGIN = 'https://gw.example.com';
const WELL_KNOWN = '/.well-known/oauth-protected-resource';

interface Gateway {
  readonly resource: string;
  readonly endpoint?: McpAuthModuleOptions['endpoint'];
  /** Where the document is for clients. */
  readonly metadata: string;
  /**
   * What nginx has; with several, each has the next one behind it. `UP` stands for the origin of what is behind it, and so
   * does `http://mcp`.
   */
  readonly nginx?: string | readonly string[];
  /** What HAProxy has. */
  readonly haproxy?: string;
  readonly configure?: (app: INestApplication) => void;
  /** Whether a controller of the application answers. */
  readonly isForeign?: boolean;
}

/** The gateways of `docs/production/proxies.md`. */
const DOCUMENT = readFileSync('docs/production/proxies.md', 'utf8');
const [, NGINX = ''] = /```nginx\n([^]*?)```/.exec(DOCUMENT) ?? [];
const [, HAPROXY = ''] = /```haproxy\n([^]*?)```/.exec(DOCUMENT) ?? [];

const STRIPPED = { resource: '/orders/mcp', endpoint: { path: '/mcp' }, metadata: `${WELL_KNOWN}/orders/mcp` };
const STRIPS = `location /orders/ { proxy_pass UP/; } location ${WELL_KNOWN}/orders/ { proxy_pass UP; }`;

const GATEWAYS: readonly (readonly [string, Gateway])[] = [
  [
    'is set up as documented, and knows the application by a name',
    { ...STRIPPED, nginx: NGINX.replaceAll('http://mcp:3000', 'http://mcp') },
  ],
  ['is HAProxy, set up as documented', { ...STRIPPED, haproxy: HAPROXY }],
  ['takes a prefix away, and leaves the path of the document as it is', { ...STRIPPED, nginx: STRIPS }],
  [
    'takes a prefix away, from the path of the document, too',
    {
      ...STRIPPED,
      nginx: `location /orders/ { proxy_pass UP/; } location ${WELL_KNOWN}/orders/ { proxy_pass UP${WELL_KNOWN}/; }`,
    },
  ],
  [
    'passes on what is below its prefix alone, without the prefix',
    {
      resource: '/orders/mcp',
      endpoint: { path: '/mcp', metadataUrl: `${ORIGIN}/orders${WELL_KNOWN}/mcp` },
      metadata: `/orders${WELL_KNOWN}/mcp`,
      nginx: 'location /orders/ { proxy_pass UP/; }',
    },
  ],
  [
    'passes on what is below its prefix alone, with the prefix',
    {
      resource: '/orders/mcp',
      endpoint: { metadataUrl: `${ORIGIN}/orders/metadata.json` },
      metadata: '/orders/metadata.json',
      nginx: 'location /orders/ { proxy_pass UP; }',
    },
  ],
  [
    'has a document at another address below its prefix',
    {
      resource: '/orders/mcp',
      endpoint: { path: '/mcp', metadataUrl: `${ORIGIN}/orders/metadata.json` },
      metadata: '/orders/metadata.json',
      nginx: 'location /orders/ { proxy_pass UP/; }',
    },
  ],
  [
    'takes the whole path away',
    {
      resource: '/orders',
      endpoint: { path: '/' },
      metadata: `${WELL_KNOWN}/orders`,
      nginx: `location = /orders { proxy_pass UP/; } location /orders/ { proxy_pass UP/; } location ${WELL_KNOWN}/orders { proxy_pass UP${WELL_KNOWN}; }`,
    },
  ],
  [
    'puts a prefix before the path, and keeps the host',
    {
      resource: '/mcp',
      endpoint: { path: '/internal/mcp' },
      metadata: `${WELL_KNOWN}/mcp`,
      nginx: `proxy_set_header Host $http_host; location /mcp { proxy_pass UP/internal/mcp; } location ${WELL_KNOWN} { proxy_pass UP; }`,
    },
  ],
  [
    'gives the application a name of its own',
    {
      ...STRIPPED,
      endpoint: { path: '/mcp', allowedHosts: ['orders.internal:8080'] },
      nginx: `proxy_set_header Host orders.internal:8080; proxy_set_header X-Forwarded-Host $host; ${STRIPS}`,
    },
  ],
  [
    'has another one behind it, and each takes a prefix away',
    {
      resource: '/company/orders/mcp',
      endpoint: { path: '/mcp' },
      metadata: `${WELL_KNOWN}/company/orders/mcp`,
      nginx: [
        `location /company/ { proxy_pass UP/; } location ${WELL_KNOWN}/company/ { proxy_pass UP${WELL_KNOWN}/; }`,
        `location /orders/ { proxy_pass UP/; } location ${WELL_KNOWN}/orders/ { proxy_pass UP${WELL_KNOWN}/; }`,
      ],
    },
  ],
  [
    'takes a prefix away that the application has, too, with versions',
    {
      resource: '/orders/api/mcp',
      endpoint: { path: '/api/mcp' },
      metadata: `${WELL_KNOWN}/orders/api/mcp`,
      nginx: STRIPS,
      configure: (app) =>
        app.setGlobalPrefix('api').enableVersioning({ type: VersioningType.URI, defaultVersion: '2' }),
    },
  ],
  [
    'takes a prefix away before a server that was there',
    { ...STRIPPED, endpoint: { path: '/mcp', mount: false }, nginx: STRIPS, isForeign: true },
  ],
];

/** Of the gateways that were started, the first meets the clients. */
async function startGateways({ nginx, haproxy }: Gateway, origin: string): Promise<ProxyProcess[]> {
  const { host } = new URL(origin);
  if (haproxy !== undefined) {
    return [await ProxyProcess.startHaproxy({ servers: [host], lines: haproxy.trim().split('\n') })];
  }
  const started: ProxyProcess[] = [];
  let [up, server] = [origin, host];
  for (const locations of [nginx ?? []].flat().toReversed()) {
    const gateway = await ProxyProcess.startNginx(locations.replaceAll('UP', up), `upstream mcp { server ${server}; }`);
    started.unshift(gateway);
    [up, server] = ['http://mcp', `unix:${gateway.socket}`];
  }
  return started;
}

const PARTNER = 'https://partner.example.com';

/** Users of this server link an account, and it is told when they sign out. */
const WITH_PAGES: Partial<McpAuthModuleOptions> = {
  client: { id: 'mcp', authentication: clientSecretBasic('secret') },
  downstreams: {
    crm: {
      baseUrl: PARTNER,
      linked: {
        authorizationEndpoint: `${PARTNER}/authorize`,
        tokenEndpoint: `${PARTNER}/token`,
        client: { id: 'mcp', authentication: clientSecretBasic('secret') },
      },
    },
  },
  logout: { backChannel: {} },
};

const withProxies = areExpected('haproxy', 'nginx') ? describe : describe.skip;

withProxies.each(['express', 'fastify'] as const)('on %s', (platform) => {
  describe.each(GATEWAYS)('a gateway that %s', (_name, parts) => {
    const { resource, endpoint, metadata, configure, isForeign = false } = parts;
    const host = { host: 'gw.example.com' };
    let server: ProtectedServer;
    let gateways: readonly ProxyProcess[];
    let gateway: ProxyProcess;
    let token: string;

    beforeAll(async () => {
      server = await startProtectedServer({
        platform,
        ...(isForeign ? { controllers: [ForeignController] } : { providers: [Tools] }),
        ...(configure && { configure }),
        options: { ...WITH_PAGES, resource: `${ORIGIN}${resource}`, ...(endpoint && { endpoint }) },
      });
      gateways = await startGateways(parts, server.origin);
      [gateway] = gateways as [ProxyProcess];
      token = await server.issuer.token({ aud: `${ORIGIN}${resource}` });
    });
    afterAll(async () => {
      await Promise.all(gateways.map((one) => one.close()));
      await server.close();
    });

    test('leads a client to the document, and to the tools', async () => {
      const headers = { ...host, ...headersFor(toolCall('run')) };
      const challenge = await gateway.send(resource, { body: toolCall('run'), headers });
      expect(challenge.status).toBe(401);
      const [, url = ''] = /resource_metadata="([^"]*)"/.exec(challenge.headers['www-authenticate'] ?? '') ?? [];
      expect(url).toBe(`${ORIGIN}${metadata}`);
      const document = await gateway.send(new URL(url).pathname, { method: 'GET', headers: host });
      expect(JSON.parse(document.text)).toMatchObject({ resource: `${ORIGIN}${resource}` });
      expect(document.headers['cache-control']).toContain('public');
      const call = { ...headers, authorization: `Bearer ${token}` };
      const served = await gateway.send(resource, { body: toolCall('run'), headers: call });
      expect(served.text).toContain('ran');
    });

    test('leads a browser to the pages, and an issuer to the endpoint for sign-outs', async () => {
      const form = { ...host, 'content-type': 'application/x-www-form-urlencoded' };
      const logout = await gateway.send(`${resource}/backchannel-logout`, {
        body: 'x=1',
        headers: form,
      });
      expect(logout.status).toBe(400);
      expect(JSON.parse(logout.text)).toHaveProperty('error', 'invalid_request');
      const unknown = await gateway.send(`${resource}/link/unknown`, { method: 'GET', headers: host });
      expect(unknown.status).toBe(404);
      expect(unknown.headers['content-type']).toContain('text/html');
      if (isForeign) return;
      const body = toolCall('contacts');
      const meta = (body.params as { _meta: Record<string, unknown> })._meta;
      meta['io.modelcontextprotocol/clientCapabilities'] = { elicitation: { url: {} } };
      const asked = await gateway.send(resource, {
        body,
        headers: { ...host, ...headersFor(body, token) },
      });
      const [, page = ''] = /"url":"([^"]*)"/.exec(asked.text) ?? [];
      expect(page.slice(0, page.lastIndexOf('/'))).toBe(`${ORIGIN}${resource}/link`);
      const opened = await gateway.send(new URL(page).pathname, { method: 'GET', headers: host });
      expect(opened.status).toBe(303);
      const signIn = new URL(opened.headers.location ?? '');
      expect(signIn.searchParams.get('redirect_uri')).toBe(`${ORIGIN}${resource}/link/callback`);
      expect(opened.headers['set-cookie']?.[0]).toMatch(/^__Host-.*; Path=\/; .*; Secure$/);
    });
  });
});
