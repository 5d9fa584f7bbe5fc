import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Controller, Get, VersioningType, type INestApplication } from '@nestjs/common';
import { McpAuthModule } from 'nestjs-mcp-auth';
import { optionsFor } from '../support/module-options.js';
import { startApplication } from '../support/test-application.js';
import { Browser } from './browser.js';
import { Parties } from './linked-server.js';

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  let parties: Parties;

  beforeEach(async () => {
    parties = await Parties.start();
  });
  afterEach(() => parties.close());

  test('the pages are where `resource` says, whatever the application does to its own routes', async () => {
    const server = await parties.serve({
      platform,
      configure: (app: INestApplication) => {
        app.setGlobalPrefix('api');
        app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
        app.useGlobalInterceptors({ intercept: (_context, next) => next.handle() });
      },
    });
    const linked = await new Browser('alice').visit(await server.pageFor('alice'));
    expect(linked).toMatchObject({ status: 200, url: { pathname: '/mcp/link/callback/crm' } });
    expect((await server.call('alice')).result?.structuredContent?.of).toBe('alice');
  });

  test('without linked accounts the path is the application’s', async () => {
    @Controller('mcp/link')
    class OwnController {
      @Get(':page')
      page(): string {
        return 'ours';
      }
    }
    const application = await startApplication({
      platform,
      imports: (origin) => [McpAuthModule.forRoot(optionsFor(origin, parties.enterprise.issuer))],
      controllers: [OwnController],
    });
    const response = await fetch(`${application.origin}/mcp/link/callback`);
    expect(await response.text()).toBe('ours');
    await application.close();
  });
});
