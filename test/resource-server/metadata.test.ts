import { describe, expect, test } from '@jest/globals';
import { Injectable, type CallHandler, type Provider } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { McpTool, type McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { map } from 'rxjs';
import { startProtectedServer } from '../support/protected-server.js';
import type { Platform } from '../support/test-application.js';

@Injectable()
class OrderTools {
  @McpTool({ description: 'x', scopes: ['orders:read'], annotations: { readOnlyHint: true } })
  find(): void {
    return;
  }
  @McpTool({ description: 'x', scopes: ['customers:read'], annotations: { readOnlyHint: true } })
  customer(): void {
    return;
  }
  @McpTool({ description: 'x', scopes: ['orders:write'] })
  create(): void {
    return;
  }
}

@Injectable()
class WritingTools {
  @McpTool({ description: 'x', scopes: ['orders:write', 'orders:read'] })
  create(): void {
    return;
  }
}

@Injectable()
class OpenTools {
  @McpTool({ description: 'x' })
  ping(): void {
    return;
  }
}

async function metadata(providers: Provider[], options: Partial<McpAuthModuleOptions> = {}, platform?: Platform) {
  const server = await startProtectedServer({ providers, options, ...(platform && { platform }) });
  try {
    const response = await fetch(`${server.origin}/.well-known/oauth-protected-resource/mcp`);
    const challenge = (await fetch(server.resource, { method: 'POST' })).headers.get('www-authenticate');
    return { server, response, challenge, document: (await response.json()) as Record<string, unknown> };
  } finally {
    await server.close();
  }
}

test('RFC 9728 section 2: the document names the resource and its authorization servers as they spell themselves', async () => {
  const issuers = [{ issuer: 'https://tenant.auth0.example/' }, { issuer: 'https://id.example/realms/a' }];
  const { document, server } = await metadata([OrderTools], {
    issuers,
    server: { name: 'o', version: '1', title: 'Orders' },
  });
  expect(document).toEqual({
    resource: server.resource,
    authorization_servers: ['https://tenant.auth0.example/', 'https://id.example/realms/a'],
    scopes_supported: ['customers:read', 'orders:read'],
    bearer_methods_supported: ['header'],
    resource_name: 'Orders',
  });
});

describe.each<[Platform]>([['express'], ['fastify']])('what people read, on %s', (platform) => {
  const people = async (options: Partial<McpAuthModuleOptions>) => {
    const { document } = await metadata([OpenTools], options, platform);
    return Object.fromEntries(
      Object.entries(document).filter(([member]) => member.startsWith('resource_') && member !== 'resource_metadata'),
    );
  };

  test('RFC 9728 section 2: pages for developers and users, and a name other than that of the server', async () => {
    const pages = {
      documentation: 'https://acme.example/docs/mcp?version=1#start',
      policyUri: 'https://acme.example/policy',
      tosUri: 'https://acme.example/terms',
    };
    expect(await people({ metadata: { name: 'Orders of Acme', ...pages } })).toEqual({
      resource_name: 'Orders of Acme',
      resource_documentation: pages.documentation,
      resource_policy_uri: pages.policyUri,
      resource_tos_uri: pages.tosUri,
    });
  });

  test('RFC 9728 section 2.1: the same in other languages, by their tags', async () => {
    const languages = {
      de: { name: 'Bestellungen', tosUri: 'https://acme.example/de/agb' },
      'zh-Hant': { name: '訂單' },
    };
    const server = { name: 'orders', version: '1.0.0', title: 'Orders' };
    expect(await people({ server, metadata: { documentation: 'https://acme.example/docs', languages } })).toEqual({
      resource_name: 'Orders',
      'resource_name#de': 'Bestellungen',
      'resource_name#zh-Hant': '訂單',
      resource_documentation: 'https://acme.example/docs',
      'resource_tos_uri#de': 'https://acme.example/de/agb',
    });
  });
});

describe('scopes_supported is what a client should start with', () => {
  test.each<[string, Provider[], Partial<McpAuthModuleOptions>, string[] | undefined]>([
    ['the option', [OrderTools], { scopes: { initial: ['orders:read'] } }, ['orders:read']],
    ['the scopes of read-only tools', [OrderTools, WritingTools].slice(0, 1), {}, ['customers:read', 'orders:read']],
    ['all scopes where no tool is read-only', [WritingTools], {}, ['orders:read', 'orders:write']],
    ['nothing where no tool needs any', [OpenTools], {}, undefined],
    ['nothing where the option is empty', [OrderTools], { scopes: { initial: [] } }, undefined],
  ])('%s', async (_name, providers, options, scopes) => {
    const { document, challenge } = await metadata(providers, options);
    expect(document.scopes_supported).toEqual(scopes);
    expect(challenge).toMatch(scopes ? `scope="${scopes.join(' ')}"` : /^((?! scope=).)*$/);
  });
});

test('the document is open to every origin, and its preflight too', async () => {
  const { response } = await metadata([OrderTools]);
  expect(response.headers.get('access-control-allow-origin')).toBe('*');
  const server = await startProtectedServer();
  const preflight = await fetch(`${server.origin}/.well-known/oauth-protected-resource`, {
    method: 'OPTIONS',
    headers: { origin: 'https://client.example', 'access-control-request-headers': 'mcp-protocol-version' },
  });
  await server.close();
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
  expect(preflight.headers.get('access-control-allow-headers')).toBe('*');
});

test('the document is not wrapped by an interceptor of the application', async () => {
  const wrap = {
    intercept: (_context: unknown, next: CallHandler) => next.handle().pipe(map((data: unknown) => ({ data }))),
  };
  const { document } = await metadata([OrderTools, { provide: APP_INTERCEPTOR, useValue: wrap }]);
  expect(document).toHaveProperty('resource');
});

test('an anonymous server has no document: there is nothing protected', async () => {
  const server = await startProtectedServer({
    options: { issuers: [], access: { anonymous: true } },
    providers: [OpenTools],
  });
  const response = await fetch(`${server.origin}/.well-known/oauth-protected-resource/mcp`);
  await server.close();
  expect(response.status).toBe(404);
});
