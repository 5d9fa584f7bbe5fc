import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { clientSecretBasic, McpTool, type AuditEvent, type IssuerOptions, type McpContext } from 'nestjs-mcp-auth';
import { post, textOf, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import { sendJson, TestIssuer } from '../support/test-issuer.js';

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  whoami(_input: unknown, { caller }: McpContext): string {
    return `${caller?.subject ?? ''} of ${caller?.issuer ?? ''}`;
  }
}

const TOKEN_ISSUER = 'http://adfs.acme.example/adfs/services/trust';
const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const OPENID = '/adfs/.well-known/openid-configuration';

describe.each(['express', 'fastify'] as const)('the three names of an issuer, on %s', (platform) => {
  let adfs: TestIssuer;
  let events: AuditEvent[] = [];
  beforeAll(async () => {
    adfs = await TestIssuer.start('/adfs');
    adfs.answers.set('/.well-known/oauth-authorization-server/adfs', (_request, response) => {
      sendJson(response, 404, {});
    });
    adfs.answers.set(OPENID, (_request, response) => {
      sendJson(response, 200, { ...adfs.metadata(), access_token_issuer: TOKEN_ISSUER });
    });
  });
  afterAll(() => adfs.close());

  async function using(names: Partial<IssuerOptions>, run: (server: ProtectedServer) => Promise<void>): Promise<void> {
    const auditSink = { record: (event: AuditEvent) => void events.push(event) };
    const server = await startProtectedServer({
      platform,
      providers: [Tools],
      options: {
        issuers: [{ issuer: adfs.issuer, ...names }],
        client: { id: 'mcp-server', authentication: clientSecretBasic('mcp-server-secret') },
        logout: { backChannel: {} },
        observability: { auditSink },
      },
    });
    try {
      events = [];
      await run(server);
    } finally {
      await server.close();
    }
  }

  const call = async (server: ProtectedServer, iss: unknown) => {
    const token = await adfs.token({ aud: server.resource, iss });
    const response = await post(server.resource, toolCall('whoami'), { token });
    if (response.status !== 200) return response.status;
    return textOf(((await response.json()) as { result: never }).result);
  };
  const authorizationServers = async (server: ProtectedServer) => {
    const response = await fetch(`${server.origin}/.well-known/oauth-protected-resource/mcp`);
    return ((await response.json()) as { authorization_servers: unknown }).authorization_servers;
  };
  const logout = async (server: ProtectedServer, iss: string) => {
    const token = await adfs.token(
      { aud: 'mcp-server', iss, client_id: undefined, jti: randomUUID(), events: { [EVENT]: {} } },
      { typ: 'logout+jwt' },
    );
    const response = await fetch(`${server.resource}/backchannel-logout`, {
      method: 'POST',
      body: new URLSearchParams({ logout_token: token }),
    });
    return response.status;
  };

  test('AD FS: access tokens have an `iss` of their own, which is no address that anyone asks', async () => {
    await using({ tokenIssuer: TOKEN_ISSUER }, async (server) => {
      expect(await call(server, TOKEN_ISSUER)).toBe(`alice of ${TOKEN_ISSUER}`);
      expect(await authorizationServers(server)).toEqual([adfs.issuer]);
      for (const iss of [adfs.issuer, `${TOKEN_ISSUER}/`, TOKEN_ISSUER.replace('http:', 'https:'), undefined])
        expect(await call(server, iss)).toBe(401);
    });
  });

  test('logout tokens have the name of the metadata, and end sessions of access tokens', async () => {
    await using({ tokenIssuer: TOKEN_ISSUER }, async (server) => {
      expect(await logout(server, TOKEN_ISSUER)).toBe(400);
      expect(await logout(server, adfs.issuer)).toBe(200);
      expect(events).toContainEqual(
        expect.objectContaining({ type: 'session_ended', issuer: TOKEN_ISSUER, subject: 'alice' }),
      );
    });
  });

  test('the log says which option is missing', async () => {
    await using({}, async (server) => {
      expect(await call(server, adfs.issuer)).toBe(`alice of ${adfs.issuer}`);
      expect(await call(server, TOKEN_ISSUER)).toBe(401);
      const detail = expect.stringMatching(/its iss is "http:\/\/adfs\.acme\.example/);
      const fix = expect.stringMatching(/set `tokenIssuer`/);
      expect(events).toContainEqual(expect.objectContaining({ type: 'token_rejected', detail, fix }));
    });
  });

  test.each<[string, Partial<IssuerOptions>, string]>([
    ['a word', { tokenIssuer: 'acme' }, 'acme'],
    ['a name without a scheme', { tokenIssuer: 'accounts.acme.example' }, 'accounts.acme.example'],
  ])('`iss` may be %s', async (_name, names, iss) => {
    await using(names, async (server) => {
      expect(await call(server, iss)).toBe(`alice of ${iss}`);
    });
  });

  test('metadata may name another issuer, and clients be told a third', async () => {
    const inner = 'https://inner.acme.example/adfs';
    const outer = 'https://login.acme.example/adfs';
    adfs.answers.set(OPENID, (_request, response) => {
      sendJson(response, 200, { ...adfs.metadata(), issuer: inner });
    });
    const names = { tokenIssuer: TOKEN_ISSUER, metadataIssuer: inner, advertisedIssuer: outer };
    await using(names, async (server) => {
      expect(await call(server, TOKEN_ISSUER)).toBe(`alice of ${TOKEN_ISSUER}`);
      expect(await authorizationServers(server)).toEqual([outer]);
      expect(await logout(server, inner)).toBe(200);
      expect(await logout(server, adfs.issuer)).toBe(400);
    });
    await using({ tokenIssuer: TOKEN_ISSUER, metadataIssuer: `${inner}/` }, async (server) => {
      expect(await call(server, TOKEN_ISSUER)).toBe(503);
    });
  });
});
