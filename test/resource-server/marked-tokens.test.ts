import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpTool, type AuditEvent, type IssuerOptions } from 'nestjs-mcp-auth';
import { post, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  hello(): string {
    return 'hello';
  }
}

type Shape = readonly [name: string, claims: Record<string, unknown>, header?: Record<string, unknown>];

/** Access tokens of providers that copy the `nonce` of the sign-in into them. */
const COPIES: readonly Shape[] = [
  ['RFC 9068, whoever issues it', { nonce: 'n' }, { typ: 'at+jwt' }],
  ['RFC 9068 in full', { nonce: 'n' }, { typ: 'application/at+jwt' }],
  [
    'Azure AD B2C',
    { nonce: 'n', scp: 'read', azp: 'c', idp: 'local', ver: '1.0', client_id: undefined },
    { typ: 'JWT' },
  ],
  [
    'authentik',
    {
      nonce: 'n',
      scope: 'openid read',
      azp: 'c',
      uid: 'u',
      acr: 'a',
      amr: ['pwd'],
      auth_time: 1,
      client_id: undefined,
    },
    { typ: 'JWT' },
  ],
  ['UAA', { nonce: 'n', scope: ['openid', 'read'], cid: 'app', rev_sig: 'x', jti: '2ca974' }, { typ: 'JWT' }],
  ['Casdoor', { nonce: 'n', tokenType: 'access-token', tag: '', scope: '', azp: 'c' }, { typ: 'JWT' }],
  ['ForgeRock', { nonce: 'n', tokenName: 'access_token', token_type: 'Bearer', realm: '/' }, { typ: 'JWT' }],
  ['Cognito, were it to have one', { nonce: 'n', token_use: 'access' }, { typ: 'JWT' }],
  ['older Keycloak', { nonce: 'n', typ: 'Bearer' }, { typ: 'JWT' }],
  ['scopes in a list', { nonce: 'n', scp: ['read'] }, { typ: 'JWT' }],
  ['the type of RFC 8693', { nonce: 'n', token_type: 'urn:ietf:params:oauth:token-type:access_token' }, { typ: 'JWT' }],
];

/** What the issuer has signed, too. */
const OTHERS: readonly Shape[] = [
  ['an ID token', { nonce: 'n', azp: 'c', auth_time: 1, amr: ['pwd'] }, { typ: 'JWT' }],
  ['an ID token with roles', { nonce: 'n', roles: ['admin'], groups: ['x'] }, { typ: 'JWT' }],
  ['an ID token with the hash of its access token', { nonce: 'n', at_hash: 'h', scope: 'openid' }, { typ: 'JWT' }],
  ['an ID token of Cognito', { token_use: 'id', scope: 'read' }, { typ: 'JWT' }],
  ['a refresh token of Casdoor', { nonce: 'n', tokenType: 'refresh-token', scope: 'read' }, { typ: 'JWT' }],
  ['a refresh token of Keycloak', { typ: 'Refresh', scope: 'read' }, { typ: 'JWT' }],
  ['a refresh token of UAA', { jti: '2ca974-r', cid: 'app', rev_sig: 'x' }, { typ: 'JWT' }],
  ['an ID token of Oracle', { tok_type: 'IT', scope: 'read' }, { typ: 'JWT' }],
];

/** Issuers that mark nothing, and what is said of them. */
const RELAXED: readonly (readonly [option: keyof IssuerOptions, shape: Shape])[] = [
  ['acceptNonce', ['of an issuer that marks nothing', { nonce: 'n', azp: 'c' }, { typ: 'JWT' }]],
  ['acceptMissingType', ['of an issuer that writes no type', { scope: 'read' }, { typ: undefined }]],
];

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  let server: ProtectedServer;
  let events: AuditEvent[] = [];
  const start = async (trust: Partial<IssuerOptions> = {}) => {
    const auditSink = { record: (event: AuditEvent) => void events.push(event) };
    const options = { observability: { auditSink } };
    return await startProtectedServer({ platform, providers: [Tools], trust, options });
  };
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server.close());

  const call = async ([, claims, header]: Shape, at = server) => {
    events = [];
    const token = await at.issuer.token({ aud: at.resource, ...claims }, header);
    return (await post(at.resource, toolCall('hello'), { token })).status;
  };

  test.each(COPIES)('a nonce in an access token does no harm: %s', async (...shape) => {
    expect(await call(shape)).toBe(200);
  });

  test.each(OTHERS)('other tokens of the issuer are refused: %s', async (...shape) => {
    expect(await call(shape)).toBe(401);
  });

  test.each(RELAXED)(
    'the operator is told of `%s`, which accepts such tokens, and no others',
    async (option, shape) => {
      expect(await call(shape)).toBe(401);
      expect(events).toEqual([expect.objectContaining({ fix: expect.stringContaining(`\`${option}\``) })]);
      const relaxed = await start({ [option]: true });
      try {
        expect(await call(shape, relaxed)).toBe(200);
        for (const other of OTHERS.filter(([, claims]) =>
          Object.keys(claims).some((claim) => /typ|tok|hash/.test(claim)),
        ))
          expect(await call(other, relaxed)).toBe(401);
      } finally {
        await relaxed.close();
      }
    },
  );
});
