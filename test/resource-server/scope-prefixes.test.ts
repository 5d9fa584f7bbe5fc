import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpTool } from 'nestjs-mcp-auth';
import { challengeOf } from '../compliance/challenge-parameters.js';
import { post, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import { TestIssuer } from '../support/test-issuer.js';

@Injectable()
class Tools {
  @McpTool({ description: 'x', scopes: ['read'] })
  find(): string {
    return 'found';
  }
}

/** Each issuer wants scopes in a form of its own. */
const PREFIXES = ['api://one/', '', 'https://two.example/'];

describe.each(['express', 'fastify'] as const)('scopes in the form of each issuer, on %s', (platform) => {
  const issuers: TestIssuer[] = [];
  let server: ProtectedServer;
  beforeAll(async () => {
    while (issuers.length < PREFIXES.length) issuers.push(await TestIssuer.start());
    const options = { issuers: issuers.map(({ issuer }, index) => ({ issuer, scopePrefix: PREFIXES[index] ?? '' })) };
    server = await startProtectedServer({ platform, providers: [Tools], options });
  });
  afterAll(async () => {
    await server.close();
    for (const issuer of issuers.splice(0)) await issuer.close();
  });

  const scopesOf = async (token?: string) => {
    const response = await post(server.resource, toolCall('find'), token === undefined ? {} : { token });
    return [response.status, challengeOf(response).scope];
  };
  const all = PREFIXES.map((prefix) => `${prefix}read`);

  test('metadata, and a challenge for nobody in particular, have every form', async () => {
    const response = await fetch(`${server.origin}/.well-known/oauth-protected-resource/mcp`);
    expect(await response.json()).toMatchObject({ scopes_supported: all });
    expect(await scopesOf()).toEqual([401, all.join(' ')]);
    expect(await scopesOf('opaque')).toEqual([401, all.join(' ')]);
  });

  test.each(PREFIXES.map((prefix, index) => [index, prefix] as const))(
    'whoever has a token of issuer %i is told its form, also when the token has expired',
    async (index, prefix) => {
      const issuer = issuers[index] as TestIssuer;
      expect(await scopesOf(await issuer.token({ aud: server.resource }))).toEqual([403, `${prefix}read`]);
      expect(await scopesOf(await issuer.token({ aud: server.resource, exp: 1 }))).toEqual([401, `${prefix}read`]);
    },
  );
});
