import { afterEach, describe, expect, test } from '@jest/globals';
import { Client, ClientCredentialsProvider, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Injectable } from '@nestjs/common';
import * as oauth from 'openid-client';
import { McpAuthModule, McpTool, type IssuerOptions, type McpContext } from 'nestjs-mcp-auth';
import { challengeOf } from '../compliance/challenge-parameters.js';
import { post, toolCall } from '../support/mcp-request.js';
import { optionsFor } from '../support/module-options.js';
import { OidcAuthorizationServer, REPORT_CLIENT } from '../support/oidc-authorization-server.js';
import { startApplication, type TestApplication } from '../support/test-application.js';
import { CLIENT } from './introspecting-server.js';

@Injectable()
class Tools {
  @McpTool({ description: 'x', scopes: ['orders:read'] })
  whoami(_input: unknown, { caller }: McpContext): object {
    return { subject: caller?.subject, clientId: caller?.clientId, scopes: caller?.scopes };
  }
}

let authorizationServer: OidcAuthorizationServer;
let application: TestApplication;

async function start(
  introspection: Partial<NonNullable<IssuerOptions['introspection']>>,
  registration: object,
): Promise<void> {
  authorizationServer = await OidcAuthorizationServer.start({ format: 'opaque', registration });
  const { issuer } = authorizationServer;
  const issuers = [{ issuer, introspection: { client: CLIENT, ...introspection } }];
  application = await startApplication({
    imports: (origin) => [McpAuthModule.forRoot(optionsFor(origin, issuer, { issuers }))],
    providers: [Tools],
  });
}

afterEach(async () => {
  await application.close();
  await authorizationServer.close();
});

const resource = () => `${application.origin}/mcp`;

describe.each<[string, Partial<NonNullable<IssuerOptions['introspection']>>, object]>([
  ['plain answers', {}, {}],
  ['signed answers (RFC 9701)', { signedResponse: 'RS256' }, { introspection_signed_response_alg: 'RS256' }],
])('opaque tokens of oidc-provider, by %s', (_name, introspection, registration) => {
  test('an MCP client finds the authorization server, gets a token and calls a tool', async () => {
    await start(introspection, registration);
    const authProvider = new ClientCredentialsProvider({
      clientId: REPORT_CLIENT.id,
      clientSecret: REPORT_CLIENT.secret,
      scope: 'orders:read',
      expectedIssuer: authorizationServer.issuer,
    });
    const client = new Client({ name: 'nightly-report', version: '1.0.0' });
    await client.connect(new StreamableHTTPClientTransport(new URL(resource()), { authProvider }));
    for (let call = 0; call < 3; call += 1) {
      expect((await client.callTool({ name: 'whoami' })).structuredContent).toEqual({
        // The answer has no `sub`: it names no user, and need not be about the client itself.
        subject: expect.stringMatching(/^token:[\w-]{43}$/),
        clientId: REPORT_CLIENT.id,
        scopes: ['orders:read'],
      });
    }
    await client.close();
    expect(authProvider.tokens()?.access_token).not.toContain('.');
    expect(authorizationServer.requests.filter((path) => path === '/token/introspection')).toHaveLength(1);
  });

  test('a token for another resource, one that was revoked and one that never was are refused', async () => {
    await start({ ...introspection, cacheMs: 0 }, registration);
    const client = await authorizationServer.reportClient();
    const grant = async (of: string) =>
      (await oauth.clientCredentialsGrant(client, { resource: of, scope: 'orders:read' })).access_token;
    const call = async (token: string) => await post(resource(), toolCall('whoami'), { token });
    const token = await grant(resource());
    expect((await call(token)).status).toBe(200);
    await oauth.tokenRevocation(client, token);
    for (const bad of [token, await grant('https://other.example/mcp'), 'x'.repeat(43)]) {
      const response = await call(bad);
      expect(response.status).toBe(401);
      expect(challengeOf(response)).toMatchObject({ error: 'invalid_token' });
    }
  });
});
