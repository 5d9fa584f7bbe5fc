import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Anonymous, McpTool } from 'nestjs-mcp-auth';
import { examineServer } from '../../lib/doctor/server-examination.js';
import { listen } from '../support/listen.js';
import { OidcAuthorizationServer } from '../support/oidc-authorization-server.js';
import { startProtectedServer } from '../support/protected-server.js';
import { TestApi } from '../support/test-api.js';
import { sendJson, TestIssuer } from '../support/test-issuer.js';

@Injectable()
class Tools {
  @McpTool({ description: 'x', scopes: ['orders:read'] })
  find(): string {
    return 'found';
  }
}

@Injectable()
class PublicTools {
  @Anonymous()
  @McpTool({ description: 'x' })
  greet(): string {
    return 'hello';
  }
}

const WELL_KNOWN = '/.well-known/oauth-protected-resource/mcp';

describe('an MCP server of this package', () => {
  test.each(['express', 'fastify'] as const)('on %s is healthy', async (platform) => {
    const server = await startProtectedServer({ platform, providers: [Tools] });
    const findings = await examineServer(server.resource);
    await server.close();
    expect(findings.map(({ severity, code }) => `${severity} ${code}`)).toEqual([
      'info client_registration_not_advertised',
      'info scopes_not_advertised',
    ]);
  });

  test('with a real authorization server is healthy', async () => {
    const issuer = await OidcAuthorizationServer.start({ format: 'jwt' });
    const server = await startProtectedServer({
      providers: [Tools],
      options: { issuers: [{ issuer: issuer.issuer }] },
    });
    const findings = await examineServer(server.resource);
    await server.close();
    await issuer.close();
    expect(issuer.requests).not.toEqual([]);
    expect(findings.map(({ severity, code }) => `${severity} ${code}`)).toEqual([
      'info client_registration_not_advertised',
      'info scopes_not_advertised',
    ]);
  });

  test('with tools for everyone is said to have them', async () => {
    const server = await startProtectedServer({ providers: [Tools, PublicTools] });
    const findings = await examineServer(server.resource);
    await server.close();
    expect(findings).toContainEqual(expect.objectContaining({ code: 'token_not_required', severity: 'warning' }));
    expect(findings).not.toContainEqual(expect.objectContaining({ severity: 'error' }));
  });
});

describe('a server from somewhere else', () => {
  let server: TestApi;
  let issuer: TestIssuer;
  let url: string;

  beforeEach(async () => {
    server = await TestApi.start();
    issuer = await TestIssuer.start();
    url = `${server.origin}/mcp`;
    answer('/mcp', 401, {}, { 'www-authenticate': `Bearer resource_metadata="${server.origin}${WELL_KNOWN}"` });
    publish();
  });
  afterEach(async () => {
    await server.close();
    await issuer.close();
  });

  function answer(path: string, status: number, body: unknown, headers: Record<string, string> = {}): void {
    server.answers.set(path, (_request: IncomingMessage, response: ServerResponse) => {
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      sendJson(response, status, body);
    });
  }

  /** Has it serve a document with these members. */
  function publish(
    members: object = {},
    headers: Record<string, string> = { 'access-control-allow-origin': '*' },
  ): void {
    answer(WELL_KNOWN, 200, { resource: url, authorization_servers: [issuer.issuer], ...members }, headers);
  }

  /** What is found, without what is merely good to know. */
  async function found(): Promise<string[]> {
    return (await examineServer(url))
      .filter(({ code }) => code !== 'client_registration_not_advertised')
      .map(({ severity, code, subject }) => `${severity} ${code} ${subject}`);
  }

  test('is healthy, too', async () => {
    expect(await found()).toEqual([]);
    expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(['POST /mcp', `GET ${WELL_KNOWN}`]);
    expect(server.requests[0]?.headers.authorization).toBeUndefined();
  });

  test.each<[string, () => void, string]>([
    [
      'no challenge',
      () => {
        answer('/mcp', 401, {});
      },
      'error challenge_missing ',
    ],
    [
      'a challenge without the metadata',
      () => {
        answer('/mcp', 401, {}, { 'www-authenticate': 'Bearer' });
      },
      'error challenge_missing ',
    ],
    [
      'a challenge of another kind',
      () => {
        answer('/mcp', 401, {}, { 'www-authenticate': 'Basic realm="x"' });
      },
      'error challenge_missing ',
    ],
    [
      'another status',
      () => {
        answer('/mcp', 404, {});
      },
      'error challenge_missing ',
    ],
    [
      'an answer for everyone',
      () => {
        answer('/mcp', 200, {});
      },
      'warning token_not_required ',
    ],
    [
      'a resource elsewhere',
      () => {
        publish({ resource: 'https://other.example/mcp' });
      },
      'error resource_mismatch ',
    ],
    [
      'a resource next to it',
      () => {
        publish({ resource: `${url}2` });
      },
      'error resource_mismatch ',
    ],
    [
      'a resource above it',
      () => {
        publish({ resource: server.origin });
      },
      'warning resource_mismatch ',
    ],
    [
      'no resource',
      () => {
        publish({ resource: undefined });
      },
      'error resource_mismatch ',
    ],
    [
      'no authorization server',
      () => {
        publish({ authorization_servers: [] });
      },
      'error resource_metadata_unusable ',
    ],
    [
      'authorization servers that are no list',
      () => {
        publish({ authorization_servers: 'x' });
      },
      'error resource_metadata_unusable ',
    ],
    [
      'nothing for browsers',
      () => {
        publish({}, {});
      },
      'info resource_metadata_without_cors ',
    ],
    [
      'a clock that is off',
      () => {
        publish();
        answer(
          '/mcp',
          401,
          {},
          {
            'www-authenticate': `Bearer resource_metadata="${server.origin}${WELL_KNOWN}"`,
            date: new Date(0).toUTCString(),
          },
        );
      },
      'error clock_skewed ',
    ],
    [
      'metadata that cannot be had',
      () => {
        answer(WELL_KNOWN, 403, {});
      },
      'error resource_metadata_unusable ',
    ],
    [
      'metadata that redirects',
      () => {
        answer(WELL_KNOWN, 302, {}, { location: '/' });
      },
      'error resource_metadata_unusable ',
    ],
    [
      'metadata that is null',
      () => {
        answer(WELL_KNOWN, 200, null);
      },
      'error resource_mismatch ',
    ],
  ])('is found to have %s', async (_name, spoil, finding) => {
    spoil();
    expect(await found()).toContainEqual(expect.stringMatching(`^${finding}${server.origin}`));
  });

  test('is found to have metadata that is no JSON', async () => {
    server.answers.set(WELL_KNOWN, (_request, response) => void response.end('<html>'));
    expect(await found()).toEqual([`error resource_metadata_unusable ${server.origin}${WELL_KNOWN}`]);
  });

  test('is found to have more metadata than anyone reads', async () => {
    server.answers.set(WELL_KNOWN, (_request, response) => void response.end(' '.repeat(1024 * 1024 + 1)));
    expect(await found()).toEqual([`error resource_metadata_unusable ${server.origin}${WELL_KNOWN}`]);
  });

  test('has its authorization servers looked over, each by itself', async () => {
    const other = await TestIssuer.start('/realms/x');
    issuer.answers.set('/.well-known/oauth-authorization-server', (_request, response) => {
      sendJson(response, 503, {});
    });
    other.answers.set('/.well-known/oauth-authorization-server/realms/x', (_request, response) => {
      sendJson(response, 200, { ...other.metadata(), code_challenge_methods_supported: ['plain'] });
    });
    publish({ authorization_servers: [issuer.issuer, other.issuer], scopes_supported: ['orders:read'] });
    expect(await found()).toEqual([
      `error issuer_metadata_unusable ${issuer.issuer}`,
      `error pkce_not_advertised ${other.issuer}`,
      `info scopes_not_advertised ${other.issuer}`,
    ]);
    await other.close();
  });

  test('has an authorization server that is no URL', async () => {
    publish({ authorization_servers: ['the usual one'] });
    expect(await found()).toEqual(['error issuer_metadata_unusable the usual one']);
  });
});

test('nobody is there', async () => {
  const listener = await listen();
  await listener.close();
  expect(await examineServer(`${listener.origin}/mcp`)).toMatchObject([
    { code: 'server_unreachable', severity: 'error' },
  ]);
});

test.each(['mcp.example', 'http://mcp.example/mcp', 'https://user:pass@mcp.example/mcp', 'ftp://mcp.example'])(
  'an address that no client would use is not tried: %s',
  async (url) => {
    const findings = await examineServer(url);
    expect(findings).toMatchObject([{ code: 'endpoint_insecure', severity: 'error', subject: 'url' }]);
    expect(JSON.stringify(findings)).not.toContain('pass@');
  },
);
