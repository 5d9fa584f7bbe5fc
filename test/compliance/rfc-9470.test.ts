import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { clientSecretBasic, McpTool } from 'nestjs-mcp-auth';
import { post, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import { sendJson } from '../support/test-issuer.js';
import { challengeOf } from './challenge-parameters.js';

@Injectable()
class PaymentTools {
  @McpTool({ description: 'x', scopes: ['pay'], acrValues: ['urn:example:key', 'urn:example:mfa'], maxAgeMs: 60_000 })
  pay(): string {
    return 'paid';
  }
}

let server: ProtectedServer;

beforeEach(async () => {
  const authentication = clientSecretBasic('introspection-secret');
  server = await startProtectedServer({
    providers: [PaymentTools],
    trust: { introspection: { client: { id: 'mcp', authentication }, cacheMs: 0 } },
  });
});
afterEach(() => server.close());

const now = (): number => Math.floor(Date.now() / 1000);

async function call(token: string): Promise<Response> {
  return await post(server.resource, toolCall('pay'), { token });
}

test('RFC 9470 section 3: the challenge says what sign-in would do, in the order of the server, and how young', async () => {
  const response = await call(await server.token('pay', { acr: 'urn:example:pwd', auth_time: now() }));
  expect(response.status).toBe(401);
  const { error, acr_values, max_age } = challengeOf(response);
  expect({ error, acr_values, max_age }).toEqual({
    error: 'insufficient_user_authentication',
    acr_values: 'urn:example:key urn:example:mfa',
    max_age: '60',
  });
});

test('RFC 9470 section 3: max_age has to be a whole number that is not negative', async () => {
  for (const maxAgeMs of [-1, 0.5, 1_500, Number.NaN, Number.POSITIVE_INFINITY]) {
    @Injectable()
    class Tools {
      @McpTool({ description: 'x', maxAgeMs })
      pay(): string {
        return 'paid';
      }
    }
    await expect(startProtectedServer({ providers: [Tools] })).rejects.toThrow('maxAgeMs');
  }
});

test('RFC 9470 section 6: the sign-in is known from a JWT, and from introspection', async () => {
  const introspection_endpoint = `${server.issuer.origin}/introspect`;
  server.issuer.answers.set('/.well-known/oauth-authorization-server', (_request, response) => {
    sendJson(response, 200, { ...server.issuer.metadata(), introspection_endpoint });
  });
  const statusWith = async (members: Record<string, unknown>) => {
    server.issuer.answers.set('/introspect', (_request, response) => {
      sendJson(response, 200, { active: true, sub: 'alice', aud: server.resource, scope: 'pay', ...members });
    });
    return [(await call(await server.token('pay', members))).status, (await call('opaque-token')).status];
  };
  expect(await statusWith({ acr: 'urn:example:mfa', auth_time: now() })).toEqual([200, 200]);
  expect(await statusWith({ acr: 'urn:example:pwd', auth_time: now() })).toEqual([401, 401]);
  expect(await statusWith({ acr: 'urn:example:mfa', auth_time: now() - 120 })).toEqual([401, 401]);
  expect(await statusWith({})).toEqual([401, 401]);
});
