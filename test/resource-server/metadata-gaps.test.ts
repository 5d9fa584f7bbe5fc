import { afterEach, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpTool } from 'nestjs-mcp-auth';
import { post, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import type { TestIssuer } from '../support/test-issuer.js';

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  hello(): string {
    return 'hello';
  }
}

const OAUTH = '/.well-known/oauth-authorization-server';
const OPENID = '/.well-known/openid-configuration';

type Document = (metadata: Record<string, unknown>) => unknown;

const without: (...members: string[]) => Document =
  (...members) =>
  (metadata) => ({ ...metadata, ...Object.fromEntries(members.map((member) => [member, undefined])) });
const whole: Document = (metadata) => metadata;

describe.each(['express', 'fastify'] as const)('metadata with gaps, on %s', (platform) => {
  let server: ProtectedServer | undefined;
  afterEach(() => server?.close());

  async function callWith(documents: Readonly<Record<string, Document>>, type = 'application/json'): Promise<number> {
    const beforeStart = (issuer: TestIssuer) => {
      for (const [path, document] of Object.entries(documents))
        issuer.answers.set(path, (_request, response) => {
          response.writeHead(200, { 'content-type': type }).end(JSON.stringify(document(issuer.metadata())));
        });
    };
    server = await startProtectedServer({ platform, providers: [Tools], beforeStart });
    return (await post(server.resource, toolCall('hello'), { token: await server.token() })).status;
  }

  test.each<[string, Record<string, Document>]>([
    ['the OpenID document has the keys alone', { [OAUTH]: without('jwks_uri'), [OPENID]: whole }],
    ['the RFC 8414 document is empty but for the issuer', { [OAUTH]: ({ issuer }) => ({ issuer }), [OPENID]: whole }],
    ['each has what the other lacks', { [OAUTH]: without('jwks_uri'), [OPENID]: without('token_endpoint') }],
    [
      'the RFC 8414 document is of another issuer',
      { [OAUTH]: () => ({ issuer: 'https://x.example' }), [OPENID]: whole },
    ],
    ['the RFC 8414 document is a page', { [OAUTH]: () => '<html>', [OPENID]: whole }],
    [
      'members are null',
      { [OAUTH]: (all) => ({ ...all, jwks_uri: null, introspection_endpoint: null }), [OPENID]: whole },
    ],
    ['members are empty', { [OAUTH]: (all) => ({ ...all, jwks_uri: '', revocation_endpoint: '' }), [OPENID]: whole }],
    ['members that nobody needs are null', { [OAUTH]: (all) => ({ ...all, registration_endpoint: null }) }],
    ['the token endpoint is nowhere, which keys do not need', { [OAUTH]: without('token_endpoint') }],
  ])('where %s', async (_name, documents) => {
    expect(await callWith(documents)).toBe(200);
  });

  test.each(['text/plain', 'application/octet-stream', 'application/json; charset=utf-8'])(
    'of type %s',
    async (type) => {
      expect(await callWith({ [OAUTH]: whole }, type)).toBe(200);
    },
  );

  test.each<[string, Record<string, Document>]>([
    ['no document has the keys', { [OAUTH]: without('jwks_uri'), [OPENID]: without('jwks_uri') }],
    [
      'the keys are in a document of another issuer alone',
      { [OAUTH]: without('jwks_uri'), [OPENID]: (all) => ({ ...all, issuer: 'https://x.example' }) },
    ],
    [
      'the keys are at an address that is not trusted',
      { [OAUTH]: without('jwks_uri'), [OPENID]: (all) => ({ ...all, jwks_uri: 'http://keys.example/jwks' }) },
    ],
  ])('is of no use where %s', async (_name, documents) => {
    expect(await callWith(documents)).toBe(503);
  });

  test('is asked for once where it is complete', async () => {
    expect(await callWith({ [OAUTH]: whole, [OPENID]: whole })).toBe(200);
    expect(server?.issuer.requests).toEqual([OAUTH, '/jwks']);
  });
});
