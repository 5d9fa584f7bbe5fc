import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import * as oauth from 'openid-client';
import { McpAuthModule, McpTool } from 'nestjs-mcp-auth';
import { CLIENT } from '../introspection/introspecting-server.js';
import { toolCall } from '../support/mcp-request.js';
import { optionsFor } from '../support/module-options.js';
import { OidcAuthorizationServer } from '../support/oidc-authorization-server.js';
import { startApplication, type TestApplication } from '../support/test-application.js';

@Injectable()
class Tools {
  @McpTool({ description: 'x', scopes: ['orders:read'] })
  find(): string {
    return 'found';
  }
}

describe.each(['jwt', 'opaque'] as const)('a %s token that oidc-provider bound to a key of the client', (format) => {
  let authorizationServer: OidcAuthorizationServer;
  let application: TestApplication;
  let client: oauth.Configuration;
  let key: oauth.CryptoKeyPair;
  let token: string;

  beforeAll(async () => {
    authorizationServer = await OidcAuthorizationServer.start({ format });
    const { issuer } = authorizationServer;
    const issuers = [{ issuer, ...(format === 'opaque' && { introspection: { client: CLIENT } }) }];
    const dpop = { nonceSecret: 'n'.repeat(32) };
    application = await startApplication({
      imports: (origin) => [McpAuthModule.forRoot(optionsFor(origin, issuer, { issuers, proof: { dpop } }))],
      providers: [Tools],
    });
    client = await authorizationServer.reportClient();
    key = await oauth.randomDPoPKeyPair();
    const resource = `${application.origin}/mcp`;
    const DPoP = oauth.getDPoPHandle(client, key);
    const tokens = await oauth.clientCredentialsGrant(client, { resource, scope: 'orders:read' }, { DPoP });
    expect(tokens.token_type).toBe('dpop');
    token = tokens.access_token;
  });
  afterAll(async () => {
    await application.close();
    await authorizationServer.close();
  });

  /** Calls the tool as openid-client does it: a proof, and the server's nonce where it demands one. */
  async function call(holder: oauth.CryptoKeyPair, bearer = token): Promise<unknown> {
    const headers = new Headers({
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': 'find',
    });
    const url = new URL(`${application.origin}/mcp`);
    const DPoP = oauth.getDPoPHandle(client, holder);
    const body = JSON.stringify(toolCall('find'));
    return await oauth.fetchProtectedResource(client, bearer, url, 'POST', body, headers, { DPoP }).then(
      ({ status }) => status,
      (error: unknown) => (error as oauth.WWWAuthenticateChallengeError).cause[0]?.parameters.error,
    );
  }

  test('passes with a proof of that key, again and again', async () => {
    expect([await call(key), await call(key)]).toEqual([200, 200]);
  });

  test('is of no use to whoever has another key', async () => {
    expect(await call(await oauth.randomDPoPKeyPair())).toBe('invalid_dpop_proof');
  });
});
