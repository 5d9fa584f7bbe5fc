import { Injectable, Module, RequestMethod, VersioningType } from '@nestjs/common';
import type { INestApplication, MiddlewareConsumer, NestMiddleware, NestModule } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { McpContext, McpTool } from 'nestjs-mcp-auth';
import { callTool, textOf } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

interface Seen {
  readonly method?: string;
  readonly originalUrl?: string;
  readonly url?: string;
}

interface Tenanted {
  readonly tenant?: string;
}

const seen: string[] = [];

/** Puts something on the request, as middleware for tenants and locales does. */
@Injectable()
class TenantMiddleware implements NestMiddleware {
  use(request: Seen & { tenant?: string }, _response: unknown, next: () => void): void {
    request.tenant = 'acme';
    seen.push(`${request.method} ${request.originalUrl ?? request.url}`);
    next();
  }
}

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  tenant(@McpContext() context: McpContext) {
    const { tenant, raw } = context as unknown as Tenanted & { readonly raw?: Tenanted };
    return tenant ?? raw?.tenant ?? 'none';
  }
}

const bound = (routes: Parameters<ReturnType<MiddlewareConsumer['apply']>['forRoutes']>) => {
  @Module({})
  class Tenants implements NestModule {
    configure(consumer: MiddlewareConsumer): void {
      consumer.apply(TenantMiddleware).forRoutes(...routes);
    }
  }
  return Tenants;
};

const APPLICATIONS: Record<string, (app: INestApplication) => unknown> = {
  'without a global prefix': () => undefined,
  'with a global prefix': (app) => app.setGlobalPrefix('api'),
  'with a global prefix that leaves out a route': (app) => app.setGlobalPrefix('api', { exclude: ['health'] }),
  'with a global prefix and versions in the path': (app) =>
    app.setGlobalPrefix('api').enableVersioning({ type: VersioningType.URI, defaultVersion: '1' }),
};

const ROUTES: readonly Parameters<ReturnType<MiddlewareConsumer['apply']>['forRoutes']>[] = [
  ['*'],
  ['/*path'],
  ['{*path}'],
  [{ path: '*path', method: RequestMethod.ALL }],
];

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  describe.each(Object.keys(APPLICATIONS))('%s', (name) => {
    let server: ProtectedServer;

    beforeAll(async () => {
      server = await startProtectedServer({
        platform,
        imports: ROUTES.map((routes) => bound(routes)),
        providers: [Tools],
        configure: (app) => APPLICATIONS[name]?.(app),
      });
      seen.length = 0;
    });
    afterAll(() => server.close());

    test('middleware for all routes runs for the endpoint and the metadata, once', async () => {
      expect(textOf(await callTool(server.resource, await server.token(), 'tenant'))).toBe('acme');
      expect(seen.splice(0)).toEqual(ROUTES.map(() => 'POST /mcp'));
      const path = '/.well-known/oauth-protected-resource/mcp';
      expect((await fetch(`${server.origin}${path}`)).status).toBe(200);
      expect(seen.splice(0)).toEqual(ROUTES.map(() => `GET ${path}`));
    });
  });
});
