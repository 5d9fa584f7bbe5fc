import { describe, expect, test } from '@jest/globals';
import { Injectable, type Provider } from '@nestjs/common';
import { GUARDS_METADATA } from '@nestjs/common/constants.js';
import { Anonymous, errors, McpTool, UsePolicy, type AuditSink, type Policy } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { MountedControllers } from '../../lib/entry/routes/mounted-controllers.js';
import { startProtectedServer } from '../support/protected-server.js';

@Injectable()
class Never implements Policy {
  permits(): boolean {
    return false;
  }
}

@Injectable()
class Sink implements AuditSink {
  record(): void {
    return;
  }
}

@Injectable()
class OrderTools {
  @McpTool({ description: 'x', scopes: ['orders:read'] })
  find(): string {
    return 'found';
  }
}

@Injectable()
class OpenTools {
  @McpTool({ description: 'x' })
  run(): string {
    return 'ran';
  }
}

async function bootError(options: object, providers: Provider[] = [OrderTools]): Promise<string> {
  try {
    const server = await startProtectedServer({
      options: options,
      providers,
    });
    await server.close();
  } catch (error) {
    if (error instanceof errors.McpAuthConfigurationError) return error.message;
    throw error;
  }
  return 'It booted';
}

describe('an option that is wrong stops the boot with its name, the fault and the fix', () => {
  test.each<[string, object, RegExp]>([
    [
      'a hierarchy that is a list',
      { scopes: { hierarchy: ['orders:write'] } },
      /`scopes.hierarchy` is neither a function nor a map/,
    ],
    [
      'a hierarchy of strings',
      { scopes: { hierarchy: { 'orders:write': 'orders:read' } } },
      /`scopes.hierarchy` is neither/,
    ],
    [
      'a hierarchy of what is no scope',
      { scopes: { hierarchy: { 'a b': ['orders:read'] } } },
      /`scopes.hierarchy` is neither/,
    ],
    ['another challenge', { scopes: { challenge: 'all' } }, /`scopes.challenge` has to be "operation" or "union"/],
    ['another appOnly', { access: { appOnly: true } }, /`access.appOnly` has to be "allow" or "deny"/],
    ['a policy that is an object', { access: { policies: [new Never()] } }, /`access.policies\[0\]` is not a class/],
    [
      'a sink without record',
      { observability: { auditSink: {} } },
      /`observability.auditSink` is neither an object with a method `record` nor a class/,
    ],
    [
      'a sink that nobody provides',
      { observability: { auditSink: Sink } },
      /`observability.auditSink` is Sink, which no module provides/,
    ],
    ['an origin with a path', { endpoint: { allowedOrigins: ['https://a.example/x'] } }, /`endpoint\.allowedOrigins/],
    ['an origin with a slash', { endpoint: { allowedOrigins: ['https://a.example/'] } }, /is not an origin/],
    ['an origin that is a pattern', { endpoint: { allowedOrigins: ['https://*.example'] } }, /is not an origin/],
    ['a host with a scheme', { endpoint: { allowedHosts: ['https://a.example'] } }, /is not a host/],
    ['a host in capitals', { endpoint: { allowedHosts: ['A.example'] } }, /is not a host/],
    ['a host that is a pattern', { endpoint: { allowedHosts: ['*.a.example'] } }, /is not a host/],
    ['no bytes at all', { endpoint: { maxBodySize: 0 } }, /`endpoint\.maxBodySize` has to be a positive number/],
    ['a limit that is text', { endpoint: { maxBodySize: '1mb' } }, /`endpoint\.maxBodySize` is of the wrong type/],
    ['an endpoint option nobody knows', { endpoint: { cors: true } }, /`endpoint\.cors` is not an option/],
  ])('%s', async (_name, options, expected) => {
    expect(await bootError(options)).toMatch(expected);
  });
});

describe('an authorization option that nothing uses stops the boot', () => {
  test.each<[string, object, Provider[], RegExp]>([
    [
      'a hierarchy, where no tool has scopes',
      { scopes: { hierarchy: { a: ['b'] } } },
      [OpenTools],
      /has "a", which implies no scope that a tool needs/,
    ],
    [
      'a hierarchy with a typing error',
      { scopes: { hierarchy: { 'orders:write': ['orders:raed'] } } },
      [OrderTools],
      /has "orders:write", which implies no scope that a tool needs/,
    ],
    [
      'a union of scopes, where no tool has any',
      { scopes: { challenge: 'union' } },
      [OpenTools],
      /`scopes.challenge` is "union", but no tool has scopes/,
    ],
    ...[
      ['lists.show', { lists: { show: 'all' } }],
      ['scopes.challenge', { scopes: { challenge: 'operation' } }],
      ['scopes.hierarchy', { scopes: { hierarchy: {} } }],
      ['scopes.initial', { scopes: { initial: ['x'] } }],
      ['proof.dpop', { proof: { dpop: {} } }],
      ['proof.mutualTls', { proof: { mutualTls: { certificate: 'socket' } } }],
      ['access.appOnly', { access: { anonymous: true, appOnly: 'deny' } }],
    ].map(([option, options]): [string, object, Provider[], RegExp] => [
      `${String(option)} beside anonymous`,
      { issuers: [], access: { anonymous: true }, ...(options as object) },
      [OpenTools],
      new RegExp(`\`${String(option)}\` has no effect with \`access.anonymous\``),
    ]),
  ])('%s', async (_name, options, providers, expected) => {
    expect(await bootError(options, providers)).toMatch(expected);
  });

  test('but not one that is used by way of another scope', async () => {
    const scopeHierarchy = { 'orders:admin': ['orders:write'], 'orders:write': ['orders:read'] };
    expect(await bootError({ scopes: { hierarchy: scopeHierarchy } })).toBe('It booted');
  });
});

describe('a declaration that could never hold stops the boot', () => {
  @Injectable()
  class PolicyInVain {
    @UsePolicy(Never)
    run(): string {
      return 'ran';
    }
  }
  @Injectable()
  @Anonymous()
  class AnonymousInVain {}
  @Injectable()
  class AnonymousWithScopes {
    @McpTool({ description: 'x', scopes: ['orders:read'] })
    @Anonymous()
    run(): string {
      return 'ran';
    }
  }
  @Injectable()
  class OddAcr {
    @McpTool({ description: 'x', acrValues: ['two words'] })
    run(): string {
      return 'ran';
    }
  }
  @Injectable()
  class OddAge {
    @McpTool({ description: 'x', maxAgeMs: 0 })
    run(): string {
      return 'ran';
    }
  }
  @Injectable()
  class OddScope {
    @McpTool({ description: 'x', scopes: { anyOf: ['fine', 'not "fine"'] } })
    run(): string {
      return 'ran';
    }
  }
  @Injectable()
  class OfflineAccess {
    @McpTool({ description: 'x', scopes: ['offline_access'] })
    run(): string {
      return 'ran';
    }
  }
  @Injectable()
  class Scoped {
    @McpTool({ description: 'x', input: z.object({ a: z.string() }), scopes: ({ a }) => [a] })
    run(): string {
      return 'ran';
    }
  }

  test.each<[string, object, Provider[], RegExp]>([
    ['a policy without a tool', {}, [PolicyInVain], /@UsePolicy on PolicyInVain\.run protects nothing/],
    ['@Anonymous on a class without tools', {}, [AnonymousInVain], /@Anonymous on AnonymousInVain protects nothing/],
    [
      '@Anonymous beside scopes',
      {},
      [AnonymousWithScopes],
      /`scopes` of @McpTool on AnonymousWithScopes\.run can never be met: @Anonymous/,
    ],
    ['an acr with a space', {}, [OddAcr], /`acrValues` of @McpTool on OddAcr\.run has "two words"/],
    ['a maxAgeMs of 0', {}, [OddAge], /`maxAgeMs` of @McpTool on OddAge\.run is not a whole number of seconds/],
    ['an alternative that is no scope', {}, [OddScope], /`scopes` of @McpTool on OddScope\.run has "not "fine""/],
    [
      'offline_access',
      {},
      [OfflineAccess],
      /`scopes` of @McpTool on OfflineAccess\.run has "offline_access", which must not/,
    ],
    [
      'scopes on a server for everyone',
      { issuers: [], access: { anonymous: true } },
      [OrderTools],
      /`scopes` of @McpTool on OrderTools\.find can never be met/,
    ],
    [
      'scopes of arguments on a server for everyone',
      { issuers: [], access: { anonymous: true } },
      [Scoped],
      /`scopes` of @McpTool on Scoped\.run can never be met/,
    ],
  ])('%s', async (_name, options, providers, expected) => {
    expect(await bootError(options, providers)).toMatch(expected);
  });
});

describe('an endpoint whose guards are not in place', () => {
  test('does not start', () => {
    const controllers = new MountedControllers();
    const guards = Reflect.getMetadata(GUARDS_METADATA, controllers.endpoint) as unknown[];
    controllers.verify();
    Reflect.defineMetadata(GUARDS_METADATA, guards.slice(0, 2), controllers.endpoint);
    expect(() => {
      controllers.verify();
    }).toThrow(
      /The endpoint is not behind RateLimitGuard, AuthorizationGuard, DownstreamGuard, so tools would run for anyone/,
    );
  });
});
