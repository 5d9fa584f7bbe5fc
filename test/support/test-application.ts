import type { RequestListener } from 'node:http';
import type { ServerOptions } from 'node:https';
import type { DynamicModule, INestApplication, Provider, Type } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import { watchForFailure } from './failed-answers.js';
import { listen } from './listen.js';
import { RecordingLogger } from './recording-logger.js';
import { watch } from './secret-watch.js';

export type Platform = 'express' | 'fastify';

export interface ApplicationParts {
  readonly platform?: Platform;
  /** Makes the socket one of TLS. */
  readonly tls?: ServerOptions;
  /** Makes the modules, once the origin is known. */
  readonly imports: (origin: string) => (Type | DynamicModule)[];
  readonly providers?: Provider[];
  readonly controllers?: Type[];
  /** Whether Nest has body parsers. */
  readonly bodyParser?: boolean | undefined;
  /** Whether the platform believes what proxies say of a request. */
  readonly trustProxy?: boolean | undefined;
  /** Puts other providers in place. */
  readonly override?: (testing: TestingModuleBuilder) => TestingModuleBuilder;
  /** Called before the application initialises. */
  readonly configure?: (app: INestApplication) => void;
}

export interface TestApplication {
  readonly app: INestApplication;
  readonly origin: string;
  /** Everything that the application logged. */
  readonly log: RecordingLogger;
  close(): Promise<void>;
}

/** A Nest application behind a real socket, whose origin is known before its modules are made. */
export async function startApplication(parts: ApplicationParts): Promise<TestApplication> {
  const {
    platform = 'express',
    tls,
    imports,
    providers = [],
    controllers = [],
    bodyParser = true,
    trustProxy = false,
    configure,
    override = keep,
  } = parts;
  const listener = await listen(undefined, tls);
  const log = new RecordingLogger();
  try {
    const testing = await override(
      Test.createTestingModule({ imports: imports(listener.origin), providers, controllers }),
    )
      .setLogger(log)
      .compile();
    const adapter = platform === 'express' ? new ExpressAdapter() : new FastifyAdapter({ trustProxy });
    const app = testing.createNestApplication(adapter, { bodyParser });
    if (adapter instanceof ExpressAdapter) adapter.set('trust proxy', trustProxy);
    configure?.(app);
    await app.init();
    listener.server.on('request', watch);
    listener.server.on('request', watchForFailure);
    listener.server.on('request', await requestListener(app, platform));
    return {
      app,
      origin: listener.origin,
      log,
      close: async () => {
        await listener.close();
        await app.close();
      },
    };
  } catch (error) {
    await listener.close();
    throw error;
  }
}

function keep(testing: TestingModuleBuilder): TestingModuleBuilder {
  return testing;
}

async function requestListener(app: INestApplication, platform: Platform): Promise<RequestListener> {
  const instance: unknown = app.getHttpAdapter().getInstance();
  if (platform === 'express') return instance as RequestListener;
  const fastify = instance as { ready(): Promise<void>; routing: RequestListener };
  await fastify.ready();
  return (request, response) => {
    fastify.routing(request, response);
  };
}
