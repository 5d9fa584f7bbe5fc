import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Controller, Get, Injectable } from '@nestjs/common';
import { McpTool } from 'nestjs-mcp-auth';
import { headersFor, message, toolCall } from '../support/mcp-request.js';
import { areExpected, type ProxyProcess } from '../support/proxy-process.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import { startEnvoyOf, startHaproxyOf, startNginxOf } from './proxies.js';

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  run(): string {
    return 'ran';
  }
}

@Controller('health')
class HealthController {
  @Get('ready')
  check() {
    return {};
  }
}

const ORIGIN = 'https://mcp.acme.example';
const WELL_KNOWN = '/.well-known/oauth-protected-resource';
const host = { host: 'mcp.acme.example' };

type Start = (servers: readonly string[], isStripped: boolean) => Promise<ProxyProcess>;

const PROXIES: readonly (readonly [name: string, isThere: boolean, start: Start])[] = [
  [
    'nginx',
    areExpected('nginx'),
    (servers, isStripped) => startNginxOf(isStripped ? 'stripped-prefix.conf' : 'mcp.conf', servers),
  ],
  ['HAProxy', areExpected('haproxy'), startHaproxyOf],
  [
    'Envoy',
    areExpected('envoy'),
    (servers, isStripped) => startEnvoyOf(isStripped ? 'stripped-prefix.yaml' : 'envoy.yaml', servers),
  ],
];

const CASES = PROXIES.flatMap(([name, isThere, start]) =>
  (['express', 'fastify'] as const).flatMap((platform) =>
    [false, true].map((isStripped) => ({ name, isThere, start, platform, isStripped })),
  ),
);
const there = CASES.filter(({ isThere }) => isThere);
const absent = CASES.filter(({ isThere }) => !isThere);

describe.each(there)('the file of $name, on $platform, where a prefix is taken away: $isStripped', (parts) => {
  const { start, platform, isStripped } = parts;
  const path = isStripped ? '/orders/mcp' : '/mcp';
  const resource = `${ORIGIN}${path}`;
  let server: ProtectedServer;
  let proxy: ProxyProcess;
  let token: string;

  beforeAll(async () => {
    server = await startProtectedServer({
      platform,
      providers: [Tools],
      controllers: [HealthController],
      options: { resource, ...(isStripped && { endpoint: { path: '/mcp' } }) },
    });
    proxy = await start([new URL(server.origin).host], isStripped);
    token = await server.issuer.token({ aud: resource });
  });
  afterAll(async () => {
    await proxy.close();
    await server.close();
  });

  const call = async (headers: Record<string, string> = {}) =>
    await proxy.send(path, { body: toolCall('run'), headers: { ...host, ...headersFor(toolCall('run')), ...headers } });

  test('leads a client from the challenge to the metadata, and to the tool', async () => {
    const challenge = await call();
    expect(challenge.status).toBe(401);
    expect(challenge.headers['www-authenticate']).toContain(`resource_metadata="${ORIGIN}${WELL_KNOWN}${path}"`);
    const metadata = await proxy.send(`${WELL_KNOWN}${path}`, { method: 'GET', headers: host });
    expect(JSON.parse(metadata.text)).toMatchObject({ resource });
    expect((await call({ authorization: `Bearer ${token}` })).text).toContain('ran');
  });

  test('passes an event on while the stream is open', async () => {
    const body = message('subscriptions/listen', { notifications: { toolsListChanged: true } });
    const headers = { ...host, ...headersFor(body, token) };
    const sent = request({ socketPath: proxy.socket, path, method: 'POST', headers, agent: false });
    sent.end(JSON.stringify(body));
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    const [piece] = (await once(answer, 'data')) as [Buffer];
    expect([answer.statusCode, answer.complete]).toEqual([200, false]);
    expect(piece.length).toBeGreaterThan(0);
    sent.destroy();
  });

  test('lets tokens through that are as large as Node takes', async () => {
    const large = await server.issuer.token({
      aud: resource,
      groups: Array.from({ length: 200 }, (_, id) => `team-${id}-of-the-company-with-a-long-name`),
    });
    expect(large.length).toBeGreaterThan(10_000);
    expect((await call({ authorization: `Bearer ${large}` })).text).toContain('ran');
  });

  test('shows health to nobody', async () => {
    const inside = await fetch(`${server.origin}/health/ready`);
    expect(inside.status).toBe(200);
    for (const outside of ['/health/ready', '/orders/health/ready'])
      expect((await proxy.send(outside, { method: 'GET', headers: host })).status).toBe(404);
  });

  test('refuses another host', async () => {
    const headers = { ...headersFor(toolCall('run'), token), host: 'evil.example' };
    const { status } = await proxy.send(path, { body: toolCall('run'), headers });
    expect([403, 404]).toContain(status);
  });
});

if (absent.length > 0) test.skip.each(absent)('$name (not run: it is not on PATH)', () => undefined);
