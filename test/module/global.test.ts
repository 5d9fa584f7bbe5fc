import { describe, expect, test } from '@jest/globals';
import { Controller, Injectable, Module, Post, type DynamicModule, type Type } from '@nestjs/common';
import { UnknownDependenciesException } from '@nestjs/core/errors/exceptions/unknown-dependencies.exception.js';
import {
  DownstreamClient,
  LinkedAccounts,
  McpAuthHealthIndicator,
  McpAuthModule,
  McpRegistry,
  McpTool,
  ProtectedMcp,
  TokenCache,
  type McpAuthModuleOptions,
} from 'nestjs-mcp-auth';
import { callTool, post, textOf, toolCall } from '../support/mcp-request.js';
import { optionsFor } from '../support/module-options.js';
import { startApplication, type Platform } from '../support/test-application.js';
import { TestIssuer } from '../support/test-issuer.js';

@Injectable()
class Tools {
  constructor(
    readonly client: DownstreamClient,
    readonly cache: TokenCache,
    readonly accounts: LinkedAccounts,
    readonly registry: McpRegistry,
    readonly health: McpAuthHealthIndicator,
  ) {}

  @McpTool({ description: 'x' })
  ping() {
    return 'pong';
  }
}

/** The application has this module; its tools inject what `McpAuthModule` exports. */
function feature(imports: DynamicModule[]): Type {
  @Module({ imports, providers: [Tools], exports: [Tools] })
  class FeatureModule {}
  return FeatureModule;
}

type Root = (options: McpAuthModuleOptions, isGlobal?: boolean) => DynamicModule;

const forRoot: Root = (options, isGlobal) =>
  McpAuthModule.forRoot({ ...options, ...(isGlobal !== undefined && { isGlobal }) });

const forRootAsync: Root = (options, isGlobal) =>
  McpAuthModule.forRootAsync({ useFactory: () => options, ...(isGlobal !== undefined && { isGlobal }) });

/** What a caller is told by a tool of the feature. */
async function ask(platform: Platform, root: (options: McpAuthModuleOptions) => DynamicModule, isImported: boolean) {
  const issuer = await TestIssuer.start();
  try {
    const server = await startApplication({
      platform,
      imports: (origin) => {
        const mcpAuth = root(optionsFor(origin, issuer.issuer));
        return [mcpAuth, feature(isImported ? [mcpAuth] : [])];
      },
    });
    try {
      const resource = `${server.origin}/mcp`;
      return textOf(await callTool(resource, await issuer.token({ aud: resource }), 'ping'));
    } finally {
      await server.close();
    }
  } finally {
    await issuer.close();
  }
}

test('@ProtectedMcp without the module stops the boot', async () => {
  @Controller('mcp')
  @ProtectedMcp({ tools: {} })
  class Endpoint {}
  const boot = startApplication({ platform: 'express', imports: () => [], controllers: [Endpoint] });
  await expect(boot).rejects.toThrow(
    '@ProtectedMcp on Endpoint needs a server, and the application has none. Import McpAuthModule.',
  );
});

describe.each<[Platform, string, Root]>([
  ['express', 'forRoot', forRoot],
  ['fastify', 'forRootAsync', forRootAsync],
])('on %s, %s', (platform, _name, root) => {
  test('by default what the module exports can be injected everywhere', async () => {
    expect(await ask(platform, (options) => root(options), false)).toBe('pong');
    expect(await ask(platform, (options) => root(options, true), false)).toBe('pong');
  });

  test('with `isGlobal: false` it can be injected in modules that import it', async () => {
    expect(await ask(platform, (options) => root(options, false), true)).toBe('pong');
  });

  test('with `isGlobal: false` it can be injected in no other', async () => {
    await expect(ask(platform, (options) => root(options, false), false)).rejects.toThrow(UnknownDependenciesException);
  });

  test('with `isGlobal: false` a controller with @ProtectedMcp is protected in any module', async () => {
    @Controller('mcp')
    @ProtectedMcp({ tools: { ping: { scopes: ['read'] } } })
    class Endpoint {
      @Post()
      handle() {
        return {};
      }
    }
    const issuer = await TestIssuer.start();
    const server = await startApplication({
      platform,
      imports: (origin) => [root(optionsFor(origin, issuer.issuer, { endpoint: { mount: false } }), false)],
      controllers: [Endpoint],
    });
    const resource = `${server.origin}/mcp`;
    expect((await post(resource, toolCall('ping'))).status).toBe(401);
    const token = await issuer.token({ aud: resource });
    expect((await post(resource, toolCall('ping'), { token })).status).toBe(403);
    await server.close();
    await issuer.close();
  });
});
