import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpTool } from 'nestjs-mcp-auth';
import { toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import { sendRaw, writeRequest, type RawAnswer } from '../support/raw-request.js';

const RESOURCE = 'https://mcp.example.com/mcp';
const DOCUMENT = '/.well-known/oauth-protected-resource';

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  run(): string {
    return 'ran';
  }
}

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  let server: ProtectedServer;
  let token: string;

  beforeAll(async () => {
    server = await startProtectedServer({ platform, providers: [Tools], options: { resource: RESOURCE } });
    token = await server.issuer.token({ aud: RESOURCE });
  });
  afterAll(() => server.close());

  async function ask(firstLine: string, headers: readonly string[], isCall = true, sent?: string): Promise<RawAnswer> {
    const parts = { headers: [...headers, 'Connection: close'], token: sent, ...(isCall && { body: toolCall('run') }) };
    const [answer] = await sendRaw(server.origin, writeRequest(firstLine, parts));
    return answer as RawAnswer;
  }

  test.each([
    ['/mcp', 'mcp.example.com'],
    ['/mcp/', 'mcp.example.com'],
    ['/mcp?x=1', 'mcp.example.com'],
    ['/mcp/?x=/other', 'mcp.example.com'],
    ['/mcp?', 'mcp.example.com'],
    ['/mcp??x', 'mcp.example.com'],
    ['/mcp?x=%zz', 'mcp.example.com'],
    ['/mcp#x', 'mcp.example.com'],
    ['/%6dcp', 'mcp.example.com'],
    ['/%6D%63%70/?x=%2F', 'mcp.example.com'],
    ['http://mcp.example.com/mcp', 'mcp.example.com'],
    ['https://mcp.example.com/mcp/?x=1', 'mcp.example.com'],
    ['HTTPS://MCP.Example.com:443/mcp', 'mcp.example.com'],
    ['http://mcp.example.com/%6dcp', 'mcp.example.com:80'],
    ['/mcp', 'mcp.example.com:'],
    ['/mcp', '[::1]'],
    ['/mcp', '[::1]:8080'],
    ['/mcp', '[0:0:0:0:0:0:0:1]'],
    ['/mcp', '[::ffff:10.0.0.7]:443'],
    ['/mcp', '[2001:DB8::1]:8443'],
  ])('%s of the host %s is the endpoint', async (target, host) => {
    const challenge = await ask(`POST ${target} HTTP/1.1`, [`Host: ${host}`]);
    expect(challenge.status).toBe(401);
    expect(challenge.head).toContain(
      `www-authenticate: bearer resource_metadata="https://mcp.example.com${DOCUMENT}/mcp`,
    );
    const served = await ask(`POST ${target} HTTP/1.1`, [`Host: ${host}`], true, token);
    expect(served.body).toContain('ran');
    for (const { head } of [challenge, served]) {
      expect(head).toContain('cache-control: no-store');
      expect(head).toContain('x-content-type-options: nosniff');
    }
  });

  test.each([
    ['/', 'mcp.example.com'],
    ['//mcp', 'mcp.example.com'],
    ['/mcp//', 'mcp.example.com'],
    ['//mcp.example.com/mcp', 'mcp.example.com'],
    ['/./mcp', 'mcp.example.com'],
    ['/x/../mcp', 'mcp.example.com'],
    ['/%2Fmcp', 'mcp.example.com'],
    ['/mcp%2F', 'mcp.example.com'],
    ['/mcp%20', 'mcp.example.com'],
    ['/mcp;x=1', 'mcp.example.com'],
    ['/%256dcp', 'mcp.example.com'],
    ['/MCP', 'mcp.example.com'],
    ['/Mcp/', 'mcp.example.com'],
    ['/mcP?x=1', 'mcp.example.com'],
    ['/%4dcp', 'mcp.example.com'],
    ['/mcp;x', 'mcp.example.com'],
    ['/mcp\\', 'mcp.example.com'],
    ['http://mcp.example.com/MCP', 'mcp.example.com'],
    ['http://mcp.example.com/x/mcp', 'mcp.example.com'],
  ])('%s of the host %s is another path', async (target, host) => {
    const answer = await ask(`POST ${target} HTTP/1.1`, [`Host: ${host}`], true, token);
    expect(answer.status).toBe(404);
    expect(answer.head).not.toContain('www-authenticate');
    expect(JSON.parse(answer.body)).toMatchObject({ statusCode: 404, error: 'Not Found' });
  });

  test.each([
    `${DOCUMENT}/MCP`,
    `${DOCUMENT}/Mcp/`,
    DOCUMENT.toUpperCase(),
    `${DOCUMENT}//mcp`,
    `${DOCUMENT}/mcp//`,
    `${DOCUMENT}/mcp;x`,
    `/${DOCUMENT}/mcp`,
  ])('%s is no document', async (target) => {
    expect((await ask(`GET ${target} HTTP/1.1`, ['Host: mcp.example.com'], false)).status).toBe(404);
  });

  test.each([
    ['http://evil.example/mcp', 'mcp.example.com'],
    ['http://mcp.example.com/mcp', 'evil.example'],
    ['http://mcp.example.com@evil.example/mcp', 'mcp.example.com'],
    ['http://127.0.0.1/mcp', 'mcp.example.com'],
    ['/mcp', ''],
    ['/mcp', 'mcp.example.com:0443'],
    ['/mcp', '127.1'],
    ['/mcp', 'mcp.example.com,evil.example'],
  ])('%s of the host %s is refused', async (target, host) => {
    const answer = await ask(`POST ${target} HTTP/1.1`, [`Host: ${host}`], true, token);
    expect(answer.status).toBe(403);
    expect(answer.body).not.toContain('ran');
  });

  test.each([
    ['/mcp', '[::1'],
    ['/mcp', '[evil.example]'],
    ['/mcp', '[::1].evil.example'],
    ['/mcp', '::1'],
    ['/mcp', 'mcp.example.com::443'],
    ['/mcp', 'mcp.example.com:https'],
    ['/mcp', 'mcp.example.com@evil.example'],
    ['/mcp', 'mcp.example.com evil.example'],
    ['/mcp', 'mcp.example.com/mcp'],
    ['/mcp', 'mcp.example.com\r\nHost: mcp.example.com'],
    ['/mcp', 'mcp.example.com\r\nhOST: MCP.example.com:443'],
    ['/mcp', 'mcp.example.com\r\nHost: evil.example'],
    ['/mcp', 'evil.example\r\nHost: mcp.example.com'],
    ['/mcp', 'mcp.example.com\r\nHost:'],
    ['http://mcp.example.com/mcp', 'mcp.example.com\r\nHost: mcp.example.com'],
    ['http://[evil.example]/mcp', 'mcp.example.com'],
  ])('%s of the malformed host %j is a bad request, with a token and without', async (target, host) => {
    for (const sent of [token, undefined]) {
      const answer = await ask(`POST ${target} HTTP/1.1`, [`Host: ${host}`], true, sent);
      expect(answer.status).toBe(400);
      expect(answer.body).not.toContain('ran');
      expect(answer.head).not.toContain('www-authenticate');
    }
    expect(server.log.lines.some((line) => line.includes('RFC 9112 section 3.2'))).toBe(true);
  });

  test.each([
    [`${DOCUMENT}/mcp`, 'mcp.example.com'],
    [`${DOCUMENT}/mcp/?x=1`, 'mcp.example.com'],
    [`${DOCUMENT}/%6dcp`, 'mcp.example.com'],
    [`/%2ewell-known/oauth-protected-resource`, 'mcp.example.com'],
    [`http://mcp.example.com${DOCUMENT}/mcp`, 'mcp.example.com'],
    [`${DOCUMENT}/mcp`, 'any.example'],
  ])('%s of the host %s is the document', async (target, host) => {
    const answer = await ask(`GET ${target} HTTP/1.1`, [`Host: ${host}`], false);
    expect(JSON.parse(answer.body)).toMatchObject({ resource: RESOURCE });
    expect(answer.head).toContain('cache-control: public');
  });

  test.each(['GET', 'HEAD', 'DELETE', 'PUT', 'PATCH', 'PROPFIND', 'QUERY', 'TRACE', 'LOCK'])(
    '%s is challenged without a token, and not allowed with one, whatever the path is written like',
    async (method) => {
      for (const target of ['/mcp', '/mcp/', '/%6dcp', 'http://mcp.example.com/mcp']) {
        const challenge = await ask(`${method} ${target} HTTP/1.1`, ['Host: mcp.example.com'], false);
        expect(challenge.status).toBe(401);
        expect(challenge.head).toContain('www-authenticate: bearer');
        const refused = await ask(`${method} ${target} HTTP/1.1`, ['Host: mcp.example.com'], false, token);
        expect(refused.status).toBe(405);
        expect(refused.head).toContain('allow: post, options');
      }
    },
  );

  test('HTTP/1.1 without a host is refused, and HTTP/1.0 has none', async () => {
    expect((await ask('POST /mcp HTTP/1.1', [], true, token)).status).toBe(400);
    const old = await ask('POST /mcp HTTP/1.0', []);
    expect([old.status, old.head.includes('www-authenticate: bearer')]).toEqual([401, true]);
    expect((await ask('POST /mcp HTTP/1.0', [], true, token)).body).toContain('ran');
    const document = await ask(`GET ${DOCUMENT}/mcp HTTP/1.0`, [], false);
    expect(JSON.parse(document.body)).toMatchObject({ resource: RESOURCE });
  });
});
