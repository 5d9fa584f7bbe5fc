import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpTool, type McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { post, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

let runs = 0;

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  run(): string {
    runs++;
    return 'ran';
  }
}

/** Status of a call with the headers that `fetch` would not let anyone set. */
async function statusOf(server: ProtectedServer, headers: Record<string, string>, resource = server.resource) {
  const { port } = new URL(server.origin);
  const body = JSON.stringify(toolCall('run'));
  const token = await server.issuer.token({ aud: resource });
  return await new Promise<number | undefined>((resolve, reject) => {
    const request = httpRequest({
      port,
      host: '127.0.0.1',
      path: '/mcp',
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'tools/call',
        'mcp-name': 'run',
        ...headers,
      },
    });
    request.on('error', reject);
    request.on('response', (response) => {
      response.resume().on('end', () => {
        resolve(response.statusCode);
      });
    });
    request.end(body);
  });
}

function serverWith(endpoint: NonNullable<McpAuthModuleOptions['endpoint']>, resource?: string): () => ProtectedServer {
  let server: ProtectedServer | undefined;
  beforeAll(async () => {
    server = await startProtectedServer({
      providers: [Tools],
      options: { endpoint, ...(resource !== undefined && { resource }) },
    });
  });
  afterAll(() => server?.close());
  return () => {
    if (!server) throw new Error('The server is not there yet');
    return server;
  };
}

const PUBLIC = 'https://mcp.example.com/mcp';

describe('a public server', () => {
  const server = serverWith({}, PUBLIC);

  test.each([
    ['mcp.example.com', 200],
    ['MCP.example.com', 200],
    ['localhost', 200],
    ['localhost:8080', 200],
    ['127.0.0.1:8080', 200],
    ['[::1]:8080', 200],
    ['10.1.2.3', 200],
    ['evil.example.com', 403],
    ['mcp.example.com.evil.example', 403],
    ['mcp.example.com:8443', 403],
    ['mcp.example.com@evil.example', 400],
    ['localhost.evil.example', 403],
    ['127.0.0.1.evil.example', 403],
    ['0x7f.1', 403],
    ['2130706433', 403],
    ['evil', 403],
  ])('of the host "%s" is answered with %i: no name can be pointed at it', async (host, status) => {
    runs = 0;
    expect(await statusOf(server(), { host }, PUBLIC)).toBe(status);
    expect(runs).toBe(status === 200 ? 1 : 0);
  });

  test.each([
    ['https://mcp.example.com', 200],
    ['https://evil.example.com', 403],
    ['http://mcp.example.com', 403],
    ['https://mcp.example.com:8443', 403],
    ['https://mcp.example.com.evil.example', 403],
    ['https://mcp.example.com/', 403],
    ['http://localhost', 403],
    ['null', 403],
    ['', 403],
    ['https://mcp.example.com, https://evil.example', 403],
  ])('a page of "%s" is answered with %i', async (origin, status) => {
    runs = 0;
    expect(await statusOf(server(), { host: 'mcp.example.com', origin }, PUBLIC)).toBe(status);
    expect(runs).toBe(status === 200 ? 1 : 0);
  });

  test('that is refused learns no more than that, and nobody looks at its token', async () => {
    const { origin } = server();
    const response = await post(`${origin}/mcp`, toolCall('run'), {
      token: 'not looked at',
      headers: { origin: 'https://evil.example.com' },
    });
    expect(response.status).toBe(403);
    expect(response.headers.get('www-authenticate')).toBeNull();
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
    expect(await response.json()).toEqual({
      statusCode: 403,
      error: 'Forbidden',
      message: 'Requests of this origin are not served here',
    });
  });
});

describe('a server on loopback', () => {
  const server = serverWith({});

  test.each([
    ['http://localhost:6274', 200],
    ['http://127.0.0.1:1', 200],
    ['http://[::1]:5173', 200],
    ['https://evil.example.com', 403],
    ['http://localhost.evil.example', 403],
    ['http://127.0.0.1.evil.example', 403],
    ['http://localhost:6274/', 403],
    ['null', 403],
    ['file://', 403],
  ])('answers a page of %s with %i', async (origin, status) => {
    expect(await statusOf(server(), { origin })).toBe(status);
  });

  test('is no help to a name that was pointed at it', async () => {
    expect(await statusOf(server(), { host: 'rebound.evil.example', origin: 'http://rebound.evil.example' })).toBe(403);
    expect(await statusOf(server(), { host: 'rebound.evil.example' })).toBe(403);
  });
});

describe('lists of the options', () => {
  const server = serverWith(
    { allowedOrigins: ['https://app.example.com', 'null'], allowedHosts: ['mcp.internal:8080'] },
    PUBLIC,
  );

  test.each([
    [{ host: 'mcp.internal:8080' }, 200],
    [{ host: 'MCP.internal:8080' }, 200],
    [{ host: 'mcp.internal' }, 403],
    [{ host: 'mcp.example.com', origin: 'https://app.example.com' }, 200],
    [{ host: 'mcp.example.com', origin: 'https://mcp.example.com' }, 200],
    [{ host: 'mcp.example.com', origin: 'null' }, 200],
    [{ host: 'mcp.example.com', origin: 'https://APP.example.com' }, 403],
    [{ host: 'mcp.example.com', origin: 'https://other.example.com' }, 403],
  ])('%j is answered with %i', async (headers, status) => {
    expect(await statusOf(server(), headers, PUBLIC)).toBe(status);
  });
});

describe("'any'", () => {
  const server = serverWith({ allowedOrigins: 'any', allowedHosts: 'any' }, PUBLIC);

  test('gives the checks up', async () => {
    expect(await statusOf(server(), { host: 'a.example', origin: 'https://b.example' }, PUBLIC)).toBe(200);
  });
});
