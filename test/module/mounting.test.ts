import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  Controller,
  Get,
  Injectable,
  Module,
  VersioningType,
  type DynamicModule,
  type INestApplication,
} from '@nestjs/common';
import { McpAuthModule, McpTool, type McpAuthModuleOptions, type McpAuthOptionsFactory } from 'nestjs-mcp-auth';
import { optionsFor } from '../support/module-options.js';
import { callTool, post, textOf, toolCall } from '../support/mcp-request.js';
import { startApplication, type TestApplication } from '../support/test-application.js';
import { TestIssuer } from '../support/test-issuer.js';

@Injectable()
class Greeter {
  @McpTool({ description: 'Greets' })
  greet(): string {
    return 'hello';
  }
}

@Controller('other')
class OtherController {
  @Get()
  other(): string {
    return 'other';
  }
}

let issuer: TestIssuer;
let application: TestApplication | undefined;

beforeEach(async () => {
  issuer = await TestIssuer.start();
});

afterEach(async () => {
  await application?.close();
  application = undefined;
  await issuer.close();
});

/** Metadata at both addresses, a challenge, and a call: the endpoint is where `resource` says. */
async function expectMountedAt(path: string, { origin }: TestApplication): Promise<void> {
  const resource = `${origin}${path}`;
  const metadataUrl = `${origin}/.well-known/oauth-protected-resource${path === '/' ? '' : path}`;
  for (const address of [metadataUrl, `${origin}/.well-known/oauth-protected-resource`]) {
    const response = await fetch(address);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ authorization_servers: [issuer.issuer] });
  }
  const challenge = await post(resource, toolCall('greet'));
  expect(challenge.status).toBe(401);
  expect(challenge.headers.get('www-authenticate')).toContain(`resource_metadata="${metadataUrl}"`);
  expect(textOf(await callTool(resource, await issuer.token({ aud: resource }), 'greet'))).toBe('hello');
}

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  const start = async (resourcePath: string, configure: (app: INestApplication) => void = () => undefined) => {
    application = await startApplication({
      platform,
      imports: (origin) => [
        McpAuthModule.forRoot(optionsFor(origin, issuer.issuer, { resource: `${origin}${resourcePath}` })),
      ],
      providers: [Greeter],
      controllers: [OtherController],
      configure,
    });
    return application;
  };

  test.each(['/mcp', '/', '/a/b-c/v1.0/mcp'])('is mounted at the path of the resource: %s', async (path) => {
    await expectMountedAt(path, await start(path));
  });

  test.each(['/mcp', '/api/mcp'])('a global prefix does not move it: %s', async (path) => {
    const app = await start(path, (nest) => nest.setGlobalPrefix('api', { exclude: ['health'] }));
    await expectMountedAt(path, app);
    expect((await fetch(`${app.origin}/api/other`)).status).toBe(200);
    expect((await fetch(`${app.origin}/other`)).status).toBe(404);
  });

  test.each([
    ['in the URI', { type: VersioningType.URI, defaultVersion: '2' } as const],
    ['in a header', { type: VersioningType.HEADER, header: 'x-version', defaultVersion: '2' } as const],
  ])('versioning %s does not move it', async (_name, versioning) => {
    const app = await start('/mcp', (nest) => nest.setGlobalPrefix('api').enableVersioning(versioning));
    await expectMountedAt('/mcp', app);
  });

  test('answers a page of an allowed origin with the headers that browsers need, whatever CORS the application has', async () => {
    const page = 'https://client.example';
    application = await startApplication({
      platform,
      imports: (origin) => [
        McpAuthModule.forRoot(optionsFor(origin, issuer.issuer, { endpoint: { allowedOrigins: [page] } })),
      ],
      providers: [Greeter],
      configure: (nest) => {
        nest.enableCors({ origin: page });
      },
    });
    const token = await issuer.token({ aud: `${application.origin}/mcp` });
    const response = await post(`${application.origin}/mcp`, toolCall('greet'), { token, headers: { origin: page } });
    expect(response.status).toBe(200);
    expect(response.headers.get('access-control-allow-origin')).toBe(page);
    expect(response.headers.get('access-control-expose-headers')).toContain('WWW-Authenticate');
  });

  test('a body of any depth is read, and refused', async () => {
    const { origin } = await start('/mcp');
    const token = await issuer.token({ aud: `${origin}/mcp` });
    const deep = '['.repeat(10_000) + ']'.repeat(10_000);
    const call = JSON.stringify(toolCall('greet', { a: 1 })).replace('"a":1', `"a":${deep}`);
    const headers = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': 'greet',
      authorization: `Bearer ${token}`,
    };
    for (const [body, status] of [
      [call, 400],
      [deep, 400],
    ] as const) {
      expect((await fetch(`${origin}/mcp`, { method: 'POST', headers, body })).status).toBe(status);
    }
  });

  test.each(['GET', 'DELETE', 'PUT'])(
    '%s is refused: without a token as unauthorized, with one as not allowed',
    async (method) => {
      const { origin } = await start('/mcp');
      expect((await fetch(`${origin}/mcp`, { method })).status).toBe(401);
      const token = await issuer.token({ aud: `${origin}/mcp` });
      const response = await fetch(`${origin}/mcp`, { method, headers: { authorization: `Bearer ${token}` } });
      expect(response.status).toBe(405);
      expect(response.headers.get('allow')).toBe('POST, OPTIONS');
    },
  );

  test.each([
    ['no body', undefined, 'application/json', 400],
    ['a body that is no message', '[]', 'application/json', 400],
    ['a body that is null', 'null', 'application/json', 400],
    ['a body of another type', 'hello', 'text/plain', 415],
  ])('%s is a client error, with a token too', async (_name, body, contentType, status) => {
    const { origin } = await start('/mcp');
    const token = await issuer.token({ aud: `${origin}/mcp` });
    const response = await fetch(`${origin}/mcp`, {
      method: 'POST',
      headers: { 'content-type': contentType, authorization: `Bearer ${token}` },
      ...(body !== undefined && { body }),
    });
    expect(response.status).toBe(status);
  });
});

test.each(['express', 'fastify'] as const)(
  'two servers of one application want tokens of their own, on %s',
  async (platform) => {
    application = await startApplication({
      platform,
      imports: (origin) =>
        ['a', 'b'].map((path) =>
          McpAuthModule.forRoot(optionsFor(origin, issuer.issuer, { resource: `${origin}/${path}` })),
        ),
      providers: [Greeter],
    });
    const [a, b] = ['a', 'b'].map((path) => `${String(application?.origin)}/${path}`) as [string, string];
    expect(textOf(await callTool(a, await issuer.token({ aud: a }), 'greet'))).toBe('hello');
    expect(textOf(await callTool(b, await issuer.token({ aud: b }), 'greet'))).toBe('hello');
    expect((await post(a, toolCall('greet'), { token: await issuer.token({ aud: b }) })).status).toBe(401);
    expect((await post(b, toolCall('greet'), { token: await issuer.token({ aud: a }) })).status).toBe(401);
    for (const [path, resource] of [
      ['/a', a],
      ['/b', b],
      ['', a],
    ] as const) {
      const response = await fetch(`${application.origin}/.well-known/oauth-protected-resource${path}`);
      expect(await response.json()).toMatchObject({ resource });
    }
  },
);

describe('forRootAsync', () => {
  class Settings implements McpAuthOptionsFactory {
    static options: McpAuthModuleOptions;
    createMcpAuthOptions(): Promise<McpAuthModuleOptions> {
      return Promise.resolve(Settings.options);
    }
  }
  @Module({ providers: [Settings], exports: [Settings] })
  class SettingsModule {}

  test.each<[string, (options: McpAuthModuleOptions) => DynamicModule]>([
    ['useFactory', (options) => McpAuthModule.forRootAsync({ useFactory: () => Promise.resolve(options) })],
    [
      'useFactory with inject',
      () =>
        McpAuthModule.forRootAsync({
          imports: [SettingsModule],
          inject: [Settings],
          useFactory: (settings: Settings) => settings.createMcpAuthOptions(),
        }),
    ],
    ['useClass', () => McpAuthModule.forRootAsync({ useClass: Settings })],
    ['useExisting', () => McpAuthModule.forRootAsync({ imports: [SettingsModule], useExisting: Settings })],
  ])('%s', async (_name, module) => {
    application = await startApplication({
      imports: (origin) => {
        Settings.options = optionsFor(origin, issuer.issuer);
        return [module(Settings.options)];
      },
      providers: [Greeter],
    });
    await expectMountedAt('/mcp', application);
  });

  test('bad options stop the boot', async () => {
    const module = McpAuthModule.forRootAsync({ useFactory: () => ({ resource: '/mcp' }) as never });
    await expect(startApplication({ imports: () => [module] })).rejects.toThrow(/`resource` is not an absolute URL/);
  });
});
