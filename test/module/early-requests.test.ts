import { createServer, type RequestListener, type Server } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import {
  Controller,
  Get,
  Injectable,
  Module,
  type INestApplication,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import express from 'express';
import { fastify } from 'fastify';
import { McpAuthModule, type McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { listen, type Listener } from '../support/listen.js';
import { post, toolCall } from '../support/mcp-request.js';
import { optionsFor } from '../support/module-options.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { TestIssuer } from '../support/test-issuer.js';

const RESOURCE = 'https://mcp.example.com/mcp';
const OURS = ['/mcp', '/mcp/', '/.well-known/oauth-protected-resource/mcp'];

/** A promise, and how it is kept. */
function createGate(): { readonly passed: Promise<void>; readonly open: () => void } {
  let open!: () => void;
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { passed, open };
}

@Controller('other')
class OtherController {
  @Get()
  other(): string {
    return 'other';
  }
}

/** A server that listens from the first on, in the ways in which applications make one. */
interface Early {
  readonly server: Server;
  readonly adapter: ExpressAdapter | FastifyAdapter;
}

const WAYS: Record<string, () => Early> = {
  'a server with an instance of Express': () => {
    const instance = express();
    return { server: createServer(instance), adapter: new ExpressAdapter(instance) };
  },
  'a server for the instance of Nest, on Express': () => {
    const adapter = new ExpressAdapter();
    return { server: createServer(adapter.getInstance() as RequestListener), adapter };
  },
  'the server of an instance of Fastify': () => {
    const instance = fastify();
    return { server: instance.server, adapter: new FastifyAdapter(instance as never) };
  },
  'a server that Fastify has made by a factory': () => {
    let server!: Server;
    const instance = fastify({ serverFactory: (handler) => (server = createServer(handler as RequestListener)) });
    return { server, adapter: new FastifyAdapter(instance as never) };
  },
  'a server that routes by Fastify': () => {
    const adapter = new FastifyAdapter();
    const instance = adapter.getInstance<{ routing: RequestListener }>();
    return {
      server: createServer((request, response) => {
        instance.routing(request, response);
      }),
      adapter,
    };
  },
};

let app: INestApplication | undefined;
let server: Server | undefined;
let listener: Listener | undefined;

afterEach(async () => {
  server?.closeAllConnections();
  await listener?.close();
  await app?.close();
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  [app, server, listener] = [undefined, undefined, undefined];
});

describe.each(Object.keys(WAYS))('a request while an application boots, to %s', (way) => {
  test('is answered at each moment', async () => {
    const { server: own, adapter } = (WAYS[way] as () => Early)();
    server = own;
    const { port } = await new Promise<{ port: number }>((resolve) => {
      own.listen(0, '127.0.0.1', () => {
        resolve(own.address() as { port: number });
      });
    });
    const isFastify = adapter instanceof FastifyAdapter;
    const ask = async (path: string) => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`);
      const { status, headers } = response;
      await response.text();
      return { status, retryAfter: headers.get('retry-after'), cacheControl: headers.get('cache-control') };
    };
    const expectEarly = async (paths: readonly string[]) => {
      for (const path of paths)
        expect(await ask(path)).toEqual({ status: 503, retryAfter: '1', cacheControl: 'no-store' });
    };

    const [options, bootstrap] = [createGate(), createGate()];
    const [isAsked, isBooting] = [createGate(), createGate()];
    @Injectable()
    class SlowService implements OnApplicationBootstrap {
      async onApplicationBootstrap(): Promise<void> {
        isBooting.open();
        await bootstrap.passed;
      }
    }
    @Module({
      imports: [
        McpAuthModule.forRootAsync({
          useFactory: async (): Promise<McpAuthModuleOptions> => {
            isAsked.open();
            await options.passed;
            return optionsFor('', 'https://id.example.com', { resource: RESOURCE });
          },
        }),
      ],
      controllers: [OtherController],
      providers: [SlowService],
    })
    class AppModule {}

    const log = new RecordingLogger();
    const creating = NestFactory.create(AppModule, adapter, { logger: log, abortOnError: false });
    await isAsked.passed;
    // Nobody knows yet which paths are whose.
    await expectEarly([...OURS, '/other']);
    options.open();
    app = await creating;
    await expectEarly(OURS);
    // On Express the rest is the application's.
    expect((await ask('/other')).status).toBe(isFastify ? 503 : 404);

    const initializing = app.init();
    await isBooting.passed;
    await expectEarly(isFastify ? [...OURS, '/other'] : []);
    bootstrap.open();
    await initializing;
    if (isFastify) {
      // The application has to wait for Fastify. If it has forgotten that, the log says so, once.
      await expectEarly([...OURS, '/other']);
      expect(log.lines.filter((line) => line.includes('before Fastify was ready'))).toHaveLength(1);
      await (adapter.getInstance() as unknown as { ready(): Promise<void> }).ready();
    }
    expect((await post(`http://127.0.0.1:${port}/mcp`, toolCall('run'))).status).toBe(401);
    expect((await ask(OURS[2] ?? '')).status).toBe(200);
    expect((await ask('/other')).status).toBe(200);
  });
});

test('who comes before there is an application is told to come again', async () => {
  listener = await listen();
  const resource = `${listener.origin}/mcp`;
  expect((await post(resource, toolCall('run'))).status).toBe(503);
  app = await NestFactory.create(McpAuthModule.forRoot(optionsFor(listener.origin, 'https://id.example.com')), {
    logger: false,
  });
  listener.server.on('request', app.getHttpAdapter().getInstance() as RequestListener);
  for (const path of ['/mcp', '/.well-known/oauth-protected-resource/mcp']) {
    const early = await fetch(`${listener.origin}${path}`);
    expect(early.status).toBe(503);
    expect(early.headers.get('retry-after')).toBe('1');
    expect(early.headers.get('cache-control')).toBe('no-store');
  }
  expect((await fetch(`${listener.origin}/other`)).status).toBe(404);
  await app.init();
  expect((await post(resource, toolCall('run'))).status).toBe(401);
});

test.each([
  ['express', () => new ExpressAdapter()],
  ['fastify', () => new FastifyAdapter()],
] as const)('the boot does not wait for an issuer that does not answer, on %s', async (_platform, createAdapter) => {
  const issuer = await TestIssuer.start();
  const { passed, open } = createGate();
  const isAsked = createGate();
  for (const path of ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration'])
    issuer.answers.set(path, async (_request, response) => {
      isAsked.open();
      await passed;
      response.writeHead(503).end();
    });
  try {
    const options = optionsFor('', issuer.issuer, { resource: RESOURCE, doctor: true });
    app = await NestFactory.create(McpAuthModule.forRoot(options), createAdapter(), { logger: false });
    await app.listen(0, '127.0.0.1');
    const { port } = (app.getHttpServer() as Server).address() as { port: number };
    const resource = `http://127.0.0.1:${port}/mcp`;
    const token = await issuer.token({ aud: RESOURCE });
    const held = post(resource, toolCall('run'), { token });
    await isAsked.passed;
    expect((await post(resource, toolCall('run'))).status).toBe(401);
    open();
    const answer = await held;
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('10');
  } finally {
    open();
    await issuer.close();
  }
});
