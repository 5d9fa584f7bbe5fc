import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  clientSecretBasic,
  McpTool,
  type AuditEvent,
  type IssuerOptions,
  type McpContext,
  type TokenClaims,
} from 'nestjs-mcp-auth';
import { post, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import type { Platform } from '../support/test-application.js';
import { sendJson } from '../support/test-issuer.js';

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  whoami(_input: unknown, { caller }: McpContext) {
    return caller?.subject ?? 'nobody';
  }
}

type Validate = NonNullable<IssuerOptions['validate']>;

const validate = jest.fn<Validate>();
let server: ProtectedServer;
let events: AuditEvent[];

beforeEach(() => {
  events = [];
  validate.mockReset().mockReturnValue(true);
});
afterEach(async () => {
  await server.close();
});

async function start(platform: Platform, trust: Partial<IssuerOptions> = {}) {
  const auditSink = { record: (event: AuditEvent) => void events.push(event) };
  server = await startProtectedServer({
    platform,
    providers: [Tools],
    trust: { validate, ...trust },
    options: { observability: { auditSink } },
  });
}

async function call(token: string) {
  const response = await post(server.resource, toolCall('whoami'), { token });
  const text = await response.text();
  return { status: response.status, challenge: response.headers.get('www-authenticate'), text };
}

const rejections = () => events.filter(({ type }) => type === 'token_rejected') as { detail?: string }[];

describe.each<[Platform]>([['express'], ['fastify']])('`validate` of an issuer, on %s', (platform) => {
  test('accepts with `true`, at once or later, and gets the claims, which nobody may change', async () => {
    await start(platform);
    const token = await server.token('read', { sub: 'bob', tenant: { name: 'acme' } });
    expect((await call(token)).status).toBe(200);
    validate.mockResolvedValue(true);
    expect((await call(token)).status).toBe(200);
    const [claims] = validate.mock.calls[0] as [TokenClaims & { tenant: object }];
    expect(claims).toMatchObject({ iss: server.issuer.issuer, sub: 'bob', scope: 'read', tenant: { name: 'acme' } });
    expect([Object.isFrozen(claims), Object.isFrozen(claims.tenant)]).toEqual([true, true]);
  });

  test.each<[string, () => unknown, string]>([
    ['false', () => false, 'it did not return true'],
    ['false later', () => Promise.resolve(false), 'it did not return true'],
    ['nothing', () => undefined, 'it did not return true'],
    ['what is merely true-like', () => 1, 'it did not return true'],
    [
      'an error',
      () => {
        throw new Error('THE USER IS BLOCKED');
      },
      'THE USER IS BLOCKED',
    ],
    ['an error later', () => Promise.reject(new Error('THE USER IS BLOCKED')), 'THE USER IS BLOCKED'],
  ])('refuses with %s; why is for the operator alone', async (_name, answer, reason) => {
    await start(platform);
    validate.mockImplementation(answer as Validate);
    const { status, challenge, text } = await call(await server.token());
    expect(status).toBe(401);
    expect(challenge).toContain('error="invalid_token", error_description="The token is not accepted here"');
    expect(`${challenge} ${text}`).not.toMatch(/BLOCKED|validate|return/);
    expect(rejections()).toMatchObject([
      { detail: `\`validate\` of the issuer ${server.issuer.issuer} refused it: ${reason}`, status: 401 },
    ]);
  });

  test('is asked for each request, also for a token that was verified before', async () => {
    await start(platform);
    const token = await server.token();
    expect((await call(token)).status).toBe(200);
    validate.mockReturnValue(false);
    expect((await call(token)).status).toBe(401);
    validate.mockReturnValue(true);
    expect((await call(token)).status).toBe(200);
    expect(validate).toHaveBeenCalledTimes(3);
  });

  test.each<[string, object]>([
    ['is for another server', { aud: 'https://other.example' }],
    ['has expired', { exp: 1 }],
    ['is of another issuer', { iss: 'https://other.example' }],
    ['is bound to a key that nobody proves', { cnf: { jkt: 'x' } }],
  ])('is not asked of a token that %s', async (_name, claims) => {
    await start(platform);
    expect((await call(await server.token('', claims as Record<string, unknown>))).status).toBe(401);
    expect(validate).not.toHaveBeenCalled();
  });

  test('is asked of tokens that the issuer reads, with what it says of them', async () => {
    const introspection = { client: { id: 'mcp-server', authentication: clientSecretBasic('secret') } };
    await start(platform, { introspection });
    const { answers, origin } = server.issuer;
    answers.set('/.well-known/oauth-authorization-server', (_request, response) => {
      sendJson(response, 200, { ...server.issuer.metadata(), introspection_endpoint: `${origin}/introspect` });
    });
    answers.set('/introspect', (_request, response) => {
      sendJson(response, 200, { active: true, sub: 'carol', aud: server.resource, tenant: 'acme' });
    });
    expect((await call('OPAQUE')).status).toBe(200);
    expect(validate).toHaveBeenLastCalledWith(
      expect.objectContaining({ iss: server.issuer.issuer, sub: 'carol', tenant: 'acme' }),
    );
    validate.mockRejectedValue(new Error('THE USER IS BLOCKED'));
    const { status, challenge } = await call('OPAQUE');
    expect([status, challenge]).toEqual([401, expect.stringContaining('error="invalid_token"')]);
    expect(rejections()).toMatchObject([{ detail: expect.stringContaining('THE USER IS BLOCKED') as unknown }]);
  });
});

test('what is no function stops the boot', async () => {
  const boot = start('express', { validate: 'yes' as never });
  await expect(boot).rejects.toThrow('`issuers[0].validate` is not a function. Give one');
  await start('express');
});
