import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpTool } from 'nestjs-mcp-auth';
import { post, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

const ran: string[] = [];
const now = (): number => Math.floor(Date.now() / 1000);

@Injectable()
class PaymentTools {
  @McpTool({ description: 'x', scopes: ['pay'], acrValues: ['urn:example:mfa', 'urn:example:key'], maxAgeMs: 60_000 })
  pay(): string {
    ran.push('pay');
    return 'paid';
  }
  @McpTool({ description: 'x', acrValues: ['urn:example:mfa'] })
  approve(): string {
    ran.push('approve');
    return 'approved';
  }
  @McpTool({ description: 'x', maxAgeMs: 1_000 })
  confirm(): string {
    ran.push('confirm');
    return 'confirmed';
  }
}

let server: ProtectedServer;

beforeAll(async () => {
  server = await startProtectedServer({ providers: [PaymentTools] });
});
afterAll(() => server.close());
afterEach(() => {
  jest.restoreAllMocks();
});

async function call(tool: string, claims: Record<string, unknown>, scope = 'pay'): Promise<Response> {
  ran.length = 0;
  return await post(server.resource, toolCall(tool), { token: await server.token(scope, claims) });
}

describe('RFC 9470: a tool that wants a stronger or a younger sign-in', () => {
  test('runs for a user who signed in as it demands', async () => {
    expect((await call('pay', { acr: 'urn:example:key', auth_time: now() - 59 })).status).toBe(200);
    expect((await call('approve', { acr: 'urn:example:mfa' })).status).toBe(200);
    expect((await call('confirm', { auth_time: now() })).status).toBe(200);
  });

  test('asks for all that it demands in one challenge', async () => {
    const response = await call('pay', {});
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe(
      'Bearer error="insufficient_user_authentication", ' +
        'error_description="The operation needs the user to sign in again, or in a stronger way", scope="pay", ' +
        'acr_values="urn:example:mfa urn:example:key", max_age="60", ' +
        `resource_metadata="${server.origin}/.well-known/oauth-protected-resource/mcp"`,
    );
    expect(ran).toEqual([]);
  });

  test('asks for the scopes too where they are missing', async () => {
    const response = await call('pay', { acr: 'other' }, '');
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toContain('scope="pay"');
  });

  test('leaves it at the scopes where the sign-in is good', async () => {
    const response = await call('pay', { acr: 'urn:example:mfa', auth_time: now() }, '');
    expect(response.status).toBe(403);
    expect(response.headers.get('www-authenticate')).toContain('error="insufficient_scope"');
  });

  test.each<[string, () => Record<string, unknown>]>([
    ['another acr', () => ({ acr: 'urn:example:password', auth_time: now() })],
    ['an acr that begins alike', () => ({ acr: 'urn:example:mfa2', auth_time: now() })],
    ['acr as an array', () => ({ acr: ['urn:example:mfa'], auth_time: now() })],
    ['no auth_time', () => ({ acr: 'urn:example:mfa' })],
    ['an old auth_time', () => ({ acr: 'urn:example:mfa', auth_time: now() - 62 })],
    ['an auth_time in the future', () => ({ acr: 'urn:example:mfa', auth_time: now() + 60 })],
    ['auth_time as a string', () => ({ acr: 'urn:example:mfa', auth_time: String(now()) })],
    ['auth_time null', () => ({ acr: 'urn:example:mfa', auth_time: null })],
    ['iat in place of auth_time', () => ({ acr: 'urn:example:mfa', iat: now() })],
  ])('does not run with %s', async (_name, claims) => {
    const response = await call('pay', claims());
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toContain('error="insufficient_user_authentication"');
    expect(ran).toEqual([]);
  });

  test('judges each call by its own time: a token that was good grows too old', async () => {
    const token = await server.token('pay', { acr: 'urn:example:mfa', auth_time: now() });
    expect((await post(server.resource, toolCall('pay'), { token })).status).toBe(200);
    const later = Date.now() + 61_000;
    jest.spyOn(Date, 'now').mockReturnValue(later);
    expect((await post(server.resource, toolCall('pay'), { token })).status).toBe(401);
  });
});
